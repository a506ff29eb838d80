"""Triage without a screen: looks for a while, prints what looks abnormal as text or JSON; draws nothing."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from ebtop import __version__, registry
from ebtop.derive import derive
from ebtop.export.headless import samples, why_not
from ebtop.sample import Sample, Source, State
from ebtop.text import clean
from ebtop.triage.check import Check, Look, Report, Skipped
from ebtop.triage.rules import examine

VERSION = 1
"""Of the JSON document."""
FINE, ABNORMAL, NOTHING = 0, 1, 2
"""Exit status: as linters have it, 1 is a finding."""
_LEVEL, _TITLE = 8, 27


def triage(source: Source, wanted: Sequence[str], seconds: float, as_json: bool, max_overhead: float = 0.0) -> int:
    """Judge `seconds`, counted from when all `wanted` probes are live or failed; closes the source.

    The report goes to stdout, what failed to stderr. The exit status: 0 nothing abnormal, 1 something is, 2 nothing
    could be looked at. Ctrl-C ends the time early.
    """
    first = last = None
    try:
        for sample in samples(source, wanted, seconds, max_overhead):
            first, last = first or sample, sample
    finally:
        source.close()
    if first is None or last is None or last is first:
        sys.stderr.write("ebtop: nothing was looked at long enough\n")
        return NOTHING
    report = examine(derive(last, first, {name: registry.probe(name) for name in wanted}))
    sys.stdout.write(encode(report, last) if as_json else text(report, last))
    _complain(last, wanted)
    return ABNORMAL if report.findings else FINE


def _complain(last: Sample, wanted: Sequence[str]) -> None:
    for name in wanted:
        probe = last.probes.get(name)
        if probe is None or probe.state is not State.LIVE:
            sys.stderr.write(f"ebtop: {name}: {clean(why_not(probe))}\n")


def text(report: Report, sample: Sample) -> str:
    """For people: findings with the sources of their thresholds, then everything else in a line each."""
    whole = report.looked_at + len(report.skipped)
    count = len(report.findings)
    found = f"{count} finding{'s' if count > 1 else ''}" if count else "nothing looks abnormal"
    lines = [f"{sample.host.hostname}: {found} in {report.seconds:.0f} s, {report.looked_at} of {whole} checks"]
    for check in report.findings:
        lines += ["", *_finding(check)]
    if report.fine:
        lines += ["", "fine, the closest to its threshold first", *(_row(check) for check in report.fine)]
    if report.skipped:
        lines += ["", "not looked at", *(_skipped(skipped) for skipped in report.skipped)]
    return "\n".join(lines) + "\n"


def _finding(check: Check) -> list[str]:
    margin = " " * _LEVEL
    lines = [f"{check.level:<{_LEVEL}}{_row(check).strip()}", f"{margin}threshold: {check.rule.source}"]
    if check.look is not None:
        look = check.look
        lines.append(f"{margin}look at: {look.probe}, {look.view}, {look.column}")
    return lines


def _row(check: Check) -> str:
    value = "none" if math.isnan(check.value) else check.text(check.value)
    row = f"{'':<{_LEVEL}}{check.rule.title:<{_TITLE}}{value:>9} of {check.text(check.threshold):<9}  {check.who}"
    return row.rstrip()


def _skipped(skipped: Skipped) -> str:
    about = f"{skipped.rule.probe}: " if skipped.rule.probe else ""
    return f"{'':<{_LEVEL}}{skipped.rule.title:<{_TITLE}}{about}{skipped.why}"


def encode(report: Report, sample: Sample) -> str:
    """For programs: the same, numbers in the units that are named, in ASCII."""
    document = {
        "schema": "ebtop.triage",
        "version": VERSION,
        "ebtop_version": __version__,
        "host": sample.host.hostname,
        "wall_ns": sample.wall_ns,
        "measured_seconds": report.seconds,
        "findings": [_check(check) for check in report.findings],
        "fine": [_check(check) for check in report.fine],
        "not_looked_at": [
            {"check": one.rule.name, "title": one.rule.title, "probe": one.rule.probe or None, "why": one.why}
            for one in report.skipped
        ],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _check(check: Check) -> dict[str, Any]:
    return {
        "check": check.rule.name,
        "title": check.rule.title,
        "level": check.level,
        "severity": round(check.severity, 4),
        "value": None if math.isnan(check.value) else check.value,
        "threshold": check.threshold,
        "unit": check.rule.unit.value + ("/s" if check.rule.per_second else ""),
        "source": check.rule.source,
        "who": check.who,
        "look": _look(check.look),
    }


def _look(look: Look | None) -> dict[str, str] | None:
    return {"probe": look.probe, "view": look.view, "column": look.column} if look else None

"""`ebtop probes`: every probe, what it answers, and for root the hooks that would win here; attaches nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from itertools import groupby

from ebtop import registry
from ebtop.kernel import namespace, preflight
from ebtop.kernel.preflight import ProbeCheck
from ebtop.spec import Probe, group_rank

_NAME = 12


def run(as_json: bool) -> int:
    """Print them to stdout; always 0."""
    probes = sorted(registry.probes().values(), key=lambda probe: (group_rank(probe.group), probe.group))
    checks = _checks(probes) if os.geteuid() == 0 else {}
    sys.stdout.write(_json(probes, checks) if as_json else _text(probes, checks))
    return 0


def _checks(probes: list[Probe]) -> Mapping[str, ProbeCheck]:
    """By probe; only root can tell which tracepoints there are."""
    with suppress(OSError):  # without it, what needs tracefs says so
        namespace.mount_tracefs()
    return {check.probe: check for check in preflight.probe_checks(probes)}


def _text(probes: list[Probe], checks: Mapping[str, ProbeCheck]) -> str:
    lines = []
    for group, members in groupby(probes, key=lambda probe: probe.group):
        lines.append(f"{group or 'other'}\n")
        for probe in members:
            slot, usual = str(probe.slot % 10) if probe.slot else " ", " " if probe.default else "-"
            lines.append(f"{slot} {usual} {probe.name:<{_NAME}} {probe.question}\n")
            if (check := checks.get(probe.name)) is not None:
                lines.append(f"    {'':<{_NAME}} {_found(check)}\n")
        lines.append("\n")
    return "".join([*lines, f"{_LEGEND}\n"])


_LEGEND = "The digit in front toggles a probe; those with - are off until they are chosen: --probes NAME,GROUP or all."


def _found(check: ProbeCheck) -> str:
    if not check.ok:
        return f"not here: {check.missing}"
    more = f" and {len(check.hooks) - 2} more" if len(check.hooks) > 2 else ""
    return f"{check.way}: {', '.join(check.hooks[:2])}{more}"


def _json(probes: list[Probe], checks: Mapping[str, ProbeCheck]) -> str:
    return json.dumps([_object(probe, checks.get(probe.name)) for probe in probes], indent=2) + "\n"


def _object(probe: Probe, check: ProbeCheck | None) -> dict[str, object]:
    """One probe; way, hooks and missing are null where nobody could look."""
    return {
        "name": probe.name,
        "title": probe.title,
        "question": probe.question,
        "group": probe.group,
        "digit": probe.slot % 10 if probe.slot else None,
        "default": probe.default,
        "built_in": registry.is_built_in(probe.name),
        "way": check.way if check else None,
        "hooks": list(check.hooks) if check else None,
        "missing": check.missing if check else None,
    }

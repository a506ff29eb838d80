"""`ebtop doctor`: what this machine offers each probe, as text or JSON; knows nothing of how a probe works."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict

from ebtop import __version__, registry
from ebtop.kernel import namespace, preflight
from ebtop.kernel.preflight import Check, ProbeCheck


def run(as_json: bool) -> int:
    """Print every check and every probe to stdout; 0 only if every default probe can run."""
    checks = preflight.machine()
    with suppress(OSError):  # the check of tracefs says so
        namespace.mount_tracefs()
    probes = preflight.probe_checks(registry.probes().values())
    sys.stdout.write((_json if as_json else _text)(checks, probes) + "\n")
    return 0 if ready(probes) else 1


def ready(probes: tuple[ProbeCheck, ...]) -> bool:
    """Whether every default probe can run."""
    return all(probe.ok for probe in probes if probe.default)


def _json(checks: tuple[Check, ...], probes: tuple[ProbeCheck, ...]) -> str:
    content = {
        "ebtop": __version__,
        "ready": ready(probes),
        "machine": [asdict(check) for check in checks],
        "probes": [{**asdict(probe), "ok": probe.ok} for probe in probes],
    }
    return json.dumps(content, indent=2)


def _text(checks: tuple[Check, ...], probes: tuple[ProbeCheck, ...]) -> str:
    lines = [f"ebtop {__version__}", ""]
    lines += [_line(check.ok, check.name, check.detail, check.remedy, check.needed) for check in checks]
    lines.append("")
    lines += [_line(probe.ok, probe.probe, _found(probe), probe.remedy, probe.default) for probe in probes]
    lines += ["", "every default probe can run" if ready(probes) else "not every default probe can run"]
    return "\n".join(lines)


def _found(probe: ProbeCheck) -> str:
    if not probe.ok:
        return f"missing: {probe.missing}"
    shown = ", ".join(probe.hooks[:3])
    more = len(probe.hooks) - 3
    return f"{probe.way} ({shown}{f' and {more} more' if more > 0 else ''})"


def _line(ok: bool, name: str, detail: str, remedy: str, needed: bool) -> str:
    mark = "ok  " if ok else "FAIL" if needed else "no  "
    line = f"  {mark}  {name:<13} {detail}"
    return f"{line}\n{'':<22}mend: {remedy}" if remedy and not ok else line

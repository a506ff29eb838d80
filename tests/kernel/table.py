"""Every probe on the running kernel: the way that won, or why none did. `python -m tests.kernel.table` prints JSON.

Each probe by a loader of its own, which tries its ways one after the other; then all of them out of one module. Status
1 if compiler or verifier refused the last way of a probe: that is a defect, where lacking a place is a fact.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from ebtop import registry, wire
from ebtop.kernel import preflight
from tests.kernel import loaded

MARK = "table: "
"""What the one line of JSON begins with."""
_ELSEWHERE = "the kernel did not attach the program"
"""The place is not as the way knows it."""
_PATIENCE_S = 900.0
"""For all probes in one module, on an emulated processor."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One probe on one kernel."""

    way: str = ""
    """The one that won, "" for none."""
    reason: str = ""
    """Why none did."""
    refused: str = ""
    """The ways that compiler or kernel refused though they have a place here, with what was said."""


def tried(name: str) -> Tried:
    """What becomes of a probe on its own."""
    probe = registry.probe(name)
    if not probe.ways:
        check = preflight.probe_check(probe)
        return Tried(check.way, check.missing)
    answers = loaded.ask({name: 1})
    answers.let_go()
    last = answers.messages[-1] if answers.messages else None
    if isinstance(last, wire.Live):
        return Tried(last.hook, refused=_first_lines(last.log, [way.name for way in probe.ways]))
    if last is None or not last.error:
        said = answers.output.strip().rpartition("\n")[2]
        why = f"the loader ended with status {answers.status}: {said}"
        return Tried("", why, why)
    error = last.error
    refused = [part for part in error.split("; ") if any(part.startswith(f"{way.name}: ") for way in probe.ways)]
    return Tried("", error, "; ".join(refused))


def together(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that are live out of one module."""
    answers = loaded.ask({name: serial for serial, name in enumerate(names, 1)})
    answers.let_go()
    return tuple(one.probe for one in answers.messages if isinstance(one, wire.Live))


def _first_lines(log: str, ways: list[str]) -> str:
    return "; ".join(line for line in log.splitlines() if any(line.startswith(f"{way}: ") for way in ways))


def main() -> int:
    """Print a line for each probe as it comes, then everything as JSON."""
    loaded.LIMIT_S = _PATIENCE_S
    with suppress(ValueError, OSError):  # as the warden does: kernels before 5.11 charge maps to it
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    found: dict[str, Tried] = {}
    for name in registry.names():
        begun = time.monotonic()
        one = found[name] = tried(name)
        said = one.way or f"no: {one.reason}"
        more = f" (refused: {one.refused})" if one.refused and one.way else ""
        sys.stdout.write(f"{name:<12} {time.monotonic() - begun:5.1f} s  {said}{more}\n")
        sys.stdout.flush()
    able = tuple(name for name, one in found.items() if one.way and registry.probe(name).ways)
    begun, at_once = time.monotonic(), together(able)
    sys.stdout.write(f"at once: {len(at_once)} of {len(able)} in {time.monotonic() - begun:.1f} s\n")
    result = {
        "kernel": os.uname().release,
        "probes": {name: asdict(one) for name, one in found.items()},
        "at_once": [len(at_once), len(able)],
        "apart": sorted(set(able) - set(at_once)),
    }
    sys.stdout.write(f"{MARK}{json.dumps(result)}\n")
    return int(any(one.refused and not one.way and _ELSEWHERE not in one.refused for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())

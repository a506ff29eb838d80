"""From the start to the first live data on the terminal; knows nothing of what they mean."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks import rivals, workload
from benchmarks.figure import Figure

_MARK = "busymark"
"""Name of a process that makes more system calls than any other: on screen with the first data there are."""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """ebtop with six probes; syscount with its one, at its shortest interval, to its first table and first line."""
    program = workload.build(folder)
    ours, theirs, attached = [], [], []
    syscount = rivals.syscount(folder, "-P", "-i", "1")
    with workload.running(program, "busy", name=_MARK):
        for _ in range(2 * rounds + 1):
            with rivals.ebtop().session() as session:
                ours.append(session.seconds_until(_MARK))
            if syscount.installed:
                with syscount.session() as session:
                    attached.append(session.seconds_until("Tracing"))
                    theirs.append(session.seconds_until(_MARK))
    start, first, ready = (median(times) if times else float("nan") for times in (ours, theirs, attached))
    return [
        Figure("start to first live data painted, six probes", start, "s", "bcc's syscount, one probe", first, 0.6),
        Figure("the same, for orientation", start, "s", "0.6 seconds", 0.6, 1.0),
        Figure("the same, for orientation", start, "s", "syscount saying that it is attached", ready, None),
    ]

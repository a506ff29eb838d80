"""Memory of the process that draws, with ten minutes of history behind it: six probes, a machine at rest or at work.

`python -m benchmarks.memory RECORDING OPTION…`, in a terminal, is ebtop, but for its history: before it reads its first
sample it is given ten minutes of the recording, over and over, dated back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from time import monotonic_ns
from typing import BinaryIO

from benchmarks import recorded, rivals
from benchmarks.figure import Figure
from benchmarks.sessions import Session
from ebtop import cli
from ebtop.live import Live
from ebtop.recording import read
from ebtop.sample import Sample

_TICKS = 600
_SETTLE_S = 35.0
_BOUND_MB = 60.0
_WHAT = ("just started", "after ten minutes", "just started, under load", "after ten minutes under load")
_MEGA = 1e6


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Against 60 MB, proportional set size: with nothing else to do on the machine, and beside a shop at work."""
    at_rest = _sizes(folder / "rest.ebtop", rounds)
    with recorded.shop(folder):
        at_work = _sizes(folder / "work.ebtop", rounds)
    return [
        Figure(f"memory of the process that draws, {what}", size / _MEGA, "MB", "60 MB", _BOUND_MB, 1)
        for what, size in zip(_WHAT, (*at_rest, *at_work), strict=True)
    ]


def _sizes(file: Path, rounds: int) -> tuple[float, float]:
    """Medians in bytes: just started, and with ten minutes behind it."""
    recorded.recording(file)
    started, later = [], []
    for _ in range(rounds):
        started.append(_pss(rivals.ebtop().words))
        later.append(_pss((sys.executable, "-m", "benchmarks.memory", str(file), *rivals.ebtop().words[1:])))
    return median(started), median(later)


def _pss(words: tuple[str, ...]) -> float:
    with Session(words) as session:
        session.settle(_SETTLE_S)
        return session.screen_pss()


def _ten_minutes(file: BinaryIO) -> Iterator[Sample]:
    """Read again for each round: whoever held the recording whole would be measured for that."""
    now, numbers = monotonic_ns(), count()
    while True:
        file.seek(0)
        for sample in read(file):
            if (number := next(numbers)) == _TICKS:
                return
            yield replace(sample, monotonic_ns=now - (_TICKS - number) * 10**9, tick=True)


def main() -> int:
    """Ebtop with a past."""
    file = open(sys.argv.pop(1), "rb")  # noqa: SIM115  # by root, before the screen's process is somebody else
    start = Live.start

    def begin(self: Live, publish: Callable[[Sample], None]) -> None:
        for sample in _ten_minutes(file):
            publish(sample)
        start(self, publish)

    Live.start = begin  # type: ignore[method-assign]  # everything else is as it ships
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())

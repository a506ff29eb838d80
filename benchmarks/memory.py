"""Memory of the process that draws, with ten minutes of history behind it, six probes over a machine at work.

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
_SETTLE_S = 40.0
_BOUND_MB = 60.0
_MEGA = 1e6


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Against 60 MB, proportional set size: just started, and after ten minutes."""
    file = recorded.recording(folder)
    started, later = [], []
    with recorded.shop(folder):
        for _ in range(rounds):
            started.append(_pss(rivals.ebtop().words))
            later.append(_pss((sys.executable, "-m", "benchmarks.memory", str(file), *rivals.ebtop().words[1:])))
    what = "memory of the process that draws"
    return [
        Figure(f"{what}, {when}", median(sizes) / _MEGA, "MB", "60 MB", _BOUND_MB, 1)
        for when, sizes in (("started under load", started), ("after ten minutes under load", later))
    ]


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

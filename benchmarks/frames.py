"""What a frame costs with many rows in a table and with few, the rows on screen being as many; no kernel is asked.

`python -m benchmarks.frames ROWS OUT`, in a terminal, is the dashboard over samples that are made: it writes the
processor time of a frame to the file OUT.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

from benchmarks.figure import Figure
from benchmarks.sessions import Session
from ebtop import registry
from ebtop.frame import Frame
from ebtop.sample import MapRows, Sample
from ebtop.timeline import Timeline
from ebtop.tui.app import Dashboard
from tests.samples import Given, session

_FEW, _MANY = 50, 2_000
_FIRST, _FRAMES = 20, 100
"""Frames that are not measured, and that are."""
_PIDS = 25
_PROBES = ("syscalls", "rw", "opens", "tcpconnect", "blockio", "runqlat")
_PATIENCE_S = 60.0


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Medians of interleaved runs."""
    times: dict[int, list[float]] = {_FEW: [], _MANY: []}
    for _ in range(rounds):
        for rows, measured in times.items():
            measured.append(_milliseconds(folder / "frame", rows))
    few, many = median(times[_FEW]), median(times[_MANY])
    return [Figure(f"a frame with {_MANY:,} rows in a table", many, "ms", f"with {_FEW} rows", few, 1.15)]


def _milliseconds(out: Path, rows: int) -> float:
    with Session((sys.executable, "-m", "benchmarks.frames", str(rows), str(out))) as run:
        run.wait(_PATIENCE_S)
    return float(out.read_text())


class _Source(Given):
    """Each sample when the one before has been drawn."""

    def __init__(self, samples: Iterator[Sample], out: str) -> None:
        super().__init__()
        self._made, self._out = list(samples), out
        self.drawn = threading.Semaphore()
        self.on_end: Callable[[], None] | None = None

    def start(self, publish: Callable[[Sample], None]) -> None:
        """From a thread of its own."""
        threading.Thread(target=self._run, args=(publish,), daemon=True).start()

    def _run(self, publish: Callable[[Sample], None]) -> None:
        began = 0.0
        for number, sample in enumerate(self._made):
            self.drawn.acquire()
            if number == _FIRST:
                began = process_time()
            publish(sample)
        self.drawn.acquire()
        Path(self._out).write_text(f"{(process_time() - began) / _FRAMES * 1e3}")
        if self.on_end is not None:
            self.on_end()


def _samples(rows: int) -> Iterator[Sample]:
    """Six probes at work, `rows` rows of system calls in which every number grows."""
    random = np.random.default_rng(1)
    given = session(_FIRST + _FRAMES, _PROBES)
    like = given[0].probes["syscalls"].maps["syscalls_calls"]
    keys = np.zeros(rows, like.keys.dtype)
    keys["pid"], keys["nr"] = np.arange(rows) % _PIDS + 100, np.arange(rows) // _PIDS
    values = np.zeros(rows, like.values.dtype)
    for sample in given:
        values = values.copy()
        values["calls"] += random.integers(1, 1000, rows, np.uint64)
        values["ns"] += random.integers(1, 10**6, rows, np.uint64)
        probe = sample.probes["syscalls"]
        maps = {**probe.maps, "syscalls_calls": MapRows(keys, values, like.capacity)}
        yield replace(sample, probes={**sample.probes, "syscalls": replace(probe, maps=maps)})


def main() -> None:
    """The dashboard in this terminal."""
    source = _Source(_samples(int(sys.argv[1])), sys.argv[2])
    app = Dashboard(Timeline(source, registry.probes()), lambda path, content: path, _PROBES, 1.0)

    def follow(_: Frame) -> None:
        app.call_later(source.drawn.release)

    app.followers.append(follow)
    app.run(mouse=True)


if __name__ == "__main__":
    main()

"""Keys on a flame graph of ten thousand stacks that all change; no kernel is asked.

`python -m benchmarks.many_stacks`, in a terminal, is the dashboard over samples that are made, one each second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figure import Figure
from benchmarks.keys import figures, pressed
from benchmarks.sessions import Session
from ebtop import registry
from ebtop.sample import MapRows, Sample
from ebtop.timeline import Timeline
from ebtop.tui.app import Dashboard
from tests.samples import Given, sample

_STACKS = 10_000
_BRANCHES = (8, 5, 5, 5, 10)
"""Programs, and what each function calls; their product is _STACKS."""
_DEPTH = 30
_PROBE = "profile"
_SETTLE_S = 4.0
_DOWN, _UP, _LEFT, _RIGHT, _ZOOM, _BACK = "\x1b[B", "\x1b[A", "\x1b[D", "\x1b[C", "\r", "\x7f"
_TOUR = (_DOWN, _RIGHT, _DOWN, _RIGHT, _LEFT, _ZOOM, _DOWN, _RIGHT, _DOWN, _UP, _BACK, _BACK, *(_UP,) * 3, _DOWN, _UP)


def measure(folder: Path, rounds: int) -> list[Figure]:  # noqa: ARG001  # as every part
    """From box to box, into them and out again, against 50 ms."""
    with Session((sys.executable, "-m", "benchmarks.many_stacks")) as session:
        session.settle(_SETTLE_S)
        for key in "mvvv":
            session.press(key)
        times = pressed(session, _TOUR * rounds)
    return figures(f"a key on a flame graph of {_STACKS:,} stacks", times)


class _Source(Given):
    """A sample each second."""

    def __init__(self, samples: Iterator[Sample]) -> None:
        super().__init__()
        self._made = samples

    def start(self, publish: Callable[[Sample], None]) -> None:
        """From a thread of its own."""
        threading.Thread(target=self._run, args=(publish,), daemon=True).start()

    def _run(self, publish: Callable[[Sample], None]) -> None:
        for made in self._made:
            publish(made)
            threading.Event().wait(1.0)


def _samples() -> Iterator[Sample]:
    """One probe with _STACKS stacks, in each of which something is counted in every second."""
    random = np.random.default_rng(1)
    names = {number: f"function_{number * 7919 % 1000}" for number in range(1, 10 * _DEPTH + 1)}
    like = sample(0, (_PROBE,)).probes[_PROBE].maps
    keys = np.zeros(_STACKS, like["profile_rows"].keys.dtype)
    keys["pid"] = keys["kernel"] = keys["user"] = np.arange(_STACKS)
    stacks = np.zeros(_STACKS, like["profile_stacks"].values.dtype)
    stacks["path"] = _paths(stacks["path"].shape[1])
    values = np.zeros(_STACKS, like["profile_rows"].values.dtype)
    for second in count():
        values = values.copy()
        values["ns"] += random.integers(10**6, 2 * 10**6, _STACKS, np.uint64)
        values["samples"] += 1
        given = sample(second, (_PROBE,), started=-1)
        maps = {"profile_rows": MapRows(keys, values, 10_240), "profile_stacks": MapRows(keys, stacks, 10_240)}
        labels = {**given.labels, "function": names, "module": dict.fromkeys(names, "program")}
        yield replace(given, labels=labels, probes={_PROBE: replace(given.probes[_PROBE], maps=maps)})


def _paths(longest: int) -> npt.NDArray[np.uint32]:
    """(_STACKS, longest) numbers of functions: a tree of _BRANCHES, below it one call after the other."""
    paths = np.zeros((_STACKS, longest), np.uint32)
    left = np.arange(_STACKS)
    for depth in range(_DEPTH):
        left, turn = np.divmod(left, _BRANCHES[depth] if depth < len(_BRANCHES) else 1)
        paths[:, depth] = 1 + 10 * depth + turn
    return paths


def main() -> None:
    """The dashboard in this terminal."""
    source = _Source(_samples())
    Dashboard(Timeline(source, registry.probes()), lambda path, content: path, (_PROBE,), 1.0).run(mouse=True)


if __name__ == "__main__":
    main()

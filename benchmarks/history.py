"""What ten minutes of history cost on a machine at work: processor time, memory, looks back; draws nothing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import thread_time

from benchmarks.figure import Figure
from benchmarks.recorded import recording, shop
from ebtop import registry, rows
from ebtop.history import BYTES, SECONDS, History
from ebtop.recording import read
from ebtop.sample import Sample
from ebtop.timeline import Timeline
from tests.samples import Given

_TICKS = 650
_LOOKS = 50
_MEGA = 1e6


def measure(folder: Path, _rounds: int) -> list[Figure]:
    """A real session under load is fed again and again until ten minutes are over."""
    session = _recorded(folder)
    steps = _milliseconds_added(session)
    source = Given()
    timeline = Timeline(source, registry.probes())
    timeline.start(lambda frame: None)
    tracemalloc.start()
    for sample in _endless(session):
        source.push(sample)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    moments = timeline.moments()
    one, ten = _looks(timeline, 1), _looks(timeline, 10)
    heat = _ms(lambda: timeline.heat("syscalls", "latency"))
    what = f"history of six probes, {moments.last - moments.first + 1} ticks"
    return [
        Figure("a tick put into history, under load", steps, "ms", "a millisecond", 1.0, 1),
        Figure(f"{what}, as it counts itself", moments.bytes / _MEGA, "MB", "its bound", BYTES / _MEGA, 1),
        Figure(f"{what}, as tracemalloc counts it", grown / _MEGA, "MB", "its bound", BYTES / _MEGA, 1),
        Figure("a step back in time", one, "ms", "20 milliseconds", 20, 1),
        Figure("ten steps back in time", ten, "ms", "50 milliseconds", 50, 1),
        Figure("heat of ten minutes, asked for first", heat, "ms", "50 milliseconds", 50, 1),
    ]


def _recorded(folder: Path) -> list[Sample]:
    with shop(folder):
        file = recording(folder / "session.ebtop")
    with open(file, "rb") as opened:
        return [sample for sample in read(opened) if sample.tick]


def _endless(session: list[Sample]) -> Iterator[Sample]:
    """`session` over and over, one second apart."""
    for number in range(_TICKS):
        sample = session[number % len(session)]
        yield replace(sample, monotonic_ns=session[0].monotonic_ns + number * 10**9)


def _milliseconds_added(session: list[Sample]) -> float:
    """Median; what the tables on screen match anyway is matched already."""
    history, times = History(SECONDS, BYTES), []
    for before, sample in pairwise(session):
        for name, probe in sample.probes.items():
            earlier = before.probes[name].maps
            for map_name in probe.maps.keys() & earlier.keys():
                rows.match(probe.maps[map_name].keys, earlier[map_name].keys)
        times.append(_ms(partial(history.add, sample)))
    return median(times)


def _looks(timeline: Timeline, by: int) -> float:
    """The median of some looks, each `by` ticks before the last, from the newest on."""
    newest = timeline.moments().last
    numbers = range(newest - by, newest - by * _LOOKS, -by)
    return median(_ms(partial(timeline.at, number)) for number in numbers)


def _ms(work: Callable[[], object]) -> float:
    start = thread_time()
    work()
    return (thread_time() - start) * 1e3

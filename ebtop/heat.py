"""How a histogram came about, tick by tick: counts by bucket over time, from the steps of a history; draws nothing.

Nothing is counted before somebody asks. Then the steps are walked back once, and later only those that are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from ebtop.change import rows_summed
from ebtop.frame import Counts, Numbers
from ebtop.history import History, Moment
from ebtop.quantiles import counted
from ebtop.sample import BUCKETS, MapRows, ProbeSample, Records, State
from ebtop.spec import Histogram
from ebtop.steps import Packed, Patch, Step
from ebtop.walk import MapWalk, walk

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Heat:
    """One histogram over the ticks of a history, oldest first; all arrays are the caller's own."""

    view: Histogram
    numbers: npt.NDArray[np.int64]
    """(n,) of the ticks, without gaps."""
    monotonic_ns: npt.NDArray[np.int64]
    """(n,) when each tick was taken."""
    seconds: Numbers
    """(n,) that its counts are of; NaN where the probe was off."""
    counts: Counts
    """(n, BUCKETS) events of all keys together; zeros where the probe was off."""
    began: npt.NDArray[np.bool_]
    """(n,) the probe was started since the tick before: counts are those since its start."""
    worst: Sequence[Records | None]
    """(n) worst example of each bucket, as `ProbeSample.worst`; None where there was none. Unpacked when asked for."""

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """(n,) where the probe counted."""
        return ~np.isnan(self.seconds)


class Heating:
    """The heat of one view, kept up with its history."""

    def __init__(self, probe: str, view: Histogram) -> None:
        self._probe, self._view = probe, view
        self._first = 0
        """Number of the oldest tick there is something of."""
        self._times = np.zeros(0, np.int64)
        self._seconds = np.zeros(0)
        self._counts = np.zeros((0, BUCKETS), np.uint64)
        self._began = np.zeros(0, np.bool_)
        self._worst: list[Packed | None] = []

    def upto(self, history: History, number: int) -> Heat:
        """All from the first tick of `history` that has one before it up to `number`; nothing while there is none."""
        if history.last >= 0:
            self._grow(history)
        end = max(0, min(number + 1 - self._first, self._times.size))
        return Heat(
            self._view,
            np.arange(self._first, self._first + end),
            self._times[:end].copy(),
            self._seconds[:end].copy(),
            self._counts[:end].copy(),
            self._began[:end].copy(),
            _Worst(self._worst[:end]),
        )

    def _grow(self, history: History) -> None:
        """Take in what is new, let go of what was dropped."""
        stretch = history.stretch(max(0, self._first + self._times.size - 1))
        moments = stretch.moments
        oldest = moments[0].number
        if oldest >= self._first + self._times.size:  # asked for too long ago: nothing fits on
            self._cut(self._times.size)
        if not self._times.size:
            self._first = oldest + 1 if oldest else 0
        fresh = [moment for moment in moments if moment.number >= self._first + self._times.size]
        newest = stretch.newest.probes.get(self._probe)
        content = newest.maps.get(self._view.map) if newest else None
        self._append(moments[-len(fresh) - 1] if len(fresh) < len(moments) else None, fresh, content)
        self._cut(min(history.first - self._first, self._times.size))

    def _cut(self, count: int) -> None:
        if count > 0:
            self._first += count
            self._times, self._seconds = self._times[count:], self._seconds[count:]
            self._counts, self._began = self._counts[count:], self._began[count:]
            del self._worst[:count]

    def _append(self, before: Moment | None, fresh: list[Moment], content: MapRows | None) -> None:
        counts = np.zeros((len(fresh), BUCKETS), np.uint64)
        seconds, began = np.full(len(fresh), NAN), np.zeros(len(fresh), np.bool_)
        back = _Back(content)
        place = (self._probe, "maps", self._view.map)
        for row in range(len(fresh) - 1, -1, -1):
            moment, earlier = fresh[row], fresh[row - 1] if row else before
            if place in moment.places:
                seconds[row], began[row] = self._span(moment, earlier)
            live = seconds[row] == seconds[row]
            back.over(moment.steps.get(place), counts[row] if live else None, bool(began[row]))
        self._times = np.concatenate((self._times, [moment.sample.monotonic_ns for moment in fresh])).astype(np.int64)
        self._seconds = np.concatenate((self._seconds, seconds))
        self._counts = np.concatenate((self._counts, counts))
        self._began = np.concatenate((self._began, began))
        self._worst += [moment.worst.get((self._probe, self._view.name)) for moment in fresh]

    def _span(self, moment: Moment, earlier: Moment | None) -> tuple[float, bool]:
        """The seconds that a tick counts, as `derive` has them, NaN where it counts none; and if it began in them."""
        now = moment.sample.probes[self._probe]
        before = earlier.sample.probes.get(self._probe) if earlier else None
        same = before is not None and _same_run(now, before)
        since = now.started_ns
        if earlier and before and same:
            since = before.read_ns or earlier.sample.monotonic_ns
        seconds = ((now.read_ns or moment.sample.monotonic_ns) - since) / 1e9
        return (seconds if seconds > 0 and now.state is State.LIVE else NAN), not same


def _same_run(now: ProbeSample, before: ProbeSample) -> bool:
    return before.state is State.LIVE and before.started_ns == now.started_ns


class _Back:
    """A map of histograms on its way back, counting what each step added."""

    def __init__(self, content: MapRows | None) -> None:
        self._set(content)

    def _set(self, content: MapRows | None) -> None:
        self._content = content
        self._walk = MapWalk(content) if content else None
        self._columns = _columns(content.values) if content else None

    def over(self, step: Step | None, counts: Counts | None, began: bool) -> None:
        """Undo `step`; `counts`, if any, get what there was more after it than before, or all if it just `began`."""
        if counts is not None and not began and isinstance(step, Patch) and self._patch(step, counts):
            return
        if counts is None or (step is None and not began):
            self._undo(step)
            return
        now = self._whole()
        self._undo(step)
        if now is not None:
            counts[:] = counted(now, None if began else self._whole())

    def _patch(self, step: Patch, counts: Counts) -> bool:
        """The usual case: only words that changed are looked at. False, and nothing done, where a counter shrank."""
        assert self._walk is not None
        if self._columns is None:
            return False
        buckets, counters = self._columns
        places, difference = step.changes()
        now = self._walk.words(places)
        before = now ^ difference
        column = places % buckets.size
        if bool((counters[column] & (now < before)).any()):
            return False
        bucket = buckets[column]
        slots = bucket >= 0
        np.add.at(counts, bucket[slots], (now - before)[slots])
        self._walk.take(step, back=True)
        return True

    def _undo(self, step: Step | None) -> None:
        if isinstance(step, Patch):
            assert self._walk is not None
            self._walk.take(step, back=True)
        elif step is not None:
            content = walk(self._whole(), [step], back=True)
            assert content is None or isinstance(content, MapRows)
            self._set(content)

    def _whole(self) -> MapRows | None:
        return self._walk.content() if self._walk else None


def _columns(values: Records) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]] | None:
    """For each word of a row: its bucket, -1 where it is none; whether it is a counter. None: a counter is no word."""
    width = -(-values.dtype.itemsize // 8)
    buckets, counters = np.full(width, -1), np.zeros(width, np.bool_)
    for name in rows_summed(values):
        kind, offset = values.dtype.fields[name][:2]  # type: ignore[index]  # it has members
        if kind.base.itemsize != 8 or offset % 8:
            return None
        words = slice(offset // 8, (offset + kind.itemsize) // 8)
        counters[words] = True
        if name == "slots":
            buckets[words] = np.arange(BUCKETS)
    return buckets, counters


class _Worst(Sequence["Records | None"]):
    """Packed examples, each unpacked when it is looked at."""

    def __init__(self, packed: list[Packed | None]) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Records | None: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Records | None]: ...
    def __getitem__(self, place: int | slice) -> Records | Sequence[Records | None] | None:
        if isinstance(place, slice):
            return _Worst(self._packed[place])
        packed = self._packed[place]
        return packed.records() if packed else None

"""Headline rates of every probe, tick by tick, and when the ticks were; knows nothing of maps or samples."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ebtop.frame import Frame, Numbers
from ebtop.sample import State

NAN = float("nan")
_ROOM = 512


@dataclass(frozen=True, slots=True)
class Trend:
    """The headline of one probe over time, oldest first."""

    seconds: Numbers
    """(n,) seconds from the last of these ticks, all negative but that one."""
    rates: Numbers
    """(n,) per second, in the headline's unit; NaN where the probe was off or had not been measured yet."""


class Rates:
    """Columns of numbers, one for each tick of the last `seconds`; numbers of ticks count from the first `add`."""

    def __init__(self, names: Iterable[str], seconds: float) -> None:
        self._rows = {name: row for row, name in enumerate(names)}
        self._seconds_ns = int(seconds * 1e9)
        self._rates = np.full((len(self._rows), _ROOM), NAN)
        self._live = np.zeros((len(self._rows), _ROOM), np.bool_)
        self._times = np.zeros(_ROOM, np.int64)
        self._begin, self._end = 0, 0
        self._offset = 0
        """Number of the tick in column 0."""
        self._lock = threading.Lock()

    def know(self, name: str) -> None:
        """One row more, of a probe that was off so far; nothing for one that there is."""
        with self._lock:
            if name not in self._rows:
                self._rows = {**self._rows, name: len(self._rows)}
                self._rates = np.vstack([self._rates, np.full((1, self._times.size), NAN)])
                self._live = np.vstack([self._live, np.zeros((1, self._times.size), np.bool_)])

    def add(self, frame: Frame) -> None:
        """The next tick."""
        with self._lock:
            if self._end == self._times.size:
                self._move()
            now, column = frame.sample.monotonic_ns, self._end
            self._times[column] = now
            self._live[:, column] = False
            for name, probe in frame.probes.items():
                self._rates[self._rows[name], column] = probe.rate
                self._live[self._rows[name], column] = probe.sample.state is State.LIVE
            self._end += 1
            while now - self._times[self._begin] > self._seconds_ns:
                self._begin += 1

    def _move(self) -> None:
        """To the front of arrays with as much room again."""
        kept = slice(self._begin, self._end)
        count = self._end - self._begin
        room = max(_ROOM, 2 * count)
        rates, live, times = self._rates, self._live, self._times
        self._rates = np.full((len(self._rows), room), NAN)
        self._live = np.zeros((len(self._rows), room), np.bool_)
        self._times = np.zeros(room, np.int64)
        self._rates[:, :count], self._live[:, :count], self._times[:count] = rates[:, kept], live[:, kept], times[kept]
        self._offset += self._begin
        self._begin, self._end = 0, count

    def of(self, name: str, count: int | None = None, upto: int | None = None) -> Numbers:
        """The newest `count` rates up to tick `upto`, all when None; see `Timeline.rates`."""
        row = self._rows[name]
        with self._lock:
            end = self._column(upto)
            off = np.flatnonzero(~self._live[row, self._begin : end])
            begin = self._begin + (int(off[-1]) + 1 if off.size else 0)
            rates = self._rates[row, begin:end].copy()
        rates = rates[~np.isnan(rates)]
        newest: Numbers = rates if count is None else rates[max(0, rates.size - count) :]
        return newest

    def trend(self, name: str, upto: int | None = None) -> Trend:
        """All rates up to tick `upto`, with the gaps, and when they were."""
        row = self._rows[name]
        with self._lock:
            ticks = slice(self._begin, self._column(upto))
            times = self._times[ticks]
            seconds = (times - times[-1]) / 1e9 if times.size else np.zeros(0)
            return Trend(seconds, np.where(self._live[row, ticks], self._rates[row, ticks], NAN))

    def near(self, monotonic_ns: int) -> int:
        """Number of the tick nearest to that time; -1 while there is none."""
        with self._lock:
            times = self._times[self._begin : self._end]
            if not times.size:
                return -1
            return self._offset + self._begin + int(np.abs(times - monotonic_ns).argmin())

    def time_ns(self, number: int) -> int:
        """Monotonic time of tick `number`, of the nearest there is. IndexError while there is none."""
        with self._lock:
            if self._begin == self._end:
                raise IndexError("there was no tick yet")
            return int(self._times[min(max(number - self._offset, self._begin), self._end - 1)])

    def _column(self, upto: int | None) -> int:
        """The column behind tick `upto`."""
        if upto is None:
            return self._end
        return min(max(upto + 1 - self._offset, self._begin), self._end)

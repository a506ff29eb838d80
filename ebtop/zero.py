"""Counting from a moment on, in the view only: the maps are never cleared; knows nothing of rates or screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.change import Change, Used
from ebtop.frame import Numbers
from ebtop.sample import MapRows, ProbeSample, Sample, State, Totals

Moments = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Zero:
    """A probe's counters at the moment from which they are counted."""

    sample: ProbeSample
    monotonic_ns: int
    wall_ns: int
    """A label."""
    newest: ProbeSample
    newest_ns: int
    """Up to where it was followed."""
    until_ns: Mapping[str, Moments]
    """By map, for each of its rows: the moment at which the row was found gone or made anew, if ever."""

    def holds(self, sample: ProbeSample, at_ns: int) -> bool:
        """Whether `sample`, taken at `at_ns`, counts from here: of the same run, and not before."""
        return self.sample.started_ns == sample.started_ns and at_ns >= self.monotonic_ns

    def rows(self, name: str, at_ns: int) -> MapRows | None:
        """The rows of map `name` that are still themselves at `at_ns`; None where it was not there."""
        content = self.sample.maps.get(name)
        until = self.until_ns.get(name)
        if content is None or until is None:
            return None
        held = until > at_ns
        return content if held.all() else MapRows(content.keys[held], content.values[held], content.capacity)


def zeroed(sample: Sample, probe: str) -> Zero | None:
    """Count `probe` from `sample` on; None while it is not live."""
    given = sample.probes.get(probe)
    if given is None or given.state is not State.LIVE:
        return None
    until = {name: np.full(content.keys.size, _NEVER, np.int64) for name, content in given.maps.items()}
    return Zero(given, sample.monotonic_ns, sample.wall_ns, given, sample.monotonic_ns, until)


def followed(zero: Zero, sample: Sample, probe: str) -> Zero | None:
    """`zero` after one more sample: rows that went or were made anew count from nothing; None once the run is over.

    A row that came back and has grown beyond what it once was cannot be told from one that stayed: so each sample is
    to be followed.
    """
    given = sample.probes.get(probe)
    if given is None or given.started_ns != zero.sample.started_ns or given.state is not State.LIVE:
        return None
    if given is zero.newest or sample.monotonic_ns <= zero.newest_ns:
        return zero
    until = {name: _until(zero, name, given, sample.monotonic_ns) for name in zero.until_ns}
    return replace(zero, newest=given, newest_ns=sample.monotonic_ns, until_ns=until)


def _until(zero: Zero, name: str, given: ProbeSample, now_ns: int) -> Moments:
    until, keys = zero.until_ns[name], zero.sample.maps[name].keys
    now, before = given.maps.get(name), zero.newest.maps.get(name)
    if now is before or not keys.size:
        return until
    if now is None:
        return np.minimum(until, now_ns)
    place = rows.match(keys, now.keys)
    anew = np.ones(now.keys.size + 1, np.bool_)  # the last: what is no longer there
    anew[:-1] = False
    anew[Change(now, before).reborn] = True
    ended = anew[place]
    return np.where(ended, np.minimum(until, now_ns), until) if ended.any() else until


def totals_since(now: Totals, zero: Totals) -> Totals:
    """The probe's book-keeping since the zero."""
    return Totals(
        now.total - zero.total,
        now.drops - zero.drops,
        now.lost - zero.lost,
        now.unmatched - zero.unmatched,
        now.pruned - zero.pruned,
    )


class Cleared(Change):
    """One map between two samples, counted from a zero; rows in which nothing was counted since are left out."""

    def __init__(self, change: Change, zero: MapRows | None, counters: tuple[str, ...]) -> None:
        """`counters` are the members that tell whether anything was counted; none: all rows stay."""
        self._whole, self._since = change, Change(change.now, zero, change.gauges)
        self._counters = counters
        content = change.now
        if self._chosen.size < content.keys.size:
            content = MapRows(content.keys[self._chosen], content.values[self._chosen], content.capacity)
        super().__init__(content, change.before, change.gauges)

    @cached_property
    def _chosen(self) -> rows.Index:
        count = self._whole.now.keys.size
        if not self._counters:
            return np.arange(count)
        active = np.zeros(count, np.bool_)
        for name in self._counters:
            grown = self._since.delta(name)
            active |= (grown if grown.ndim == 1 else grown.any(axis=1)) != 0
        return np.flatnonzero(active)

    def delta(self, field: str) -> npt.NDArray[Any]:
        """As without a zero."""
        return self._whole.delta(field)[self._chosen]

    def since(self, field: str) -> npt.NDArray[Any]:
        """What `field` grew by since the zero."""
        return self._since.delta(field)[self._chosen]

    def highest(self, field: str, place: rows.Index, groups: int, used: Used = ...) -> Numbers:
        """The largest `field` since the zero where it is the largest of all times, else NaN: nobody knows it."""
        ever = super().highest(field, place, groups, used)
        then = rows.largest(self._since.base(field)[self._chosen][used], place, groups)
        return np.where((ever > then) | (then == 0), ever, np.nan)

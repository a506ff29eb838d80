"""What has changed since a moment that was marked: rows and histograms beside what they were; knows no screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ebtop import rows
from ebtop.derive import derive
from ebtop.frame import Compared, Frame, HistogramFrame, Numbers, TableFrame
from ebtop.measures import Columns
from ebtop.sample import Records
from ebtop.spec import Column, Histogram, Measure, Probe, Table
from ebtop.units import Unit

CHANGE, RATIO = "Δ", "×"
"""What the names of change columns begin with; the name of the column follows."""
LARGE_SHARE = 0.5
"""A change is large when it is more than this part of what was there …"""
LARGE_PART = 0.01
"""… and at least this part of the largest value in the column, then or now."""
_ADDITIVE = (Measure.RATE, Measure.SHARE, Measure.TOTAL)
_CUMULATIVE = (Measure.TOTAL, Measure.MAX)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The stretch of time before a moment that was marked."""

    frame: Frame
    """Rates over that stretch; its sample is that of the mark."""
    marked_ns: int
    """Monotonic time of the mark."""

    def age_s(self, frame: Frame) -> float:
        """Seconds from the mark to `frame`; negative in frames from before it."""
        return (frame.sample.monotonic_ns - self.marked_ns) / 1e9


def compare(table: TableFrame, earlier: TableFrame, name: str, one_count: bool = True) -> TableFrame:
    """`table` with two more columns after `name`: its difference from `earlier`, and how many times that it is.

    Rows are matched by key. Of what adds up, a row that was not there had nothing; of means, maxima and gauges it is
    not known. NaN where nothing can be said; a ratio to nothing is infinite. `one_count`: both tables count from the
    same moment; else totals and maxima are not comparable. The answer is kept with the table.
    """
    known = table.kept.get(CHANGE)
    if known is None or known[0] is not earlier or known[1] != (name, one_count):
        known = table.kept[CHANGE] = earlier, (name, one_count), _compared(table, earlier, name, one_count)
    compared: TableFrame = known[2]
    return compared


@lru_cache(maxsize=64)
def compared_view(view: Table, name: str) -> Table:
    """The declaration of `view` with the change columns after column `name`."""
    columns: list[Column] = []
    for column in view.columns:
        columns.append(column)
        if column.name == name:
            difference = f"difference of {column.title} from the baseline"
            columns += [
                Column(CHANGE + name, Measure.CHANGE, name, column.unit, "", f"{CHANGE} {column.title}", difference),
                Column(RATIO + name, Measure.RATIO, name, Unit.RATIO, "", RATIO, "times the baseline's", 1),
            ]
    return replace(view, columns=tuple(columns))


def _compared(table: TableFrame, earlier: TableFrame, name: str, one_count: bool) -> TableFrame:
    column = next(column for column in table.view.columns if column.name == name)
    if column.measure in _CUMULATIVE and not one_count:
        now, before = np.full((2, table.keys.size), np.nan)
        place, then = np.full(table.keys.size, -1), np.zeros(0)
    else:
        place = _match(table.keys, earlier.keys)
        now, then = _measured(table, name), _measured(earlier, name)
        before = np.full(place.size, 0.0 if column.measure in _ADDITIVE else np.nan)
        before[place >= 0] = then[place[place >= 0]]
    difference = now - before
    largest = max(np.nanmax(values, initial=0.0) for values in (now, then))
    size = np.abs(difference)
    large = (size > LARGE_SHARE * np.abs(before)) & (size >= LARGE_PART * largest) & (size > 0)
    gone = np.ones(then.size, np.bool_)
    gone[place[place >= 0]] = False
    return replace(
        table,
        view=compared_view(table.view, name),
        columns=_More(table.columns, {CHANGE + name: difference, RATIO + name: _ratio(now, before, place < 0)}),
        compared=Compared(name, large, int((gone & (then > 0)).sum())),
        kept={},
    )


def _ratio(now: Numbers, before: Numbers, fresh: Any) -> Numbers:
    ratio = np.full(now.size, np.nan)
    np.divide(now, before, out=ratio, where=before > 0)
    ratio[(now > 0) & (fresh | (before == 0))] = np.inf
    return ratio


def _measured(table: TableFrame, name: str) -> Numbers:
    """A column, NaN where it does not speak of the interval."""
    values = table.columns[name]
    if not isinstance(table.columns, Columns):
        return values
    return np.where(table.columns.measured(name), values, np.nan)


def _match(keys: Records, earlier: Records) -> rows.Index:
    """`rows.match`, also where texts in the keys are not of the same length."""
    if keys.dtype != earlier.dtype:
        kind = np.promote_types(keys.dtype, earlier.dtype)
        keys, earlier = keys.astype(kind), earlier.astype(kind)
    return rows.match(keys, earlier)


class _More(Mapping[str, Numbers]):
    """Columns, and some more."""

    def __init__(self, columns: Mapping[str, Numbers], more: Mapping[str, Numbers]) -> None:
        self._columns, self._more = columns, more

    def __getitem__(self, name: str) -> Numbers:
        return self._more[name] if name in self._more else self._columns[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._columns
        yield from self._more

    def __len__(self) -> int:
        return len(self._columns) + len(self._more)


def spread_since(baseline: Baseline, now: Frame, probe: Probe, view: Histogram) -> HistogramFrame | None:
    """A histogram of what was counted between the mark and `now`; None in frames from before the mark.

    Of a probe that was started since, all that it has counted.
    """
    if baseline.age_s(now) < 0:
        return None
    shown = derive(now.sample, baseline.frame.sample, {probe.name: probe}).probes.get(probe.name)
    content = shown.views.get(view.name) if shown else None
    return content if isinstance(content, HistogramFrame) else None


def spread_before(baseline: Baseline, probe: Probe, view: Histogram) -> HistogramFrame | None:
    """The histogram of the stretch before the mark; None where the probe was not live then."""
    shown = baseline.frame.probes.get(probe.name)
    content = shown.views.get(view.name) if shown else None
    return content if isinstance(content, HistogramFrame) else None

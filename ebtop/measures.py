"""The columns of a table, computed from what changed: `derive`'s rates of tables; knows neither kernels nor screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.change import Change
from ebtop.frame import Numbers
from ebtop.spec import Column, Measure, Table

NAN = float("nan")


class Columns(Mapping[str, Numbers]):
    """The columns of a table, each computed when it is first looked at and then kept."""

    def __init__(self, view: Table, change: Change, place: rows.Index, groups: int, seconds: float) -> None:
        self._columns = {column.name: column for column in view.columns}
        self._change, self._place, self._groups, self._seconds = change, place, groups, seconds
        self._numbers: dict[str, Numbers] = {}
        self._grown: dict[str, Numbers] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, name: str) -> Numbers:
        if name not in self._numbers:
            self._numbers[name] = self._compute(self._columns[name])
        return self._numbers[name]

    def regrouped(self, view: Table, place: rows.Index, groups: int, given: Mapping[str, Numbers]) -> Columns:
        """The columns of `view` over the same map, row r of this table being part of row `place[r]` of `groups`.

        Those in `given` are known already.
        """
        columns = Columns(view, self._change, place[self._place], groups, self._seconds)
        columns._numbers |= given
        return columns

    def measured(self, name: str) -> npt.NDArray[np.bool_]:
        """(n,) whether the numbers of a column are of the interval: a mean without events is that since the start."""
        column = self._columns[name]
        if column.measure in (Measure.MEAN, Measure.PART):
            return self._delta(column.per) > 0
        return np.ones(self._groups, np.bool_)

    def _compute(self, column: Column) -> Numbers:
        match column.measure:
            case Measure.RATE:
                return self._delta(column.field) / self._seconds
            case Measure.SHARE:
                return self._delta(column.field) / (self._seconds * 1e7)
            case Measure.TOTAL:
                return self._sum(column.field)
            case Measure.MEAN:
                return self._mean(column.field, column.per)
            case Measure.PART:
                return 100 * self._mean(column.field, column.per)
            case Measure.MAX:
                highest = self._change.highest(column.field, self._place, self._groups)
                return np.where(self._sum(column.per) > 0, highest, NAN) if column.per else highest
            case Measure.GAUGE:
                values = self._change.now.values[column.field]
                return np.asarray(rows.largest(values, self._place, self._groups), np.float64)
            case Measure.CHANGE | Measure.RATIO:
                raise KeyError(column.name)  # of two tables, not of one

    def _sum(self, field: str) -> Numbers:
        return np.asarray(rows.add(self._change.since(field), self._place, self._groups), np.float64)

    def _delta(self, field: str) -> Numbers:
        if field not in self._grown:
            grown = rows.add(self._change.delta(field), self._place, self._groups)
            self._grown[field] = np.asarray(grown, np.float64)
        return self._grown[field]

    def _mean(self, field: str, per: str) -> Numbers:
        part, whole = self._delta(field), self._delta(per)
        quiet = whole == 0
        if quiet.any():
            part, whole = np.where(quiet, self._sum(field), part), np.where(quiet, self._sum(per), whole)
        means: Numbers = np.divide(part, whole, out=np.full(self._groups, NAN), where=whole > 0)
        return means

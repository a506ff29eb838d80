"""What a frame knows of one process: the rows of its tables that are that process's; knows nothing of screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ebtop import rows
from ebtop.frame import Frame, Numbers, ProbeFrame, TableFrame
from ebtop.spec import Column, Kind, Measure, Table

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Part:
    """One probe's knowledge of one process."""

    probe: ProbeFrame
    table: TableFrame
    """Its rows in the probe's finest table, without the process's own column; without keys where nothing else names
    a row."""
    rate: float
    """The probe's headline of this process alone, per second."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was seen of the process."""
        return self.table.keys.size == 0


def parts(frame: Frame, pid: int) -> list[Part]:
    """Every live probe that has a table by process, in the order of the frame, its rows those of `pid`."""
    found = []
    for probe in frame.probes.values():
        view = finest(probe)
        if view is not None:
            table = probe.views[view.name]
            assert isinstance(table, TableFrame)
            own = of_process(table, pid)
            found.append(Part(probe, own, _headline(probe, own)))
    return found


def finest(probe: ProbeFrame) -> Table | None:
    """The table by process that tells most rows apart; None where the probe has none, or is not live."""
    tables = [view for view in probe.probe.views if isinstance(view, Table) and view.name in probe.views]
    by_process = [view for view in tables if any(key.kind is Kind.PID for key in view.keys)]
    return max(by_process, key=lambda view: len(view.keys), default=None)


def of_process(table: TableFrame, pid: int) -> TableFrame:
    """The rows of `table` whose process is `pid`, without that column."""
    field = next(key.field for key in table.view.keys if key.kind is Kind.PID)
    places = np.flatnonzero(table.keys[field] == pid)
    kept = tuple(key for key in table.view.keys if key.kind is not Kind.PID)
    names = [key.field for key in kept]
    keys = np.zeros(places.size, np.dtype([(name, table.keys.dtype[name]) for name in names]))
    for name in names:
        keys[name] = table.keys[name][places]
    return TableFrame(replace(table.view, keys=kept), keys, _Chosen(table.columns, places))


class _Chosen(Mapping[str, Numbers]):
    """Some rows of a table's columns."""

    def __init__(self, columns: Mapping[str, Numbers], places: rows.Index) -> None:
        self._columns, self._places = columns, places

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, name: str) -> Numbers:
        chosen: Numbers = self._columns[name][self._places]
        return chosen


def _headline(probe: ProbeFrame, own: TableFrame) -> float:
    """Sum of the rates that make the probe's headline; NaN where its table has none of them."""
    wanted = probe.probe.headline or ((own.view.counter,) if own.view.counter else ())
    columns = [column for column in own.view.columns if column.measure is Measure.RATE and column.field in wanted]
    if not columns:
        return NAN
    return float(sum(_sum(own, column) for column in columns))


def _sum(own: TableFrame, column: Column) -> float:
    return float(np.nansum(own.columns[column.name]))

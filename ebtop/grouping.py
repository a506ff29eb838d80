"""Rows of processes added up by program, unit or user, from the kernel's own numbers; knows nothing of screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.frame import Frame, Members, Numbers, TableFrame
from ebtop.measures import Columns
from ebtop.sample import Process, Records
from ebtop.spec import Column, Key, Kind, Measure, Table
from ebtop.units import Unit


class Grouping(Enum):
    """What makes one row of the rows of processes."""

    PROCESS = "process"
    """Nothing: each is a row of its own."""
    PROGRAM = "program"
    UNIT = "unit"
    """Container or systemd unit."""
    USER = "user"

    @property
    def next(self) -> Grouping:
        """The one after, the first after the last."""
        every = list(Grouping)
        return every[(every.index(self) + 1) % len(every)]


GROUP = "group"
"""Name of the key that stands in the place of the process."""
COUNT = "processes"
"""Name of the column that says how many processes a row holds."""
UNKNOWN, OUTSIDE = "?", "-"
"""The group of processes nothing is known of, and the unit of those outside of any."""
_STEP = 16
_COUNT = Column(COUNT, Measure.GAUGE, "", Unit.PLAIN, title="n", help="processes in the row")


def process_key(view: Table) -> Key | None:
    """The key of `view` that is a process, the first; None where there is none."""
    return next((key for key in view.keys if key.kind is Kind.PID), None)


def regroup(table: TableFrame, frame: Frame, by: Grouping) -> TableFrame:
    """`table`, of `frame`, with the rows of all processes of a group added up, and how many processes those are.

    Other parts of the key still divide rows. Each column is computed from the map's rows as it is for the table
    itself: sums are sums, a mean is that of all events, a maximum the largest. Tables without processes, and by
    process, come back as they are. The answer is kept with the table.
    """
    key = process_key(table.view)
    if by is Grouping.PROCESS or key is None or not isinstance(table.columns, Columns):
        return table
    if by not in table.kept:
        table.kept[by] = _regrouped(table, table.columns, frame, key, by)
    known: TableFrame = table.kept[by]
    return known


@lru_cache(maxsize=64)
def grouped_view(view: Table, by: Grouping) -> Table:
    """The declaration of `view` when it is grouped."""
    keys = [_group_key(key, by) if key is process_key(view) else key for key in view.keys]
    return replace(view, keys=tuple(keys), columns=(_COUNT, *view.columns))


def _group_key(key: Key, by: Grouping) -> Key:
    title = key.title or key.field
    return Key(GROUP, Kind.TEXT, by.value if title == "pid" else f"{title} {by.value}", key.help, key.importance)


def _regrouped(table: TableFrame, columns: Columns, frame: Frame, key: Key, by: Grouping) -> TableFrame:
    view = grouped_view(table.view, by)
    names, group = _groups(table, frame, key, by)
    others = tuple(other.field for other in table.view.keys if other is not key)
    part = np.zeros(table.keys.size, [(GROUP, np.uint32), *((name, table.keys.dtype[name]) for name in others)])
    part[GROUP] = group
    for name in others:
        part[name] = table.keys[name]
    distinct, place = rows.combined(part, (GROUP, *others))
    keys = np.zeros(
        distinct.size, [(name, names.dtype if name == GROUP else part.dtype[name]) for name in part.dtype.names or ()]
    )
    keys[GROUP] = names[distinct[GROUP]] if names.size else b""
    for name in others:
        keys[name] = distinct[name]
    # A process is in the table once for each combination of the other keys: a row's parts are as many processes.
    counts: Numbers = np.bincount(place, minlength=keys.size).astype(np.float64)
    numbers = columns.regrouped(view, place, keys.size, {COUNT: counts})
    return TableFrame(view, keys, numbers, members=Members(table, key, place))


def _groups(table: TableFrame, frame: Frame, key: Key, by: Grouping) -> tuple[Records, npt.NDArray[np.intp]]:
    """The groups' names in order, as UTF-8, and for each row of `table` its group's place; each pid looked up once."""
    pids, place = np.unique(table.keys[key.field], return_inverse=True)
    comms = [b""] * pids.size if table.comm is None else rows.first(table.comm, place, pids.size).tolist()
    known, name_of = frame.sample.processes.get, _NAMES[by]
    names = [name_of(known(pid), comm) for pid, comm in zip(pids.tolist(), comms, strict=True)]
    order = {name: number for number, name in enumerate(sorted(set(names)))}
    encoded = [name.encode("utf-8", "replace") for name in order]
    longest = max(map(len, encoded), default=1)
    groups = np.array([order[name] for name in names], np.intp)
    return np.array(encoded, f"S{longest + -longest % _STEP}"), groups[place.reshape(-1)]


def _program(process: Process | None, comm: bytes) -> str:
    return (process.name if process else comm.decode("utf-8", "replace")) or UNKNOWN


def _unit(process: Process | None, comm: bytes) -> str:  # noqa: ARG001 # all of them take the same
    return (process.unit or OUTSIDE) if process else UNKNOWN


def _user(process: Process | None, comm: bytes) -> str:  # noqa: ARG001
    return (process.user if process else "") or UNKNOWN


_NAMES: dict[Grouping, Callable[[Process | None, bytes], str]] = {
    Grouping.PROGRAM: _program,
    Grouping.UNIT: _unit,
    Grouping.USER: _user,
}

"""Which rows of a table are shown, in which order: sorting and cutting; formats nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.cells import cells, programs, unit
from ebtop.frame import EventsFrame, Frame, TableFrame
from ebtop.spec import Key, Kind, Measure
from ebtop.tui.columns import PROGRAM, UNIT
from ebtop.tui.filtering import Places, matching

_WHOLE_SORT = 4096
"""Rows up to which everything is sorted; above, only as many as are needed are picked out first."""


def ordered(
    frame: Frame, table: TableFrame, sort: str, backwards: bool, needed: int, filter: str
) -> tuple[Places, int]:
    """The places of at least the first `needed` rows in order, and how many rows pass `filter`.

    Numbers largest first, names and keys smallest first, `backwards` the other way; "not measured" last. Rows of
    equal value keep an order of their own (totals, then key), so that they do not dance.
    """
    count = table.keys.size
    places = matching(frame, table, filter) if filter.strip() else np.arange(count, dtype=np.intp)
    if sort not in table.columns:
        names = _names(frame, table, sort, places)
        order = sorted(range(places.size), key=names.__getitem__, reverse=backwards)
        return places[np.array(order, np.intp)], places.size
    values = table.columns[sort][places]
    ranks = np.where(np.isnan(values), np.inf, values if backwards else -values)
    if places.size > _WHOLE_SORT and needed < places.size:
        best = np.argpartition(ranks, needed)[: needed + 1]
        places, ranks, size = places[best], ranks[best], places.size
    else:
        size = places.size
    return places[np.lexsort((*_ties(table, places), ranks))], size


def _ties(table: TableFrame, places: Places) -> list[npt.NDArray[Any]]:
    """Sort keys for rows of equal value, the last the strongest."""
    ties: list[npt.NDArray[Any]] = [places]
    names = table.keys.dtype.names or ()
    if names and table.keys.dtype[names[0]].kind in "iu":
        ties.append(table.keys[names[0]][places])
    totals = [column.name for column in table.view.columns if column.measure is Measure.TOTAL]
    if totals:
        ties.append(-table.columns[totals[0]][places])
    return ties


def _names(frame: Frame, table: TableFrame, sort: str, places: Places) -> list[Any]:
    """What rows are ordered by when it is a key: numbers as numbers, names without regard to case."""
    for key in table.view.keys:
        if sort == PROGRAM and key.kind is Kind.PID:
            return [name.lower() for name in programs(frame, table, key, places)]
        if sort == UNIT and key.kind is Kind.PID:
            return [(not name, name.lower()) for name in units_of(frame, table, key, places)]
        if key.field == sort:
            if key.kind in (Kind.PID, Kind.NUMBER, Kind.OBJECT):
                numbers: list[Any] = table.keys[sort][places].tolist()
                return numbers
            return [text.lower() for text in cells(frame, key, table.keys, places)]
    everything: list[Any] = places.tolist()
    return everything


def newest(frame: Frame, events: EventsFrame, filter: str) -> Places:
    """Places of the events that pass `filter`, newest first."""
    return matching(frame, events, filter)[::-1]


def key_texts(frame: Frame, data: TableFrame | EventsFrame, key: Key, places: Places | None) -> list[str]:
    """The texts of `key` in the rows at `places`, all when None."""
    return cells(frame, key, data.keys if isinstance(data, TableFrame) else data.records, places)


def names_of(frame: Frame, data: TableFrame | EventsFrame, key: Key, places: Places | None) -> list[str]:
    """The names of the processes `key` in the rows at `places`, all when None."""
    if isinstance(data, TableFrame):
        return programs(frame, data, key, places)
    records = data.records if places is None else data.records[places]
    return [frame.name_of(int(pid)) for pid in records[key.field]]


def units_of(frame: Frame, data: TableFrame | EventsFrame, key: Key, places: Places | None) -> list[str]:
    """The containers or units of the processes `key` in the rows at `places`, all when None."""
    records = data.keys if isinstance(data, TableFrame) else data.records
    return [unit(frame, pid) for pid in records[key.field][slice(None) if places is None else places].tolist()]

"""Which rows of a table are shown, in which order: sorting, filtering, cutting; formats nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.cells import cells, programs
from ebtop.frame import EventsFrame, Frame, Members, TableFrame
from ebtop.spec import Key, Kind, Measure
from ebtop.tui.columns import PROGRAM

Places = npt.NDArray[np.intp]
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


def matching(frame: Frame, data: TableFrame | EventsFrame, filter: str) -> Places:
    """Places of the rows that pass `filter`."""
    count = len(data.keys if isinstance(data, TableFrame) else data.records)
    tests = parse(filter)
    if not tests:
        return np.arange(count, dtype=np.intp)
    rows = _words(frame, data, count)
    return np.array([place for place, words in enumerate(rows) if all(test(words) for test in tests)], np.intp)


Words = dict[str, str]
Test = Callable[[Words], bool]


def parse(filter: str) -> list[Test]:
    """The words of a filter, all of which a row has to pass: text, pid:1, comm:sh, user:root, each negated by "!"."""
    return [_test(word) for word in filter.lower().split()]


def _test(word: str) -> Test:
    negated = word.startswith("!")
    name, colon, wanted = word.lstrip("!").partition(":")
    if colon and name in ("pid", "comm", "user", "c"):

        def found(words: Words) -> bool:
            value = words.get(name, "")
            return wanted in value.split() if name == "pid" else wanted in value

    else:
        text = word.lstrip("!")

        def found(words: Words) -> bool:
            return any(text in value for value in words.values())

    return (lambda words: not found(words)) if negated else found


def _words(frame: Frame, data: TableFrame | EventsFrame, count: int) -> list[Words]:
    """What can be searched for in each row."""
    rows: list[Words] = [{} for _ in range(count)]
    for key in data.view.keys:
        for words, text in zip(rows, key_texts(frame, data, key, None), strict=True):
            words[key.field] = text.lower()
        if key.kind is Kind.PID:
            for words, name in zip(rows, names_of(frame, data, key, None), strict=True):
                words |= _of_process(frame, int(words[key.field]), name)
    if isinstance(data, TableFrame) and data.members:
        _add_members(frame, data.members, rows)
    return rows


def _of_process(frame: Frame, pid: int, name: str) -> Words:
    process = frame.sample.processes.get(pid)
    user, unit = (process.user.lower(), process.unit.lower()) if process else ("", "")
    return {"pid": str(pid), "comm": name.lower(), "user": user, "c": unit}


def _add_members(frame: Frame, members: Members, rows: list[Words]) -> None:
    """A row of a group passes where one of its processes does."""
    names = programs(frame, members.table, members.key)
    pids = members.table.keys[members.key.field].tolist()
    for pid, name, place in zip(pids, names, members.place.tolist(), strict=True):
        words = rows[place]
        for word, text in _of_process(frame, pid, name).items():
            words[word] = f"{words[word]}\n{text}" if word in words else text


def key_texts(frame: Frame, data: TableFrame | EventsFrame, key: Key, places: Places | None) -> list[str]:
    """The texts of `key` in the rows at `places`, all when None."""
    return cells(frame, key, data.keys if isinstance(data, TableFrame) else data.records, places)


def names_of(frame: Frame, data: TableFrame | EventsFrame, key: Key, places: Places | None) -> list[str]:
    """The names of the processes `key` in the rows at `places`, all when None."""
    if isinstance(data, TableFrame):
        return programs(frame, data, key, places)
    records = data.records if places is None else data.records[places]
    return [frame.name_of(int(pid)) for pid in records[key.field]]

"""Contents walked along steps, back or forward; whole arrays are made only where the walk ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ebtop import rows
from ebtop.renamed import Renamed
from ebtop.sample import EventTail, MapRows, Records
from ebtop.sparse import Reader, Words
from ebtop.steps import Content, Move, Patch, Replaced, Slide, Step, as_records, others

_SLACK = 4096
"""Rows that a pool may have beyond twice those of the map, before it is made anew of what is there."""


def walk(content: Content | None, path: Iterable[Step], back: bool) -> Content | None:
    """`content` after the steps of `path` in their order, each undone if `back`; `content` itself is not touched."""
    on_map: MapWalk | None = None
    for step in path:
        match step:
            case Patch() | Move():
                if on_map is None:
                    assert isinstance(content, MapRows)
                    on_map = MapWalk(content)
                on_map.take(step, back)
            case Replaced():
                whole = step.before if back else step.now
                content, on_map = whole.unpacked() if whole else None, None
            case Slide():
                assert isinstance(content, EventTail)
                content = _slid(content, step, back)
            case Renamed():
                content = step.applied(content or {}, back)  # type: ignore[arg-type]  # what is a mapping once is so for ever
    return on_map.content() if on_map else content


class MapWalk:
    """One map on its way. Rows lie in a pool, in which the walk keeps their order."""

    def __init__(self, start: MapRows) -> None:
        self._begin(start)

    def _begin(self, start: MapRows) -> None:
        self._start = start
        self._keys: list[Words] = [rows.words(start.keys)]
        self._values: Words = rows.words(start.values).copy()
        self._used = start.keys.size
        self._order: rows.Index | None = None
        """Places of the rows in the pool; None while they are those of the start."""

    def take(self, step: Patch | Move, back: bool) -> None:
        """One step on; one back if `back`."""
        if isinstance(step, Patch):
            places, difference = step.changes()
            self._patch(self._order, places, difference)
        else:
            self._move(step, back)

    def words(self, places: rows.Index) -> Words:
        """What stands at `places` of `rows.words` of the values, flat."""
        width = self._values.shape[1]
        row, column = np.divmod(places, width)
        return self._values[row if self._order is None else self._order[row], column]

    def _patch(self, order: rows.Index | None, places: rows.Index, difference: Words) -> None:
        row, column = np.divmod(places, self._values.shape[1])
        self._values[row if order is None else order[row], column] ^= difference

    def _move(self, step: Move, back: bool) -> None:
        reader = Reader(step.content)
        came, went, moved = reader.places(), reader.places(), reader.places()
        stayed, source = others(came, step.now), others(went, step.before)
        difference = reader.changes()
        size = self._keys[0].shape[1] + self._values.shape[1]
        words = reader.words(moved.size + (came.size + went.size) * size)
        source[moved] = words[: moved.size].astype(np.intp)
        order = np.arange(self._used) if self._order is None else self._order
        kept = order[stayed if back else source]
        self._patch(kept, *difference)
        self._order = np.empty(step.before if back else step.now, np.intp)
        self._order[source if back else stayed] = kept
        if back:
            self._order[went] = self._added(words[moved.size + came.size * size :], went.size)
        else:
            self._order[came] = self._added(words[moved.size :], came.size)
        if self._used > 2 * self._order.size + _SLACK:
            self._begin(self.content())

    def _added(self, words: Words, count: int) -> rows.Index:
        """Put the first `count` rows of `words`, keys and then values, into the pool: where they are."""
        wide, width = self._keys[0].shape[1], self._values.shape[1]
        begin, self._used = self._used, self._used + count
        if self._used > len(self._values):
            grown = np.empty((self._used * 5 // 4, width), np.uint64)
            grown[:begin] = self._values[:begin]
            self._values = grown
        self._keys.append(words[: count * wide].reshape(count, wide).copy())
        self._values[begin : self._used] = words[count * wide : count * (wide + width)].reshape(count, width)
        return np.arange(begin, self._used)

    def content(self) -> MapRows:
        """The map where the walk is now, untouched by further steps; keys are those of the start if no row moved."""
        start, order = self._start, self._order
        if order is None:
            return MapRows(
                start.keys, as_records(self._values[: self._used].copy(), start.values.dtype), start.capacity
            )
        values = as_records(self._values.take(order, axis=0), start.values.dtype)
        return MapRows(as_records(self._gathered(order), start.keys.dtype), values, start.capacity)

    def _gathered(self, order: rows.Index) -> Words:
        """The keys of the rows in `order`, without a copy of all that were met."""
        first = self._keys[0]
        gathered = np.empty((order.size, first.shape[1]), np.uint64)
        known = order < len(first)
        gathered[known] = first.take(order[known], axis=0)
        if len(self._keys) > 1:
            gathered[~known] = np.concatenate(self._keys[1:]).take(order[~known] - len(first), axis=0)
        return gathered


def _slid(tail: EventTail, step: Slide, back: bool) -> EventTail:
    words, kind = rows.words(tail.records), tail.records.dtype
    width = words.shape[1]
    reader = Reader(step.content)
    came = reader.words(step.came * width).reshape(step.came, width)
    went = reader.words(step.went * width).reshape(step.went, width)
    if back:
        return EventTail(_joined(went, words[: len(words) - step.came], kind), tail.seen - step.seen)
    return EventTail(_joined(words[step.went :], came, kind), tail.seen + step.seen)


def _joined(first: Words, second: Words, kind: np.dtype[np.void]) -> Records:
    return as_records(np.concatenate((first, second)), kind)

"""What changed in one content of a sample from one to the next, small, and walked both ways; knows nothing of samples.

A content is the rows of a map, the tail of a ring buffer, or names by number. Differences are exclusive ors, so that
one and the same step leads from what was to what is and back.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ebtop import rows
from ebtop.renamed import OBJECT, Names, Renamed, renamed
from ebtop.sample import EventTail, MapRows, Records
from ebtop.sparse import Places, Reader, Words, is_nothing, pack_places, pack_words, squeeze

Content = MapRows | EventTail | Names


@dataclass(frozen=True, slots=True)
class Patch:
    """The keys stayed; some words of the values are others."""

    content: bytes

    @property
    def bytes(self) -> int:
        """About what it occupies, as of all steps."""
        return OBJECT + sys.getsizeof(self.content)

    def changes(self) -> tuple[Places, Words]:
        """Which words of `rows.words(values)`, flat, and the exclusive or of before and now."""
        return Reader(self.content).changes()


@dataclass(frozen=True, slots=True)
class Move:
    """Rows came, went or changed places."""

    now: int
    """Rows there are."""
    before: int
    """Rows there were."""
    content: bytes

    @property
    def bytes(self) -> int:
        return OBJECT + sys.getsizeof(self.content)


@dataclass(frozen=True, slots=True)
class Slide:
    """Events came, and as many or fewer of the oldest fell off."""

    seen: int
    """How many more have been seen."""
    came: int
    went: int
    content: bytes

    @property
    def bytes(self) -> int:
        return OBJECT + sys.getsizeof(self.content)


@dataclass(frozen=True, slots=True)
class Packed:
    """Records by themselves."""

    kind: np.dtype[Any]
    count: int
    content: bytes

    @property
    def bytes(self) -> int:
        return OBJECT + sys.getsizeof(self.content)

    def records(self) -> Records:
        """The records, (count,), newly made."""
        return unpacked(Reader(self.content), self.count, self.kind)


@dataclass(frozen=True, slots=True)
class Whole:
    """A content by itself."""

    parts: tuple[Packed, ...]
    """Keys and values of a map, records of a tail."""
    number: int
    """The map's capacity, or how many events were seen."""

    @property
    def bytes(self) -> int:
        return OBJECT + sum(part.bytes for part in self.parts)

    def unpacked(self) -> MapRows | EventTail:
        """The content."""
        first, *second = (part.records() for part in self.parts)
        return MapRows(first, second[0], self.number) if second else EventTail(first, self.number)


@dataclass(frozen=True, slots=True)
class Replaced:
    """There was nothing before, is nothing now, or both have nothing to do with each other."""

    before: Whole | None
    now: Whole | None

    @property
    def bytes(self) -> int:
        return OBJECT + sum(whole.bytes for whole in (self.before, self.now) if whole)


Step = Patch | Move | Slide | Renamed | Replaced
_NOISE = 32_768
"""Bytes from which on counted differences are deflated: they hardly repeat themselves, as texts of new rows do."""


def step(now: Content | None, before: Content | None) -> Step | None:
    """What leads from `before` to `now` and back; None where both are the same."""
    if now is before:
        return None
    if isinstance(now, MapRows) and isinstance(before, MapRows) and _alike(now, before):
        return _map_step(now, before)
    if isinstance(now, EventTail) and isinstance(before, EventTail) and now.records.dtype == before.records.dtype:
        return _tail_step(now, before)
    if isinstance(now, Mapping) or isinstance(before, Mapping):
        return renamed(now or {}, before or {})  # type: ignore[arg-type]  # what is a mapping once is so for ever
    return Replaced(_whole(before), _whole(now))


def _alike(now: MapRows, before: MapRows) -> bool:
    kinds = now.keys.dtype == before.keys.dtype and now.values.dtype == before.values.dtype
    return kinds and now.capacity == before.capacity


def _map_step(now: MapRows, before: MapRows) -> Step | None:
    if now.keys is not before.keys:
        place = rows.match(now.keys, before.keys)
        if place.size != before.keys.size or not np.array_equal(place, np.arange(place.size)):
            return _move(now, before, place)
    difference = rows.words(now.values) ^ rows.words(before.values)
    packed_words = pack_words(difference)
    return None if is_nothing(packed_words) else Patch(squeeze(packed_words, block=_NOISE))


def _move(now: MapRows, before: MapRows, place: rows.Index) -> Move:
    """Survivors mostly keep their order, as a hash table's do: only those that do not are written down."""
    stayed, came = np.flatnonzero(place >= 0), np.flatnonzero(place < 0)
    source = place[stayed]
    went = others(source, before.keys.size)
    moved = np.flatnonzero(source != others(went, before.keys.size))
    old, new = rows.words(before.values), rows.words(now.values)
    parts = (
        source[moved].astype(np.uint64),
        rows.words(now.keys).take(came, axis=0),
        new.take(came, axis=0),
        rows.words(before.keys).take(went, axis=0),
        old.take(went, axis=0),
    )
    whole = np.concatenate([part.reshape(-1) for part in parts])
    content = squeeze(
        pack_places(came),
        pack_places(went),
        pack_places(moved),
        pack_words(new.take(stayed, axis=0) ^ old.take(source, axis=0)),
        pack_words(whole),
    )
    return Move(now.keys.size, before.keys.size, content)


def others(places: Places, count: int) -> Places:
    """Which of `count` places are not in `places`, ascending."""
    left = np.ones(count, np.bool_)
    left[places] = False
    return np.flatnonzero(left)


def _tail_step(now: EventTail, before: EventTail) -> Step | None:
    if now.records is before.records and now.seen == before.seen:
        return None
    came = min(max(0, now.seen - before.seen), now.records.size)
    kept = now.records.size - came
    went = before.records.size - kept
    old, new = rows.words(before.records), rows.words(now.records)
    if went < 0 or not np.array_equal(new[:kept], old[went:]):
        return Replaced(_whole(before), _whole(now))
    if not came and not went and now.seen == before.seen:
        return None
    return Slide(now.seen - before.seen, came, went, squeeze(pack_words(new[kept:]), pack_words(old[:went])))


def _whole(content: Content | None) -> Whole | None:
    match content:
        case MapRows():
            return Whole((packed(content.keys), packed(content.values)), content.capacity)
        case EventTail():
            return Whole((packed(content.records),), content.seen)
    return None


def packed(records: Records) -> Packed:
    """`records` (n,), small."""
    return Packed(records.dtype, records.size, squeeze(pack_words(rows.words(records))))


def unpacked(reader: Reader, count: int, kind: np.dtype[Any]) -> Records:
    """The next `count` records of `kind`."""
    width = -(-kind.itemsize // 8)
    return as_records(reader.words(count * width).reshape(count, width), kind)


def as_records(words: Words, kind: np.dtype[Any]) -> Records:
    """What `rows.words` made `words` (n, w) of."""
    raw = np.ascontiguousarray(words).view(np.uint8)[:, : kind.itemsize]
    return np.ascontiguousarray(raw).reshape(-1).view(kind)

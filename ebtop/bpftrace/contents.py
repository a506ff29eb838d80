"""What a map of bpftrace holds, as rows: structured arrays by what the program's text declares; knows no pipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ebtop.bpftrace.buckets import LARGEST, Row, added, linear, log2, ranged, signed, unsigned
from ebtop.bpftrace.declaring import (
    AVERAGES,
    COUNTERS,
    NAME,
    OUTPUT,
    VALUES,
    edges_of,
    family,
    is_ranged,
    keys_of,
    value_of,
)
from ebtop.bpftrace.program import TEXT, Map
from ebtop.bpftrace.reading import Output, restored
from ebtop.sample import BUCKETS, EventTail, MapRows, Records
from ebtop.spec import Key, Kind
from ebtop.text import clean

CAPACITY = 4096
"""BPFTRACE_MAP_KEYS_MAX, unless it is set."""
_TEXT_BYTES, _LINE_BYTES = 128, 256
_KINDS = {Kind.PID: "<u4", Kind.UID: "<u4", Kind.TEXT: f"S{_TEXT_BYTES}"}
_FAMILIES = {
    COUNTERS: [("value", "<i8")],
    AVERAGES: [("count", "<u8"), ("total", "<i8")],
    VALUES: [("value", "<i8")],
}
_HISTOGRAM = [("slots", "<u8", (BUCKETS,)), ("count", "<u8"), ("negative", "<u8"), ("sum", "<f8"), ("max_value", "<f8")]


class Contents:
    """Turns outputs into the maps and events of a sample; what has not changed is the very same array again."""

    def __init__(self, maps: Mapping[str, Map], capacity: int = CAPACITY) -> None:
        self._maps = maps
        self._capacity = capacity
        self._made: dict[str, tuple[Any, MapRows | EventTail]] = {}
        self.strange: dict[str, str] = {}
        """By map, why what was printed of it is not all shown."""

    def maps(self, output: Output) -> dict[str, MapRows]:
        """By the declaration's name of a map."""
        rows = {one.name: self._rows(one, output) for one in self._maps.values() if _is_table(one)}
        return rows | {name: self._family(name, output) for name in _FAMILIES if self._members(name)}

    def texts(self, output: Output) -> dict[str, EventTail]:
        """What maps of texts hold, likewise."""
        found = {one.name: self._texts(one.name, (one,), output) for one in self._maps.values() if _is_texts(one)}
        plain = tuple(one for one in self._maps.values() if one.holds == TEXT and not one.keys)
        if plain:
            found["texts"] = self._texts("texts", plain, output)
        return found

    def printed(self, output: Output) -> EventTail:
        """The lines that the program printed."""
        tail: EventTail = self._kept(OUTPUT, output.printed, lambda: _printed(output))
        return tail

    def _members(self, name: str) -> list[Map]:
        return [one for one in self._maps.values() if _is_alone(one) and family(one) == name]

    def _kept(self, name: str, of: Any, make: Any) -> Any:
        known = self._made.get(name)
        if known is None or known[0] != of:
            known = self._made[name] = (of, make())
        return known[1]

    def _rows(self, one: Map, output: Output) -> MapRows:
        content = _content(one, output)
        rows: MapRows = self._kept(one.name, content, lambda: self._made_rows(one, content))
        return rows

    def _made_rows(self, one: Map, content: Any) -> MapRows:
        keys, strange = keys_of(one), 0
        found: dict[Row, Row] = {}
        for key, value in _entries(one, content):
            try:
                parts = _parts(key, keys) if one.keys else (one.name.encode(),)
                for whole, numbers in _values(one, parts, value):
                    before = found.get(whole)
                    found[whole] = numbers if before is None else _added(one, before, numbers)
            except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
                strange += 1
        self.strange[one.name] = f"{strange} entries of {one.name} are not what was expected" if strange else ""
        ranged = is_ranged(one)
        members = [(key.field, _KINDS.get(key.kind, "<i8")) for key in keys if one.keys or not ranged]
        members += [("bucket", "<i8"), ("range", "S44")] if ranged else []
        return _as_rows(found, members, _members(one), self._capacity if one.keys else len(found) + 1)

    def _family(self, name: str, output: Output) -> MapRows:
        members = self._members(name)
        contents = {one.name: output.maps[one.name] for one in members if one.name in output.maps}
        rows: MapRows = self._kept(name, contents, lambda: self._made_family(name, members, contents))
        return rows

    def _made_family(self, name: str, members: list[Map], contents: Mapping[str, Any]) -> MapRows:
        found: dict[Row, Row] = {}
        for one in members:
            if one.name not in contents:
                continue
            value = contents[one.name]
            try:
                if name == AVERAGES:
                    found[(one.name.encode(),)] = (unsigned(value["count"]), signed(value["total"]))
                else:
                    found[(one.name.encode(),)] = (signed(value["count"] if isinstance(value, dict) else value),)
                self.strange[one.name] = ""
            except (ValueError, TypeError, KeyError, OverflowError):
                self.strange[one.name] = f"{one.name} holds no number"
        return _as_rows(found, [(NAME, f"S{_TEXT_BYTES}")], _FAMILIES[name], len(members))

    def _texts(self, name: str, maps: tuple[Map, ...], output: Output) -> EventTail:
        contents = {one.name: _content(one, output) for one in maps}
        before = self._made.get(name)
        seen = before[1].seen + 1 if before and isinstance(before[1], EventTail) else 0
        tail: EventTail = self._kept(name, contents, lambda: _made_texts(maps, contents, seen))
        return tail


def _is_alone(one: Map) -> bool:
    return not one.keys and one.holds not in ("hist", "lhist", TEXT)


def _is_texts(one: Map) -> bool:
    return one.holds == TEXT and bool(one.keys)


def _is_table(one: Map) -> bool:
    return not _is_alone(one) and one.holds != TEXT


def _content(one: Map, output: Output) -> Any:
    """What was printed of it last; nothing where two rounds have left it out, as bpftrace does with empty maps."""
    if one.keys and (output.silent or output.seen_in.get(one.name, 0) < output.rounds - 1):
        return None
    return output.maps.get(one.name)


def _entries(one: Map, content: Any) -> Iterator[tuple[str, Any]]:
    if content is None:
        return
    if one.keys and isinstance(content, dict):
        yield from content.items()
    else:
        yield "", content


def _parts(key: str, keys: tuple[Key, ...]) -> Row:
    """The parts of a key, which come as one text with commas in between.

    Texts may hold commas themselves: what there is too much of goes to the last text. ValueError where that leaves a
    number that is none.
    """
    pieces = restored(key).split(",")
    surplus = len(pieces) - len(keys)
    if surplus < 0:
        raise ValueError(key)
    if surplus:
        place = max((place for place, one in enumerate(keys) if one.kind is Kind.TEXT), default=-1)
        if place < 0:
            raise ValueError(key)
        pieces[place : place + surplus + 1] = [",".join(pieces[place : place + surplus + 1])]
    return tuple(_part(piece, one) for piece, one in zip(pieces, keys, strict=True))


def _part(piece: str, key: Key) -> Any:
    if key.kind is not Kind.TEXT:
        return _number(int(piece), key)
    return fitted(" < ".join(line.strip() for line in piece.strip().split("\n")), _TEXT_BYTES)


def _number(number: int, key: Key) -> int:
    """`number` as its column has it; ValueError where it has no room for it: what a program prints may be anything."""
    narrow = key.kind in (Kind.PID, Kind.UID)
    if number < 0 and narrow:
        number += 1 << 32
    if not (0 <= number < 1 << 32 if narrow else abs(number) <= LARGEST):
        raise ValueError(number)
    return number


def fitted(text: str, size: int) -> bytes:
    """`text`, clean, in at most `size` bytes; what is cut ends with an ellipsis."""
    raw = clean(text).encode()
    if len(raw) <= size:
        return raw
    return raw[: size - 3].decode("utf-8", "ignore").encode() + "…".encode()


def _values(one: Map, parts: Row, value: Any) -> Iterator[tuple[Row, Row]]:
    """The rows of one entry: its key, its numbers."""
    if is_ranged(one):
        wide = next((signed(one["max"]) - signed(one["min"]) + 1 for one in value if {"min", "max"} <= one.keys()), 0)
        for bucket in value:
            whole = (*(parts if one.keys else ()), *ranged(bucket, wide))
            yield whole, (unsigned(bucket["count"]),)
    elif one.holds == "hist":
        yield parts, log2(value)
    elif one.holds == "lhist":
        yield parts, linear(value, edges_of(one))
    elif one.holds == "stats":
        yield parts, (unsigned(value["count"]), signed(value["total"]))
    else:
        number = signed(value["count"] if isinstance(value, dict) else value)
        yield parts, (number if _members(one)[0][1] == "<i8" else unsigned(number),)


def _members(one: Map) -> list[Any]:
    if is_ranged(one):
        return [("count", "<i8" if one.cleared else "<u8")]
    if one.holds in ("hist", "lhist"):
        return _HISTOGRAM
    if one.holds == "stats":
        return _FAMILIES[AVERAGES]
    return [(value_of(one), "<u8" if one.holds == "count" and not one.cleared else "<i8")]


def _added(one: Map, before: Row, numbers: Row) -> Row:
    """Two entries whose keys are the same once they are cut: counts add up, other numbers are those of the last."""
    if one.holds in ("count", "sum", "hist", "lhist", "stats"):
        return tuple(added(first, second) for first, second in zip(before, numbers, strict=True))
    return numbers


def _as_rows(found: Mapping[Row, Row], keys: list[Any], values: list[Any], most: int) -> MapRows:
    return MapRows(_records(list(found), keys), _records(list(found.values()), values), most)


def _records(rows: list[Row], members: list[Any]) -> Records:
    records = np.zeros(len(rows), np.dtype(members))
    for place, member in enumerate(members):
        if rows:
            records[member[0]] = [row[place] for row in rows]
    return records


def _printed(output: Output) -> EventTail:
    lines = tuple(output.lines)
    rows = [(at, fitted(line, _LINE_BYTES)) for at, line in lines]
    return EventTail(_records(rows, [("time_ns", "<u8"), ("text", f"S{_LINE_BYTES}")]), output.printed)


def _made_texts(maps: tuple[Map, ...], contents: Mapping[str, Any], seen: int) -> EventTail:
    rows: list[Row] = []
    keys: tuple[Key, ...] = (Key(NAME, Kind.TEXT),)
    for one in maps:
        keys = keys_of(one)
        for key, value in _entries(one, contents[one.name]):
            try:
                parts = _parts(key, keys) if one.keys else (one.name.encode(),)
            except ValueError:
                continue
            said = restored(value) if isinstance(value, str) else str(value)
            rows.append((*parts, fitted(" < ".join(said.strip().split("\n")), _LINE_BYTES)))
    members = [(key.field, _KINDS.get(key.kind, "<i8")) for key in keys]
    return EventTail(_records(rows, [*members, ("value", f"S{_LINE_BYTES}")]), max(seen, len(rows)))

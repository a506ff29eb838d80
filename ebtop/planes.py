"""Array rows as what changed since earlier ones, byte plane by byte plane, and back, exact; knows nothing of files.

Rows are matched by key, values subtracted as 64-bit words modulo 2**64 (as bytes where the size is not a multiple of
eight): whatever stood still becomes zeros, whatever grew becomes small, and any compressor does the rest.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.sample import EventTail, MapRows, Records
from ebtop.text import clean_array

_FORMAT = re.compile(r"[<|][uifSV]\d{1,6}")
_ITEM_LIMIT = 1 << 20
_HEAD = struct.Struct("<BI")
_KEPT = struct.Struct("<I")
_SAME, _MOVED = 0, 1

Raw = npt.NDArray[np.uint8]


def layout(kind: np.dtype[Any]) -> Any:
    """A dtype as plain data: a numpy format, [format, shape] for an array, a dictionary for a struct."""
    if kind.subdtype:
        return [layout(kind.subdtype[0]), list(kind.subdtype[1])]
    if kind.names is None:
        return kind.str
    members: Any = kind.fields
    return {
        "names": list(kind.names),
        "formats": [layout(members[name][0]) for name in kind.names],
        "offsets": [members[name][1] for name in kind.names],
        "size": kind.itemsize,
    }


def record_type(plain: Any) -> np.dtype[Any]:
    """The dtype of `layout`'s plain data; ValueError (or TypeError, KeyError) for anything but numbers and bytes."""
    kind = _type(plain)
    if kind.names is None or not 0 < kind.itemsize <= _ITEM_LIMIT:
        raise ValueError("a record has no members, or is too large")
    return kind


def _type(plain: Any) -> np.dtype[Any]:
    if isinstance(plain, str):
        if not _FORMAT.fullmatch(plain):
            raise ValueError("a member is neither a number nor bytes")
        return np.dtype(plain)
    if isinstance(plain, list):
        member, shape = plain
        return np.dtype((_type(member), tuple(int(size) for size in shape)))
    formats = [_type(member) for member in plain["formats"]]
    return np.dtype(
        {"names": plain["names"], "formats": formats, "offsets": plain["offsets"], "itemsize": plain["size"]}
    )


def pack_map(now: MapRows, before: MapRows | None) -> bytes:
    """`now` as its difference from `before`, to be read with `unpack_map` and the same `before`."""
    keys, values = _raw(now.keys), _raw(now.values)
    place = _place(now, before)
    base = _base(values, place, before)
    if before and np.array_equal(place, np.arange(before.keys.size)):
        return _HEAD.pack(_SAME, 0) + _planes(_minus(values, base))
    new = place < 0
    steps = np.diff(place, prepend=0).astype("<i4")
    return b"".join(
        (_HEAD.pack(_MOVED, int(new.sum())), _planes(_raw(steps)), _planes(keys[new]), _planes(_minus(values, base)))
    )


def unpack_map(packed: memoryview, key: Any, value: Any, count: int, capacity: int, before: MapRows | None) -> MapRows:
    """The content of a map of `count` rows with layouts `key` and `value`; ValueError where lengths do not agree."""
    key_type, value_type = record_type(key), record_type(value)
    moved, added = _HEAD.unpack_from(packed)
    reader = _Reader(packed[_HEAD.size :])
    if before and (before.keys.dtype != key_type or before.values.dtype != value_type):
        before = None
    if moved == _SAME:
        if before is None or before.keys.size != count:
            raise ValueError("rows refer to a map that was not there")
        keys, place = before.keys, np.arange(count)
    else:
        place = np.cumsum(reader.records(count, np.dtype("<i4")), dtype=np.int64)
        keys = _keys(reader.records(added, key_type), place, before)
    values = reader.records(count, value_type)
    reader.end()
    raw = _raw(values)
    raw[...] = _plus(raw, _base(raw, place, before))
    return MapRows(_cleaned(keys), _cleaned(values), capacity)


def pack_tail(now: EventTail, before: EventTail | None) -> bytes:
    """The records of `now` that `before` has not, to be read with `unpack_tail` and the same `before`."""
    raw = _raw(now.records)
    kept = _kept(now, before)
    return _KEPT.pack(kept) + _planes(raw[kept:])


def unpack_tail(packed: memoryview, record: Any, count: int, seen: int, before: EventTail | None) -> EventTail:
    """A tail of `count` records of layout `record`; ValueError where lengths do not agree."""
    kind = record_type(record)
    (kept,) = _KEPT.unpack_from(packed)
    reader = _Reader(packed[_KEPT.size :])
    if kept > count:
        raise ValueError("more records are kept than there are")
    fresh = reader.records(count - kept, kind)
    reader.end()
    if not kept:
        return EventTail(_cleaned(fresh), seen)
    if before is None or before.records.dtype != kind or before.records.size < kept:
        raise ValueError("records refer to some that were not there")
    records = np.zeros(count, kind)
    _raw(records)[:kept] = _raw(before.records)[-kept:]
    _raw(records)[kept:] = _raw(fresh)
    return EventTail(_cleaned(records), seen)


class _Reader:
    """Takes records off the front of some bytes."""

    def __init__(self, left: memoryview) -> None:
        self._left = left

    def records(self, count: int, kind: np.dtype[Any]) -> Records:
        """The next `count` records, (count,), written as byte planes."""
        size = count * kind.itemsize
        if not 0 <= size <= len(self._left):
            raise ValueError("there are fewer bytes than rows")
        result = np.zeros(count, kind)
        planes = np.frombuffer(self._left[:size], np.uint8)
        _raw(result)[...] = planes.reshape(kind.itemsize, count).T
        self._left = self._left[size:]
        return result

    def end(self) -> None:
        """ValueError unless everything was taken."""
        if len(self._left):
            raise ValueError("there are more bytes than rows")


def _raw(records: npt.NDArray[Any]) -> Raw:
    """The bytes of `records` (n,), padding included, (n, itemsize); a view where they lie together."""
    together = np.ascontiguousarray(records)
    return together.view(np.uint8).reshape(records.size, records.dtype.itemsize)


def _planes(raw: Raw) -> bytes:
    return np.ascontiguousarray(raw.T).tobytes()


def _place(now: MapRows, before: MapRows | None) -> rows.Index:
    if before is None or before.keys.dtype != now.keys.dtype or before.values.dtype != now.values.dtype:
        return np.full(now.keys.size, -1)
    return rows.match(now.keys, before.keys)


def _base(values: Raw, place: rows.Index, before: MapRows | None) -> Raw:
    """For each row what its values were before, zeros for new ones; as `values` in shape."""
    base = np.zeros_like(values)
    known = place >= 0
    if before is not None:
        base[known] = _raw(before.values)[place[known]]
    elif known.any():
        raise ValueError("rows refer to a map that was not there")
    return base


def _keys(added: Records, place: rows.Index, before: MapRows | None) -> Records:
    keys = np.zeros(place.size, added.dtype)
    new = place < 0
    if int(new.sum()) != added.size:
        raise ValueError("there are not as many new rows as keys for them")
    _raw(keys)[new] = _raw(added)
    if before is not None:
        _raw(keys)[~new] = _raw(before.keys)[place[~new]]
    return keys


def _words(raw: Raw) -> npt.NDArray[Any]:
    return raw.view(np.uint64) if raw.shape[1] % 8 == 0 else raw


def _minus(raw: Raw, base: Raw) -> Raw:
    difference: Raw = (_words(raw) - _words(base)).view(np.uint8)
    return difference


def _plus(raw: Raw, base: Raw) -> Raw:
    sums: Raw = (_words(raw) + _words(base)).view(np.uint8)
    return sums


def _kept(now: EventTail, before: EventTail | None) -> int:
    """How many records of `before`'s end are the beginning of `now`."""
    if before is None or before.records.dtype != now.records.dtype:
        return 0
    fresh = min(max(0, now.seen - before.seen), now.records.size)
    kept = min(now.records.size - fresh, before.records.size)
    if not kept or not np.array_equal(_raw(now.records)[:kept], _raw(before.records)[-kept:]):
        return 0
    return kept


def _cleaned(records: Records) -> Records:
    """`records` with every char member clean; the same array where all are, as in any recording that ebtop wrote."""
    for name in records.dtype.names or ():
        if records.dtype[name].kind == "S":
            column = np.ascontiguousarray(records[name])
            clean = clean_array(column)
            if clean is not column:
                records[name] = clean
    return records

"""Array rows as what changed since earlier ones, byte plane by byte plane, and back, exact; knows nothing of files.

Rows are matched by key, values subtracted as 64-bit words modulo 2**64 (as bytes where the size is not a multiple of
eight): whatever stood still becomes zeros, whatever grew becomes small, and any compressor does the rest. Long texts
of new rows are written once, as numbers where earlier rows have them already.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.dtypes import record_type
from ebtop.sample import EventTail, MapRows, Records
from ebtop.text import clean_array

_HEAD = struct.Struct("<BI")
_KEPT = struct.Struct("<I")
_COUNT = struct.Struct("<I")
_SAME, _MOVED = 0, 1
_LONG = 32
"""Bytes from which on a text is not written as planes."""

Raw = npt.NDArray[np.uint8]


def in_order(content: MapRows) -> MapRows:
    """`content` with its rows in the order of their keys' numbers and texts, for new rows then lie side by side."""
    keys = content.keys
    plain = [name for name in reversed(keys.dtype.names or ()) if keys.dtype[name].kind in "uiS"]
    if not plain or keys.size < 2:
        return content
    order = np.lexsort(tuple(keys[name] for name in plain))
    return MapRows(_rows(keys, order), _rows(content.values, order), content.capacity)


def pack_map(now: MapRows, before: MapRows | None) -> bytes:
    """`now` as its difference from `before`, to be read with `unpack_map` and the same `before`."""
    if before and (before.keys.dtype != now.keys.dtype or before.values.dtype != now.values.dtype):
        before = None
    values = _raw(now.values)
    place = _place(now, before)
    base = _base(values, place, before)
    if before and np.array_equal(place, np.arange(before.keys.size)):
        return _HEAD.pack(_SAME, 0) + _planes(_minus(values, base))
    new = place < 0
    steps = np.diff(place, prepend=0).astype("<i4")
    return b"".join(
        (
            _HEAD.pack(_MOVED, int(new.sum())),
            _planes(_raw(steps)),
            _fresh(_rows(now.keys, np.flatnonzero(new)), before.keys if before else None),
            _planes(_minus(values, base)),
        )
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
        keys = _keys(reader.fresh(added, key_type, before.keys if before else None), place, before)
    values = reader.records(count, value_type)
    reader.end()
    raw = _raw(values)
    raw[...] = _plus(raw, _base(raw, place, before))
    return MapRows(_cleaned(keys), _cleaned(values), capacity)


def pack_tail(now: EventTail, before: EventTail | None) -> bytes:
    """The records of `now` that `before` has not, to be read with `unpack_tail` and the same `before`."""
    kept = _kept(now, before)
    earlier = before.records if before and before.records.dtype == now.records.dtype else None
    return _KEPT.pack(kept) + _fresh(now.records[kept:], earlier)


def unpack_tail(packed: memoryview, record: Any, count: int, seen: int, before: EventTail | None) -> EventTail:
    """A tail of `count` records of layout `record`; ValueError where lengths do not agree."""
    kind = record_type(record)
    (kept,) = _KEPT.unpack_from(packed)
    reader = _Reader(packed[_KEPT.size :])
    if kept > count:
        raise ValueError("more records are kept than there are")
    if before and before.records.dtype != kind:
        before = None
    fresh = reader.fresh(count - kept, kind, before.records if before else None)
    reader.end()
    if not kept:
        return EventTail(_cleaned(fresh), seen)
    if before is None or before.records.size < kept:
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

    def fresh(self, count: int, kind: np.dtype[Any], earlier: Records | None) -> Records:
        """The next `count` records, (count,), written by `_fresh` with the same `earlier`."""
        short, texts = _split(kind)
        if not texts:
            return self.records(count, kind)
        result = np.zeros(count, kind)
        if short.any():
            _raw(result)[:, short] = _raw(self.records(count, np.dtype([("short", f"V{short.sum()}")])))
        for name in texts:
            known = _texts(earlier, name, kind)
            (added,) = _COUNT.unpack(self._take(_COUNT.size))
            new = np.frombuffer(self._take(added * kind[name].itemsize), kind[name], added)
            number = self.records(count, np.dtype("<u4"))
            result[name] = np.concatenate([known, new])[number]
        return result

    def _take(self, size: int) -> memoryview:
        if size > len(self._left):
            raise ValueError("there are fewer bytes than texts")
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def end(self) -> None:
        """ValueError unless everything was taken."""
        if len(self._left):
            raise ValueError("there are more bytes than rows")


def _raw(records: npt.NDArray[Any]) -> Raw:
    """The bytes of `records` (n,), padding included, (n, itemsize); a view where they lie together."""
    together = np.ascontiguousarray(records)
    return together.view(np.uint8).reshape(records.size, records.dtype.itemsize)


def _rows(records: Records, order: rows.Index) -> Records:
    """`records[order]`, padding included."""
    return _raw(records)[order].reshape(-1).view(records.dtype)


def _planes(raw: Raw) -> bytes:
    return np.ascontiguousarray(raw.T).tobytes()


def _split(kind: np.dtype[Any]) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Which bytes of a record of `kind` are not in long texts, and the names of these."""
    short, texts = np.ones(kind.itemsize, bool), []
    for name, (member, offset, *_) in (kind.fields or {}).items():
        if member.kind == "S" and member.itemsize >= _LONG:
            short[offset : offset + member.itemsize] = False
            texts.append(name)
    return short, texts


def _texts(earlier: Records | None, name: str, kind: np.dtype[Any]) -> npt.NDArray[np.bytes_]:
    """The distinct texts that `earlier` has as `name`, in order."""
    return np.unique(earlier[name]) if earlier is not None else np.zeros(0, kind[name])


def _fresh(records: Records, earlier: Records | None) -> bytes:
    """`records` (n,) for `_Reader.fresh`: planes, then for each long text what is not in `earlier`, and numbers."""
    short, texts = _split(records.dtype)
    parts = [_planes(_raw(records)[:, short])]
    for name in texts:
        known = _texts(earlier, name, records.dtype)
        found, place = np.unique(records[name], return_inverse=True)
        new = ~np.isin(found, known)
        numbers = np.where(new, known.size + np.cumsum(new) - 1, np.searchsorted(known, found))
        number = numbers.astype("<u4")[place.reshape(-1)]
        parts += [_COUNT.pack(int(new.sum())), found[new].tobytes(), _planes(_raw(number))]
    return b"".join(parts)


def _place(now: MapRows, before: MapRows | None) -> rows.Index:
    if before is None:
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

"""C structs as numpy dtypes, per-CPU slots combined; knows nothing of descriptors."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.text import clean_array
from ebtop.wire import Field

_EACH = np.uint64(0x0101010101010101)
_LOW = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH = np.uint64(0x8080808080808080)
_BLOCK = 512
"""Texts that are looked at at a time: what is made of them meanwhile fits into the CPU's caches."""


def record_type(fields: tuple[Field, ...], size: int) -> np.dtype[Any]:
    """The dtype of a struct of `size` bytes, padding kept."""
    return np.dtype(
        {
            "names": [field.name for field in fields],
            "formats": [field.format for field in fields],
            "offsets": [field.offset for field in fields],
            "itemsize": size,
        }
    )


def combine(slots: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The per-CPU structs `slots` (n, cpus) as one each, (n,), of the same dtype; padding zero.

    Members named `max_…` by maximum, char arrays by the first that is not empty, all other by sum.
    """
    result = np.zeros(slots.shape[0], slots.dtype)
    for name in slots.dtype.names or ():
        member, target = slots[name], result[name]
        if member.dtype.kind == "S":
            _first_filled(slots, result, name)
            continue
        target[...] = member[:, 0]
        join = np.maximum if name.startswith("max_") else np.add
        for cpu in range(1, member.shape[1]):
            join(target, member[:, cpu], out=target)
    return result


def combine_banks(slots: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As `combine`, for banks (cpus, n) one behind the other in memory: where all is u64, all is added at once."""
    maxima = _maxima(slots.dtype)
    if maxima is None:
        return combine(slots.T)
    words = slots.view(np.uint64).reshape(*slots.shape, -1)
    result: npt.NDArray[np.uint64] = words[0].copy()
    for bank in words[1:]:
        result += bank
    for word in maxima:
        words[:, :, word].max(axis=0, out=result[:, word])
    combined: npt.NDArray[Any] = result.reshape(-1).view(slots.dtype)
    return combined


@cache
def _maxima(layout: np.dtype[Any]) -> tuple[int, ...] | None:
    """Which words of a struct are maxima; None where not all of it is u64."""
    members = [(name, *layout.fields[name][:2]) for name in layout.names or ()] if layout.fields else []
    if sum(kind.itemsize for _, kind, _ in members) != layout.itemsize or any(
        kind.base != "u8" for _, kind, _ in members
    ):
        return None
    return tuple(offset // 8 for name, _, offset in members if name.startswith("max_"))


def _first_filled(slots: npt.NDArray[Any], result: npt.NDArray[Any], name: str) -> None:
    offset: int = slots.dtype.fields[name][1]  # type: ignore[index]  # it has fields, or there were no name
    begins = result.getfield(np.dtype("u1"), offset)
    result[name] = slots[name][:, 0]
    for cpu in range(1, slots.shape[1]):
        empty = np.flatnonzero(begins == 0)
        if not empty.size:
            return
        result[name][empty] = slots[name][empty, cpu]


class CleanTexts:
    """Cleans the char members of one map's structs, only when their bytes are not those of the last time."""

    def __init__(self, layout: np.dtype[Any]) -> None:
        self._names = [name for name in layout.names or () if layout[name].kind == "S"]
        self._raw: dict[str, npt.NDArray[Any]] = {}
        self._clean: dict[str, npt.NDArray[Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._names)

    def apply(self, records: npt.NDArray[Any]) -> None:
        """Clean the char members of `records` (n,) in place."""
        for name in self._names:
            raw = np.ascontiguousarray(records[name])
            if name not in self._raw or not same_bytes(raw, self._raw[name]):
                self._raw[name] = raw
                self._clean[name] = raw if plain(raw) else clean_array(raw)
            if self._clean[name] is not self._raw[name]:
                records[name] = self._clean[name]


def clean_texts(records: npt.NDArray[Any]) -> bool:
    """Clean the char members of `records` (n,) in place; whether any of them needed it."""
    cleaned = False
    for name in records.dtype.names or ():
        if records.dtype[name].kind == "S" and not plain(column := np.ascontiguousarray(records[name])):
            clean = clean_array(column)
            if clean is not column:
                records[name], cleaned = clean, True
    return cleaned


def plain(column: npt.NDArray[Any]) -> bool:
    """Whether all of `column` (n,) is printable ASCII padded with NULs, in a few passes over 64-bit words.

    Bytes are compared eight at a time: adding k to the low seven bits sets the eighth where they are >= 128 - k.
    """
    words = _words(column)
    if words is None or not column.size:
        return not column.size
    each = words.size // column.size
    return all(_plain(words[first : first + _BLOCK * each], each) for first in range(0, words.size, _BLOCK * each))


def _plain(words: npt.NDArray[np.uint64], each: int) -> bool:
    """The same of some texts, of `each` words."""
    low = words & _LOW
    filled = (low + _LOW) & _HIGH
    printable = (low + _EACH * np.uint64(0x60)) & ~(low + _EACH) & _HIGH
    if bool(((words | (filled & ~printable)) & _HIGH).any()):
        return False
    if bool((filled & ~(filled << np.uint64(8)) & ~np.uint64(0xFF)).any()):
        return False
    full = filled.reshape(-1, each)
    return not bool(((full[:, 1:] != 0) & (full[:, :-1] != _HIGH)).any())


def same_bytes(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether two contiguous arrays of one dtype hold the same, byte for byte."""
    if one.shape != other.shape:
        return False
    first, second = _words(one), _words(other)
    if first is None or second is None:
        return bool(np.array_equal(one.view(np.uint8), other.view(np.uint8)))
    return bool(np.array_equal(first, second))


def _words(column: npt.NDArray[Any]) -> npt.NDArray[np.uint64] | None:
    if column.dtype.itemsize % 8:
        return None
    return np.ascontiguousarray(column).reshape(-1).view(np.uint64)

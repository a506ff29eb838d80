"""Matching and grouping of map rows, vectorised and exact; knows nothing of probes or time."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.sample import Records

Index = npt.NDArray[np.intp]
_groups: dict[tuple[int, tuple[str, ...]], tuple[weakref.ref[Records], Records, Index]] = {}
"""What `group` found, by identity of the keys, for as long as they are there."""
_matches: dict[tuple[int, int], tuple[weakref.ref[Records], weakref.ref[Records], Index]] = {}
"""What `match` searched for, by identity of both keys, for as long as both are there."""
_orders: dict[int, tuple[weakref.ref[Records], Index, npt.NDArray[np.uint64]]] = {}
"""Digests of keys in order, and that order: what was `keys` in one search is `earlier` in the next."""
_BLOCK = 1024
"""Rows that are compared at a time."""
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: Knuth, The Art of Computer Programming 3, 6.4


def words(keys: Records) -> npt.NDArray[np.uint64]:
    """`keys` (n,) as (n, w) 64-bit words, zero-padded: equal words, equal keys."""
    size = keys.dtype.itemsize
    raw = np.ascontiguousarray(keys).view(np.uint8).reshape(keys.size, size)
    if size % 8:
        padded = np.zeros((keys.size, size + 8 - size % 8), np.uint8)
        padded[:, :size] = raw
        raw = padded
    return raw.view(np.uint64)


def match(keys: Records, earlier: Records) -> Index:
    """For each of `keys` its place in `earlier`, or -1; (n,), not to be changed. Both of one dtype, each key once.

    Same keys in the same order, the usual case between two reads of a map, cost one comparison. Otherwise keys are
    found by a 64-bit digest and compared whole, so that a collision can cost time but never a wrong answer; neither
    array may be changed afterwards, for while they are the same, so is the answer.
    """
    if keys is earlier:
        return np.arange(keys.size)
    name = (id(keys), id(earlier))
    known = _matches.get(name)
    if known is None or known[0]() is not keys or known[1]() is not earlier:
        place = _match(keys, earlier)

        def forget(_: object) -> None:
            _matches.pop(name, None)

        known = _matches[name] = (weakref.ref(keys, forget), weakref.ref(earlier, forget), place)
    return known[2]


def _match(keys: Records, earlier: Records) -> Index:
    now, before = words(keys), words(earlier)
    if now.shape == before.shape and np.array_equal(now, before):
        return np.arange(keys.size)
    if not before.size or not now.size:
        return np.full(keys.size, -1)
    (order_now, ordered_now), (order, ordered) = _in_order(keys, now), _in_order(earlier, before)
    if bool((ordered[1:] == ordered[:-1]).any()):
        return _match_slowly(now, before)
    place = np.empty(keys.size, np.intp)
    place[order_now] = order[np.minimum(np.searchsorted(ordered, ordered_now), order.size - 1)]
    return np.where(_same(now, before, place), place, -1)


def _same(now: npt.NDArray[np.uint64], before: npt.NDArray[np.uint64], place: Index) -> npt.NDArray[np.bool_]:
    """Which rows of `now` are those of `before` at `place`; block by block, as keys may be megabytes."""
    same = np.empty(len(now), np.bool_)
    for first in range(0, len(now), _BLOCK):
        block = slice(first, first + _BLOCK)
        np.equal(before[place[block]], now[block]).all(axis=1, out=same[block])
    return same


def _in_order(keys: Records, key_words: npt.NDArray[np.uint64]) -> tuple[Index, npt.NDArray[np.uint64]]:
    """The order of the keys' digests, and these in order."""
    known = _orders.get(id(keys))
    if known is None or known[0]() is not keys:
        digests = _digest(key_words)
        order = np.argsort(digests)
        name = id(keys)
        known = _orders[name] = (weakref.ref(keys, lambda _: _orders.pop(name, None)), order, digests[order])
    return known[1:]


def _digest(key_words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One number for each row (n, w): a polynomial in an odd number, modulo 2**64; one pass over memory."""
    powers = np.multiply.accumulate(np.full(key_words.shape[1], _MIX))
    digests: npt.NDArray[np.uint64] = np.einsum("ij,j->i", key_words, powers)
    return digests


def group(keys: Records, fields: tuple[str, ...]) -> tuple[Records, Index]:
    """The distinct combinations of `fields` in `keys`, and for each row the place of its combination.

    `keys` must not be changed afterwards: while they are the same array, so is the answer.
    """
    if fields == keys.dtype.names:
        return keys, np.arange(keys.size)
    name = (id(keys), fields)
    known = _groups.get(name)
    if known is None or known[0]() is not keys:
        forget = partial(_groups.pop, name)  # which at Python's end, unlike this module's names, is still there
        known = (weakref.ref(keys, forget), *combined(keys, fields))
        _groups[name] = known
    return known[1:]


def combined(keys: Records, fields: tuple[str, ...]) -> tuple[Records, Index]:
    """As `group`, worked out anew."""
    if keys.size == 0 or not fields:
        return _part(keys[:1], fields), np.zeros(keys.size, np.intp)
    mixed = np.concatenate([_mix(words(_part(block, fields))) for block in _blocks(keys)])
    first, place = _distinct(mixed)
    if first.size == keys.size:
        return _part(keys, fields), np.arange(keys.size)
    part = _part(keys[first], fields)
    if not _is_spread(part, place, keys):
        _, first, place = np.unique(words(_part(keys, fields)), axis=0, return_index=True, return_inverse=True)
        part, place = _part(keys[first], fields), place.reshape(-1)
    return part, place


def _part(keys: Records, fields: tuple[str, ...]) -> Records:
    """The members `fields` of `keys`, without padding."""
    part = np.zeros(keys.size, np.dtype([(name, keys.dtype[name]) for name in fields]))
    for name in fields:
        part[name] = keys[name]
    return part


def _blocks(keys: Records) -> Iterator[Records]:
    """`keys` in pieces, as they may be megabytes: what is made of a piece fits into the CPU's caches."""
    return (keys[first : first + _BLOCK] for first in range(0, keys.size, _BLOCK))


def _is_spread(part: Records, place: Index, keys: Records) -> bool:
    """Whether `part[place]` is what the members of `keys` are that `part` has: no two rows had one mix by chance."""
    fields, whole = part.dtype.names or (), words(part)
    return all(
        np.array_equal(whole[place[first : first + _BLOCK]], words(_part(keys[first : first + _BLOCK], fields)))
        for first in range(0, keys.size, _BLOCK)
    )


def distinct(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The different ones of `numbers` (n,), ascending; five times as fast as np.unique, and without numpy.ma."""
    ordered = np.sort(numbers)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if ordered.size else ordered


def _distinct(mixed: npt.NDArray[np.uint64]) -> tuple[Index, Index]:
    """For each different one of `mixed` (n,) where it stands, in their order, and for each which of them it is."""
    order = np.argsort(mixed)
    ordered = mixed[order]
    begins = np.empty(ordered.size, np.bool_)
    begins[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    first, place = order[begins], np.empty(ordered.size, np.intp)
    place[order] = np.cumsum(begins) - 1
    return first, place


def add(values: npt.NDArray[Any], place: Index, groups: int) -> npt.NDArray[Any]:
    """Sum of `values` (n,) or (n, k) by group; (groups,) or (groups, k), dtype kept."""
    if groups == values.shape[0]:
        return _spread(values, place)
    result = np.zeros((groups, *values.shape[1:]), values.dtype)
    np.add.at(result, place, values)
    return result


def largest(values: npt.NDArray[Any], place: Index, groups: int) -> npt.NDArray[Any]:
    """Maximum of `values` (n,) by group; (groups,)."""
    if groups == values.shape[0]:
        return _spread(values, place)
    result = np.zeros(groups, values.dtype)
    np.maximum.at(result, place, values)
    return result


def first(values: npt.NDArray[Any], place: Index, groups: int) -> npt.NDArray[Any]:
    """One of `values` (n,), NUL-padded texts, for each group, a non-empty one if there is any."""
    if groups == values.shape[0]:
        return _spread(values, place)
    result = np.zeros(groups, values.dtype)
    filled = values.getfield(np.uint8) != 0
    result[place[filled]] = values[filled]
    return result


def _spread(values: npt.NDArray[Any], place: Index) -> npt.NDArray[Any]:
    if bool((place == np.arange(place.size)).all()):
        return values
    result = np.empty_like(values)
    result[place] = values
    return result


def _mix(key_words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = key_words[:, 0]
    for column in range(1, key_words.shape[1]):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX + key_words[:, column]
    return mixed


def _match_slowly(now: npt.NDArray[np.uint64], before: npt.NDArray[np.uint64]) -> Index:
    places = {row.tobytes(): place for place, row in enumerate(before)}
    return np.array([places.get(row.tobytes(), -1) for row in now], np.intp)

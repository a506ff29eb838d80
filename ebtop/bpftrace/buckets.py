"""Numbers and buckets as bpftrace has them, as ebtop has them; knows nothing of maps or keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ebtop.sample import BUCKETS

_LARGEST = np.iinfo(np.int64).max
_NAN = float("nan")
Row = tuple[Any, ...]
"""Key or numbers of a row, in the order of its members."""


def ranged(bucket: Mapping[str, Any], wide: int) -> tuple[int, bytes]:
    """A number that puts a bucket in its place, and the bucket in words; open ends have no min or no max.

    `wide`: of those that are not, 0 where there is none.
    """
    if "min" not in bucket:
        return -1, f"below {signed(bucket['max']) + 1}".encode()
    lower = signed(bucket["min"])
    place = lower // wide if wide else 0
    if "max" not in bucket:
        return place, f"{lower} and above".encode()
    upper = signed(bucket["max"])
    return place, (f"{lower} to {upper}" if upper > lower else f"{lower}").encode()


def log2(buckets: Iterable[Mapping[str, Any]]) -> Row:
    """Counts by ebtop's buckets, their sum, and how many values were below zero; sum and largest nobody knows.

    bpftrace has a bucket for 0 and one for 1, ebtop one for both; those of 2 to 3, 4 to 7 and so on are the same
    (log2 in bpftrace's src/ast/passes/codegen_llvm.cpp).
    """
    slots, negative, whole = np.zeros(BUCKETS, np.uint64), 0, 0
    for bucket in buckets:
        count = unsigned(bucket["count"])
        whole += count
        if "min" not in bucket:
            negative += count
        else:
            lower = signed(bucket["min"])
            slots[min(max(lower, 1).bit_length() - 1, BUCKETS - 1)] += np.uint64(count)
    return slots, whole, negative, _NAN, _NAN


def linear(buckets: Iterable[Mapping[str, Any]], edges: tuple[int, ...]) -> Row:
    """The same of a linear histogram, whose least bucket holds what is below it."""
    slots, whole = np.zeros(BUCKETS, np.uint64), 0
    for bucket in buckets:
        count = unsigned(bucket["count"])
        whole += count
        place = bisect_right(edges, signed(bucket["min"])) if "min" in bucket else 0
        slots[place] += np.uint64(count)
    return slots, whole, 0, _NAN, _NAN


def signed(number: Any) -> int:
    """An integer within 64 bits; TypeError for anything else."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError("no number")
    return min(max(number, -_LARGEST), _LARGEST)


def unsigned(number: Any) -> int:
    """A count: never below zero."""
    return max(0, signed(number))

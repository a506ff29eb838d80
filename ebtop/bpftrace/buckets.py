"""Numbers and buckets as bpftrace has them, as ebtop has them; knows nothing of maps or keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.sample import BUCKETS

LARGEST = int(np.iinfo(np.int64).max)
"""No number is larger, and none that is negative further from zero."""
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
    slots, negative = [0] * BUCKETS, 0
    for bucket in buckets:
        count = unsigned(bucket["count"])
        if "min" not in bucket:
            negative += count
        else:
            lower = signed(bucket["min"])
            slots[min(max(lower, 1).bit_length() - 1, BUCKETS - 1)] += count
    return _slots(slots), signed(negative + sum(slots)), signed(negative), _NAN, _NAN


def linear(buckets: Iterable[Mapping[str, Any]], edges: tuple[int, ...]) -> Row:
    """The same of a linear histogram, whose least bucket holds what is below it."""
    slots = [0] * BUCKETS
    for bucket in buckets:
        place = bisect_right(edges, signed(bucket["min"])) if "min" in bucket else 0
        slots[place] += unsigned(bucket["count"])
    return _slots(slots), signed(sum(slots)), 0, _NAN, _NAN


def _slots(counts: list[int]) -> npt.NDArray[np.uint64]:
    return np.array([signed(count) for count in counts], np.uint64)


def added(first: Any, second: Any) -> Any:
    """The sum of two such numbers, or of two such rows of buckets, within the same bounds."""
    if isinstance(first, np.ndarray):
        return np.minimum(first + second, np.uint64(LARGEST))
    return signed(first + second) if isinstance(first, int) else first + second


def signed(number: Any) -> int:
    """An integer within 64 bits; TypeError for anything else."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError("no number")
    return min(max(number, -LARGEST), LARGEST)


def unsigned(number: Any) -> int:
    """A count: never below zero."""
    return max(0, signed(number))

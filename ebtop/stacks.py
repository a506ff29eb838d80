"""What a map that counts by stack says of functions, and of stacks whatever the process; pure, knows no seconds.

Both are a Change of their own: what rows grew by is added up, so that a row that was evicted or counted from zero is
what it is in any other table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.change import Change
from ebtop.sample import MapRows, Records
from ebtop.spec import STACK

PATH = "path"
"""Member of the values of paths: numbers of the program and of its functions, outermost first, 0 behind the last."""
_NO_VALUES = np.dtype([])


class _Expanded(Change):
    """Rows of another kind, each the sum of rows of a map."""

    def __init__(self, raw: Change, keys: Records) -> None:
        super().__init__(MapRows(keys, np.zeros(keys.size, _NO_VALUES), raw.now.capacity), None)
        self._raw = raw

    def base(self, field: str) -> npt.NDArray[Any]:
        """Not known of rows that are made up."""
        raise KeyError(field)


class Functions(_Expanded):
    """A row for each function: `self_FIELD` in it, `all_FIELD` in it and in what it called, once for each stack."""

    def __init__(self, raw: Change, paths: MapRows) -> None:
        numbers, self._place = _paths(raw.now.keys, paths)
        leaves = _leaves(numbers)
        row, function = _distinct_functions(numbers)
        found = rows.distinct(np.concatenate([leaves, function]))
        self._leaf = np.searchsorted(found, leaves)
        self._row, self._function = row, np.searchsorted(found, function)
        keys = np.zeros(found.size, [("function", "<u4"), ("module", "<u4")])
        keys["function"] = keys["module"] = found
        super().__init__(raw, keys)

    def delta(self, field: str) -> npt.NDArray[Any]:
        """What `field` grew by."""
        return self._summed(field, self._raw.delta)

    def since(self, field: str) -> npt.NDArray[Any]:
        """`field` since counting began."""
        return self._summed(field, self._raw.since)

    def _summed(self, field: str, of: Any) -> npt.NDArray[Any]:
        within, _, member = field.partition("_")
        values = np.asarray(of(member))[self._place]
        places, parts = (self._leaf, values) if within == "self" else (self._function, values[self._row])
        return np.bincount(places, parts, self.now.keys.size)


class Stacks(_Expanded):
    """A row for each path of functions below a program, whatever its process."""

    def __init__(self, raw: Change, paths: MapRows) -> None:
        numbers, self._rows = _paths(raw.now.keys, paths)
        keys = np.zeros(len(numbers), [(STACK, "<u4", (numbers.shape[1],))])
        keys[STACK] = numbers
        distinct, self._group = rows.combined(keys, (STACK,))
        super().__init__(raw, distinct)

    def delta(self, field: str) -> npt.NDArray[Any]:
        """What `field` grew by."""
        return self._summed(self._raw.delta(field))

    def since(self, field: str) -> npt.NDArray[Any]:
        """`field` since counting began."""
        return self._summed(self._raw.since(field))

    def _summed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows.add(values[self._rows], self._group, self.now.keys.size)


def _paths(keys: Records, paths: MapRows) -> tuple[npt.NDArray[np.uint32], rows.Index]:
    """The paths (n, k) of the rows with these `keys`, and the places of those rows; rows without one are left out."""
    place = rows.match(keys, paths.keys)
    there = np.flatnonzero(place >= 0)
    numbers: npt.NDArray[np.uint32] = paths.values[PATH][place[there]]
    known = numbers[:, 0] != 0 if numbers.size else np.zeros(len(numbers), np.bool_)
    return numbers[known], there[known]


def _leaves(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The innermost function of each path (n, k)."""
    last = (numbers != 0).sum(axis=1) - 1
    leaves: npt.NDArray[np.uint32] = numbers[np.arange(len(numbers)), last]
    return leaves


def _distinct_functions(numbers: npt.NDArray[np.uint32]) -> tuple[rows.Index, npt.NDArray[np.uint32]]:
    """Row and function of every function of every path, once where a function calls itself; programs left out."""
    ordered = np.sort(numbers[:, 1:], axis=1)
    new = ordered != 0
    new[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    row, column = np.nonzero(new)
    return row, ordered[row, column]

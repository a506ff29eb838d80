"""What the rows of one map grew by between two samples; knows neither views nor seconds."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.frame import Numbers
from ebtop.sample import MapRows, Records

Used = npt.NDArray[np.bool_] | EllipsisType


@dataclass
class Change:
    """One map between two samples; members are computed when asked for."""

    now: MapRows
    before: MapRows | None
    gauges: Callable[[], Container[str]] = frozenset
    """Names the members that may fall without the row having been made anew; asked for when one has fallen."""

    @cached_property
    def _earlier(self) -> Records | None:
        """What the rows of `now` were before, (n,), anything for rows that were not there; None: nothing was."""
        if self.before is None or self.before.keys.size == 0:
            return None
        if self.before.keys is self.now.keys:
            return self.before.values
        return self.before.values[self._place]

    @cached_property
    def _place(self) -> rows.Index:
        assert self.before is not None
        return rows.match(self.now.keys, self.before.keys)

    @cached_property
    def reborn(self) -> rows.Index:
        """Places of rows that are new, or of which a counter shrank: evicted and made anew, so all values are new."""
        if self.before is None or self._earlier is None:
            return np.arange(self.now.keys.size)
        reborn = np.zeros(self.now.keys.size, np.bool_)
        if self.before.keys is not self.now.keys:
            np.less(self._place, 0, out=reborn)
        for name in rows_summed(self.now.values):
            shrank = self.now.values[name] < self._earlier[name]
            if shrank.any() and name not in self.gauges():
                reborn |= shrank if shrank.ndim == 1 else shrank.any(axis=1)
        return np.flatnonzero(reborn)

    def delta(self, field: str) -> npt.NDArray[Any]:
        """What `field` grew by, dtype kept."""
        value: npt.NDArray[Any] = self.now.values[field]
        if self.before is self.now:
            return np.zeros_like(value)
        if self._earlier is None:
            return value
        grown: npt.NDArray[Any] = value - self._earlier[field]
        grown[self.reborn] = value[self.reborn]
        return grown

    def base(self, field: str) -> npt.NDArray[Any]:
        """What `field` was before, zero in rows that are new or made anew, dtype kept."""
        if self._earlier is None:
            return np.zeros_like(self.now.values[field])
        earlier: npt.NDArray[Any] = self._earlier[field].copy()
        earlier[self.reborn] = 0
        return earlier

    def since(self, field: str) -> npt.NDArray[Any]:
        """`field` since counting began: the kernel's own value."""
        value: npt.NDArray[Any] = self.now.values[field]
        return value

    def highest(self, field: str, place: rows.Index, groups: int, used: Used = ...) -> Numbers:
        """The largest `field` of each group since counting began, (groups,), of the rows `used`, all if not given."""
        return np.asarray(rows.largest(self.now.values[field][used], place, groups), np.float64)


def rows_summed(values: Records) -> list[str]:
    """The members of `values` that are counters: unsigned numbers, maxima left out."""
    names = values.dtype.names or ()
    return [name for name in names if values.dtype[name].base.kind == "u" and not name.startswith("max_")]

"""Which rows of a table may go: those of processes that are gone; knows nothing of how a map is read or emptied."""

from __future__ import annotations

import os
from collections import deque

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.sample import MapRows

QUIET_TICKS = 3
"""A row goes only after its values stood still for so many refreshes; one, once the map is three quarters full."""


class Pruning:
    """Watches one map whose keys have a process in member `pid_field`."""

    def __init__(self, pid_field: str) -> None:
        self._pid_field = pid_field
        self._earlier: deque[MapRows] = deque(maxlen=QUIET_TICKS)

    def places(self, now: MapRows, alive: npt.NDArray[np.uint32]) -> rows.Index:
        """Rows of `now` to be deleted, (k,); none while the map is at most half full. `alive`: pids there are."""
        if 2 * now.keys.size <= now.capacity:
            self._earlier.clear()
            return np.zeros(0, np.intp)
        ticks = QUIET_TICKS if 4 * now.keys.size <= 3 * now.capacity else 1
        oldest = self._earlier[-ticks] if len(self._earlier) >= ticks else None
        self._earlier.append(now)
        if oldest is None or not oldest.keys.size:
            return np.zeros(0, np.intp)
        gone = ~np.isin(now.keys[self._pid_field], alive)
        place = rows.match(now.keys, oldest.keys)
        still = (place >= 0) & (rows.words(now.values) == rows.words(oldest.values)[place]).all(axis=1)
        return np.flatnonzero(gone & still)


def pids_alive() -> npt.NDArray[np.uint32]:
    """All pids of /proc, and 0, the idle task's, which never ends."""
    return np.array([0, *(int(name) for name in os.listdir("/proc") if name.isdecimal())], np.uint32)

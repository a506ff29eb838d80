"""Which rows of a table may go: of processes that are gone, or long idle; knows nothing of how a map is read."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.sample import MapRows

QUIET_TICKS = 3
"""A row goes only after its values stood still for so many refreshes; one, once the map is three quarters full."""
IDLE_TICKS = 60
"""So many for a row of whatever is still there, or may be: a peer, a thread that lives. Only a map three quarters full
needs that; a row that goes begins anew at its next event."""


class Pruning:
    """Watches one map whose keys have a process in member `pid_field`, "" for none."""

    def __init__(self, pid_field: str = "") -> None:
        self._pid_field = pid_field
        self._before: MapRows | None = None
        self._still: rows.Index = np.zeros(0, np.intp)
        """For how many refreshes in a row the values of each row of that have stood still."""

    def places(self, now: MapRows, alive: npt.NDArray[np.uint32]) -> rows.Index:
        """Rows of `now` to be deleted, (k,); none while the map is at most half full. `alive`: pids there are."""
        if 2 * now.keys.size <= now.capacity:
            self._before = None
            return np.zeros(0, np.intp)
        self._still = self._aged(now)
        self._before = now
        scarce = 4 * now.keys.size > 3 * now.capacity
        quiet = np.flatnonzero(self._still >= (1 if scarce else QUIET_TICKS))
        idle = self._still[quiet] >= (IDLE_TICKS if scarce else np.inf)
        if self._pid_field:
            idle |= ~np.isin(now.keys[self._pid_field][quiet], alive)
        return quiet[idle]

    def _aged(self, now: MapRows) -> rows.Index:
        if self._before is None or not self._before.keys.size:
            return np.zeros(now.keys.size, np.intp)
        place = rows.match(now.keys, self._before.keys)
        same = (rows.words(now.values) == rows.words(self._before.values)[place]).all(axis=1)
        return np.where((place >= 0) & same, self._still[place] + 1, 0)


def pids_alive() -> npt.NDArray[np.uint32]:
    """All pids of /proc, and 0, the idle task's, which never ends."""
    return np.array([0, *(int(name) for name in os.listdir("/proc") if name.isdecimal())], np.uint32)

"""For each row of a map that counts by stack, the functions of its stack; knows neither rates nor symbols.

What is read of the stack-trace maps is what is new: the rows of a sample are joined with paths that were made before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.callers import FAILED, NAMELESS, NO_ROOM, NO_STACK, NOWHERE, PENDING, Callers
from ebtop.kernel.stackmap import LEAF, StackMaps
from ebtop.sample import MapRows, Records
from ebtop.stacks import PATH

NEW, AGAIN = 1000, 300
"""Rows whose stacks are read in one sample: new ones, and such that were not fully named."""
_STEP, _MOST = 32, 288
"""A path has room for a multiple of so many numbers, and at most for so many: program, two stacks, what is said."""
_ENOUGH, _SHARE = 24, 0.75
"""Stacks of a process, and the share of them that leads astray, from which on only its innermost functions are kept."""
_PROCESSES, _LOOKED_AT = 4096, 64
"""Processes of which that is remembered, as many as NAME_short of EBTOP_STACKS holds; and looked at in one turn."""


class Stacking:
    """Keeps the paths of the rows of the newest sample."""

    def __init__(self, map_name: str, stacks: StackMaps, callers: Callers, hooked: bool) -> None:
        """`hooked`: kernel stacks begin with how the program was called; see Callers.path."""
        self.map, self._hooked = map_name, hooked
        self._stacks, self._callers = stacks, callers
        self._rows: Records | None = None
        self._paths: npt.NDArray[np.uint32] = np.zeros((0, _STEP), np.uint32)
        self._known: npt.NDArray[np.int8] = np.zeros(0, np.int8)
        self._version = -1
        self._turn = 0
        self._content: MapRows | None = None
        self._astray = _Astray(stacks)

    def paths(self, content: MapRows) -> MapRows:
        """The keys of `content`, and for each its PATH; the very same object while nothing is new.

        Keys have the members pid, kernel and user; values have comm. A path whose stack is not read yet is empty.
        """
        unread = self._rows is not None and bool((self._paths[:, 0] == 0).any())
        same = content.keys is self._rows and self._version == self._callers.version
        if self._content is not None and same and not unread:
            return self._content
        self._join(content.keys)
        for place in self._to_do():
            self._read(place, content)
        self._astray.look()
        self._version = self._callers.version
        values = np.zeros(content.keys.size, np.dtype([(PATH, "<u4", (self._paths.shape[1],))]))
        values[PATH] = self._paths
        self._content = MapRows(content.keys, values, content.capacity)
        return self._content

    def _join(self, keys: Records) -> None:
        """Rows come and go; paths of those that stay are kept."""
        if keys is self._rows:
            return
        paths = np.zeros((keys.size, self._paths.shape[1]), np.uint32)
        known = np.full(keys.size, PENDING, np.int8)
        if self._rows is not None:
            place = rows.match(keys, self._rows)
            there = np.flatnonzero(place >= 0)
            paths[there], known[there] = self._paths[place[there]], self._known[place[there]]
        self._rows, self._paths, self._known = keys, paths, known

    def _to_do(self) -> Sequence[int]:
        """Places of rows that are new, and, where something was learnt, of some that were not fully named."""
        new = np.flatnonzero(self._paths[:, 0] == 0)[:NEW]
        if self._version == self._callers.version:
            return new.tolist()  # type: ignore[no-any-return]
        pending = np.flatnonzero((self._known == PENDING) & (self._paths[:, 0] != 0))[:AGAIN]
        nameless = np.flatnonzero(self._known == NAMELESS)
        first = self._turn % max(1, nameless.size)
        self._turn += AGAIN
        return [*new.tolist(), *pending.tolist(), *nameless[first : first + AGAIN].tolist()]

    def _read(self, place: int, content: MapRows) -> None:
        key = content.keys[place]
        pid, leaf = int(key["pid"]), int(key["user"]) >= LEAF
        program = content.values["comm"][place].decode("utf-8", "replace") or "?"
        stacks = self._addresses(key["kernel"]), self._addresses(key["user"])
        path = self._callers.path(pid, program, *stacks, leaf, self._hooked)
        if path.known != PENDING and not leaf and stacks[1] and stacks[1] != NOWHERE:
            self._astray.count(pid, path.lost)
        self._known[place] = path.known
        if len(path.numbers) > self._paths.shape[1]:
            self._widen(len(path.numbers))
        self._paths[place] = 0
        self._paths[place, : min(_MOST, len(path.numbers))] = path.numbers[:_MOST]

    def _addresses(self, number: Any) -> tuple[int, ...] | None:
        if number in (NO_STACK, FAILED):
            return () if number == NO_STACK else NOWHERE
        return None if number == NO_ROOM else self._stacks.addresses(int(number))

    def _widen(self, length: int) -> None:
        wide = np.zeros((len(self._paths), min(_MOST, -(-length // _STEP) * _STEP)), np.uint32)
        wide[:, : self._paths.shape[1]] = self._paths
        self._paths = wide


class _Astray:
    """Processes whose stacks lead astray more often than not: each is another, and together they would fill any map."""

    def __init__(self, stacks: StackMaps) -> None:
        self._stacks = stacks
        self._counts: dict[int, tuple[int, int]] = {}
        """Stacks, and how many of them led astray, of the processes that were not looked at for longest first."""
        self._short: dict[int, None] = {}

    def count(self, pid: int, lost: bool) -> None:
        """One stack of `pid`."""
        if pid in self._short:
            return
        whole, astray = self._counts.get(pid, (0, 0))
        self._counts[pid] = whole + 1, astray + lost
        if whole >= _ENOUGH and astray >= _SHARE * whole and len(self._short) < _PROCESSES:
            self._stacks.shorten(pid, True)
            self._short[pid] = None
            del self._counts[pid]
        elif len(self._counts) > _PROCESSES:
            del self._counts[next(iter(self._counts))]

    def look(self) -> None:
        """Forget processes that have ended, some in each turn: their numbers become others'."""
        for pid in list(islice(self._short, _LOOKED_AT)):
            del self._short[pid]
            if os.path.exists(f"/proc/{pid}"):
                self._short[pid] = None
            else:
                self._stacks.shorten(pid, False)
        for pid in list(islice(self._counts, _LOOKED_AT)):
            counts = self._counts.pop(pid)
            if os.path.exists(f"/proc/{pid}"):
                self._counts[pid] = counts

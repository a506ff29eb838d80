"""What else /proc says of processes, looked up lazily and then kept; knows nothing of what the processes did."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ebtop import cgroups
from ebtop.processes import read
from ebtop.sample import Detail, Process
from ebtop.text import clean

NEW_PER_UPDATE = 8
COMMAND = 400
"""Characters of a command line."""
_COMMAND_BYTES = 4 * COMMAND  # of UTF-8
_STAT_BYTES = 2048
_PPID, _THREADS, _STARTED, _RESIDENT = 1, 17, 19, 21
"""Places in /proc/PID/stat after the name in parentheses, which may hold anything (proc(5): fields 4, 20, 22, 24)."""


class Details:
    """Of the processes of the rows, a few more at each update; of the one that is inspected, anew each time."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = str(proc)
        self._booted_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._wanted: frozenset[int] = frozenset()
        self._inspected = 0
        self._known: dict[int, Detail] = {}
        self._waiting: list[int] = []
        """Without details; the next to be looked up is the last."""

    def update(
        self, processes: Mapping[int, Process], pids: frozenset[int], changed: Iterable[int] = (), inspected: int = 0
    ) -> Mapping[int, Detail]:
        """The details of `pids` and `inspected` as far as they are known: a new mapping when anything in it changed.

        `processes` may name parents; those `changed` run another program now.
        """
        new_rows, new_wish = pids is not self._wanted, inspected != self._inspected
        if not (new_rows or inspected or new_wish or self._waiting or changed):
            return self._known
        self._inspected = inspected
        self._waiting += [pid for pid in changed if pid in self._known]
        if new_rows:
            self._want(pids)
        turn = [self._waiting.pop() for _ in range(min(NEW_PER_UPDATE, len(self._waiting)))]
        found = {pid: self._look(pid, processes) or self._kept(pid) for pid in (*turn, inspected) if pid}
        self._keep(found, new_rows or new_wish)
        return self._known

    def knows(self, pid: int) -> bool:
        """Whether there are details of it by now."""
        return pid in self._known

    def _want(self, pids: frozenset[int]) -> None:
        """The newest rows come first; of those of one moment the highest pid, which mostly is the youngest."""
        new = sorted(pids - self._wanted - self._known.keys())
        self._waiting = [pid for pid in self._waiting if pid in pids] + new
        self._wanted = pids

    def _kept(self, pid: int) -> Detail | None:
        """What is still said of one that is gone: as long as there is a row of it."""
        return self._known.get(pid) if pid in self._wanted else None

    def _keep(self, found: Mapping[int, Detail | None], others: bool) -> None:
        """Take what was found; `others`: not the same processes as before are wanted."""
        changes = {pid: detail for pid, detail in found.items() if detail != self._known.get(pid)}
        gone = self._known.keys() - self._wanted - {self._inspected} if others else frozenset[int]()
        if changes or gone:
            merged = self._known | changes
            self._known = {pid: detail for pid, detail in merged.items() if detail is not None and pid not in gone}

    def _look(self, pid: int, processes: Mapping[int, Process]) -> Detail | None:
        """Of process `pid` as it is now; None when it is gone or hidden from us."""
        try:
            fields = read(f"{self._proc}/{pid}/stat", _STAT_BYTES).rpartition(b")")[2].split()
            command = read(f"{self._proc}/{pid}/cmdline", _COMMAND_BYTES)
            ppid = int(fields[_PPID])
            return Detail(
                clean(command.replace(b"\0", b" ").strip())[:COMMAND],
                ppid,
                self._name(ppid, processes),
                round(self._booted_s + int(fields[_STARTED]) * self._tick_s, 2),
                int(fields[_THREADS]),
                int(fields[_RESIDENT]) * self._page_bytes,
                self._group(pid),
            )
        except (OSError, IndexError):  # gone, or gone while it was read
            return None

    def _group(self, pid: int) -> str:
        with suppress(OSError):  # a kernel without control groups
            return cgroups.belonging(read(f"{self._proc}/{pid}/cgroup", cgroups.MOST)).path
        return ""

    def _name(self, pid: int, processes: Mapping[int, Process]) -> str:
        if pid in processes:
            return processes[pid].name
        with suppress(OSError):
            return clean(read(f"{self._proc}/{pid}/comm", 64).removesuffix(b"\n"))
        return ""

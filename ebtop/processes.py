"""Names and users of processes, looked up once in /proc and then kept; knows nothing of what the processes did."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ebtop.sample import Process, Records
from ebtop.text import clean

NEW_PER_UPDATE = 500
AGAIN_PER_UPDATE = 32
"""Known processes looked at again in each update, in turns: exec gives a process a new name."""


TOLD = 4096
"""Names kept of processes that events have told of."""


class Processes:
    """The processes of the rows on screen; who is gone keeps the name he was last seen with while a row has his pid."""

    def __init__(self, user_name: Callable[[int], str], proc: Path = Path("/proc")) -> None:
        self._user_name = user_name
        self._proc = str(proc)
        self._known: dict[int, Process] = {}
        self._wanted: frozenset[int] = frozenset()
        self._young: list[int] = []
        self._unseen: set[int] = set()
        self._turn: list[int] = []
        self._told: dict[int, bytes] = {}

    def learn(self, records: Records) -> None:
        """Names as events tell them (members pid and comm): of processes that come and go between two looks."""
        self._told |= dict(zip(records["pid"].tolist(), records["comm"].tolist(), strict=True))
        for pid in list(self._told)[: len(self._told) - TOLD]:
            del self._told[pid]

    def update(self, pids: frozenset[int]) -> Mapping[int, Process]:
        """The processes of `pids` as far as they are known: a new mapping whenever anything in it changed."""
        changes: dict[int, Process] = {}
        if pids is not self._wanted:
            self._wanted = pids
            self._unseen = set(pids - self._known.keys())
        young, self._young = self._young, sorted(self._unseen)[:NEW_PER_UPDATE]
        self._unseen.difference_update(self._young)
        looks: list[tuple[int, Process | None]] = [(pid, None) for pid in (*self._young, *young)]
        looks += [(pid, self._known.get(pid)) for pid in self._next_turn()]
        for pid, known in looks:
            process = self._look(pid, known)
            if process is not None and process != self._known.get(pid):
                changes[pid] = process
        gone = self._known.keys() - pids if len(self._known) + len(changes) > len(pids) else ()
        if changes or gone:
            kept = {pid: process for pid, process in self._known.items() if pid in pids}
            self._known = kept | {pid: process for pid, process in changes.items() if pid in pids}
        return self._known

    def _next_turn(self) -> list[int]:
        if not self._turn:
            self._turn = list(self._wanted)
        turn, self._turn = self._turn[-AGAIN_PER_UPDATE:], self._turn[:-AGAIN_PER_UPDATE]
        return turn

    def _look(self, pid: int, known: Process | None) -> Process | None:
        """Process `pid` as it is now, `known` if its name still is; None when it is gone or hidden from us."""
        try:
            with open(f"{self._proc}/{pid}/comm", "rb") as file:
                name = clean(file.read(64).removesuffix(b"\n"))
            return known if known and known.name == name else Process(name, self._user_name(self._user(pid)))
        except OSError:
            told = self._told.get(pid)
            return Process(told.decode("utf-8", "replace"), known.user if known else "") if told else None

    def _user(self, pid: int) -> int:
        """Real user id. The folder's owner, unless that is root: then it may be a setuid program (proc(5))."""
        owner = os.stat(f"{self._proc}/{pid}").st_uid
        if owner:
            return owner
        with open(f"{self._proc}/{pid}/status", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"Uid:")), owner)

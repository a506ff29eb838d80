"""Names, users and units of processes, looked up once in /proc and kept; knows nothing of what the processes did."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ebtop import cgroups
from ebtop.naming import Naming
from ebtop.sample import Process, Records
from ebtop.text import clean

NEW_PER_UPDATE = 500
AGAIN_PER_UPDATE = 16
"""Known processes looked at again in each update, in turns: exec gives a process a new name, systemd a new place."""
TOLD = 4096
"""Names kept of processes that events have told of."""


class Processes:
    """The processes of the rows on screen; who is gone keeps the name he was last seen with while a row has his pid."""

    def __init__(self, user_name: Callable[[int], str], proc: Path = Path("/proc")) -> None:
        self.changed: frozenset[int] = frozenset()
        """Those whose name the last update found to be another: they run another program now."""
        self._user_name = user_name
        self._proc = str(proc)
        self._known: dict[int, Process] = {}
        self._naming = Naming()
        self._ids: dict[int, str] = {}
        """By process, the id of its container where a name can be asked for."""
        self._wanted: frozenset[int] = frozenset()
        self._young: list[int] = []
        self._unseen: set[int] = set()
        self._missed: set[int] = set()
        """Looked for twice in vain: they were gone before, and their rows stay."""
        self._turn: list[int] = []
        self._told: dict[int, bytes] = {}

    def learn(self, records: Records) -> None:
        """Names as events tell them (members pid and comm): of processes that come and go between two looks."""
        self._told |= dict(zip(records["pid"].tolist(), records["comm"].tolist(), strict=True))
        for pid in list(self._told)[: max(0, len(self._told) - TOLD)]:
            del self._told[pid]

    def question(self, now_s: float) -> tuple[str, ...]:
        """Ids of containers whose names are to be asked for now; see Naming."""
        return self._naming.question(now_s)

    def learn_containers(self, ids: tuple[str, ...], names: tuple[str, ...]) -> None:
        """What those containers are called: the next update calls their processes' unit so."""
        new = self._naming.learn(ids, names)
        if new:
            named = {pid: new[id_] for pid, id_ in self._ids.items() if id_ in new and pid in self._known}
            self._known = self._known | {pid: replace(self._known[pid], unit=unit) for pid, unit in named.items()}

    def update(self, pids: frozenset[int]) -> Mapping[int, Process]:
        """The processes of `pids` as far as they are known: a new mapping whenever anything in it changed."""
        changes: dict[int, Process] = {}
        if pids is not self._wanted:
            self._wanted = pids
            self._missed &= pids
            self._unseen = set(pids - self._known.keys() - self._missed)
            self._ids = {pid: id_ for pid, id_ in self._ids.items() if pid in pids}
        young, self._young = self._young, sorted(self._unseen)[:NEW_PER_UPDATE]
        self._unseen.difference_update(self._young)
        for pid in (*self._young, *young, *self._next_turn()):
            known = self._known.get(pid)
            process = self._look(pid, known)
            if process is not None and process != known:
                changes[pid] = process
        self._missed.update(pid for pid in young if pid not in self._known and pid not in changes)
        self.changed = frozenset(pid for pid, new in changes.items() if self._renamed(pid, new)) if changes else _NONE
        gone = self._known.keys() - pids if len(self._known) + len(changes) > len(pids) else ()
        if changes or gone:
            kept = {pid: process for pid, process in self._known.items() if pid in pids}
            self._known = kept | {pid: process for pid, process in changes.items() if pid in pids}
        return self._known

    def _renamed(self, pid: int, new: Process) -> bool:
        return pid in self._known and self._known[pid].name != new.name

    def _next_turn(self) -> list[int]:
        if not self._turn:
            self._turn = list(self._wanted)
        turn, self._turn = self._turn[-AGAIN_PER_UPDATE:], self._turn[:-AGAIN_PER_UPDATE]
        return turn

    def _look(self, pid: int, known: Process | None) -> Process | None:
        """Process `pid` as it is now, its user `known` if its name still is; None when it is gone or hidden from us."""
        try:
            name = clean(read(f"{self._proc}/{pid}/comm", 64).removesuffix(b"\n"))
            user = known.user if known and known.name == name else self._user_name(self._user(pid))
        except OSError:
            return self._gone(pid, known)
        return Process(name, user, *self._unit(pid, known))

    def _gone(self, pid: int, known: Process | None) -> Process | None:
        """As an event has told of it."""
        told = self._told.get(pid)
        return replace(known or Process(""), name=told.decode("utf-8", "replace")) if told else None

    def _unit(self, pid: int, known: Process | None) -> tuple[str, bool]:
        """Its container or unit, and whether it is a container; as `known` where its group cannot be told any more.

        There may be no groups; and one that has exited is at the root of every v1 hierarchy (proc_cgroup_show,
        kernel/cgroup/cgroup.c).
        """
        try:
            belonging = cgroups.belonging(read(f"{self._proc}/{pid}/cgroup", cgroups.MOST))
        except OSError:
            belonging = cgroups.Belonging()
        if known and known.unit and belonging.path in ("", "/"):
            return known.unit, known.container
        self._ids.pop(pid, None)
        if belonging.id:
            self._ids[pid] = belonging.id
        return self._naming.unit(belonging), belonging.container

    def _user(self, pid: int) -> int:
        """Real user id. The folder's owner, unless that is root: then it may be a setuid program (proc(5))."""
        owner = os.stat(f"{self._proc}/{pid}").st_uid
        if owner:
            return owner
        with open(f"{self._proc}/{pid}/status", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"Uid:")), owner)


_NONE: frozenset[int] = frozenset()


def read(path: str, most: int) -> bytes:
    """At most `most` bytes of a small file of /proc, half the time a file object would take; OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)

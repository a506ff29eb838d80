"""Which processes meet a target, as /proc tells it; knows nothing of maps, programs or the wire's far end."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ebtop.wire import Aim

UnitOf = Callable[[int], str]
"""unit_of(pid): name of its container or systemd unit, "" where there is none."""

COMM = 15
"""Bytes of a program's name that the kernel keeps (TASK_COMM_LEN less its NUL, include/linux/sched.h)."""
_START = 19
"""Field 22 of /proc/PID/stat, counted from the one after the name (proc(5)); the parent is the second."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Whether a process meets every part of `aim` now."""

    aim: Aim
    comm: bytes
    """As the kernel has it: cut to COMM bytes."""
    uid: int
    """-1 where it does not matter."""
    unit_of: UnitOf
    proc: str = "/proc"

    def processes(self) -> Iterator[int]:
        """All that may meet it."""
        if self.aim.pids:
            yield from self.aim.pids
            return
        yield from (int(name) for name in os.listdir(self.proc) if name.isdigit())

    def __call__(self, pid: int) -> bool:
        """Whether `pid` meets it; False when it is gone, or hidden from us."""
        try:
            return self._meets(pid)
        except OSError:
            return False

    def _meets(self, pid: int) -> bool:
        if self.aim.pids and pid not in self.aim.pids:
            return False
        if self.comm and self._read(pid, "comm").removesuffix(b"\n") != self.comm:
            return False
        if self.uid >= 0 and self._uid(pid) != self.uid:
            return False
        if self.aim.unit and self.unit_of(pid) not in (self.aim.unit, f"{self.aim.unit}.service"):
            return False
        return os.path.exists(f"{self.proc}/{pid}")

    def _uid(self, pid: int) -> int:
        """Its real user."""
        lines = self._read(pid, "status").split(b"\n")
        return next((int(line.split()[1]) for line in lines if line.startswith(b"Uid:")), -1)

    def _read(self, pid: int, name: str) -> bytes:
        with open(f"{self.proc}/{pid}/{name}", "rb") as file:
            return file.read()


def resolve(aim: Aim, unit_of: UnitOf, proc: str = "/proc") -> Matching:
    """How to tell who is meant by `aim`; LookupError, in words for people, when it names a user whom nobody knows."""
    uid = uid_of(aim.user) if aim.user else -1
    return Matching(aim, aim.comm.encode("utf-8", "surrogateescape")[:COMM], uid, unit_of, proc)


def uid_of(user: str) -> int:
    """The number of `user`, a name or a number; LookupError when there is no such name."""
    try:
        return pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError):
        pass
    if user.isascii() and user.isdigit():
        return int(user)
    raise LookupError(f"there is no user {user!r}; `getent passwd` lists them")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a process comes from."""

    parent: int
    start: int
    """Clock ticks since boot: with the pid it names a process for good."""


def origins(proc: str = "/proc") -> dict[int, Origin]:
    """Of every process there is."""
    found = {}
    for name in os.listdir(proc):
        if name.isdigit():
            try:
                with open(f"{proc}/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # gone meanwhile
                continue
            found[int(name)] = Origin(int(fields[1]), int(fields[_START]))
    return found


def descendants(
    processes: Mapping[int, Origin], members: Mapping[int, Origin], roots: AbstractSet[int], since: int
) -> dict[int, Origin]:
    """`roots`, those of `members` that are still there, and what any of these has started since clock tick `since`."""
    found: dict[int, Origin] = {}
    for pid, origin in sorted(processes.items(), key=lambda one: (one[1].start, one[0])):
        stays = pid in members and members[pid].start == origin.start
        if pid in roots or stays or (origin.start >= since and origin.parent in found):
            found[pid] = origin
    return found

"""What is at addresses of running processes: files that are mapped there, and maps that just-in-time compilers write.

It takes root to look into other users' processes: `looked_at` opens, through the process's own view of its files, and
reads nothing of what is in them. That is for `named` to do, which needs no privilege and had better have none.
"""

from __future__ import annotations

import os
import stat
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from ebtop.kernel import elfnames, perfmap
from ebtop.offer import ProcessSymbols, Symbol

_MAPS_BYTES = 16 << 20
"""Of /proc/PID/maps: a process has 65,530 mappings at most unless somebody has raised that (vm.max_map_count)."""
_FILES = 256
"""Opened for one question."""
LIMIT_S = 4.0
"""For all files of one question: the first is read in any case, and each ends by elfnames.LIMIT_S."""
_ANONYMOUS = "memory of no file"
"""The module of code that somebody wrote at run time."""
_NO_FILES = ("/dev/zero", "/anon_hugepage", "/SYSV")
"""How paths begin of what is mapped by a name but is no more than shared memory (mm/shmem.c, ipc/shm.c)."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One stretch of a process's memory."""

    begin: int
    end: int
    code: bool
    """Whether it may be executed."""
    offset: int
    """Of its begin in the file."""
    path: str
    """As the process sees it; "" for none, "[vdso]" and the like for the kernel's own."""
    inode: int

    @property
    def is_file(self) -> bool:
        """Whether a program or library may be there."""
        return bool(self.inode) and not self.path.startswith(_NO_FILES)

    @property
    def is_written(self) -> bool:
        """Whether a compiler may have written code there at run time."""
        return not self.path.startswith("[v") and (not self.is_file or self.path.startswith("/memfd:"))


@dataclass(frozen=True, slots=True)
class Looked:
    """A process whose files are open."""

    pid: int
    identity: str
    addresses: tuple[tuple[int, Mapping | None], ...]
    files: dict[int, int]
    """Descriptor by begin of the mapping."""
    perf_map: int
    """Descriptor, -1 for none."""


def looked_at(processes: Iterable[Sequence[int]]) -> list[Looked]:
    """For each (pid, addresses …) where these lie, and descriptors of what is mapped there: to be closed by exiting."""
    found = []
    room = _FILES
    for pid, *addresses in processes:
        one = _look(pid, addresses, room)
        room -= len(one.files)
        found.append(one)
    return found


def named(looked: Iterable[Looked], limit_s: float = LIMIT_S) -> tuple[ProcessSymbols, ...]:
    """What is in the files of those; what has not been begun in time is left out, and may be asked for once more."""
    until_s = time.monotonic() + limit_s - elfnames.LIMIT_S
    many = count()

    def may_begin() -> bool:
        return not next(many) or time.monotonic() < until_s

    return tuple(ProcessSymbols(one.pid, one.identity, tuple(_symbols(one, may_begin))) for one in looked)


# --- as root ----------------------------------------------------------------------------------------------------------


def _look(pid: int, addresses: Sequence[int], room: int) -> Looked:
    try:
        mappings, who = _mappings(pid), _identity(pid)
    except (OSError, ValueError, IndexError):  # it has ended
        return Looked(pid, "", (), {}, -1)
    begins = [mapping.begin for mapping in mappings]
    places = []
    for address in addresses:
        at = bisect_right(begins, address) - 1
        there = mappings[at] if at >= 0 and address < mappings[at].end else None
        places.append((address, there or _outside(address, mappings)))
    files: dict[int, int] = {}
    perf_map = -1
    for _, mapping in places:
        if mapping is None or not mapping.code or mapping.begin in files:
            continue
        if mapping.is_file and len(files) < room:
            with suppress(OSError):
                files[mapping.begin] = _open_regular(f"/proc/{pid}/map_files/{mapping.begin:x}-{mapping.end:x}")
        if mapping.is_written and perf_map < 0:
            perf_map = perfmap.opened(pid)
    return Looked(pid, who, tuple(places), files, perf_map)


def _outside(address: int, mappings: Sequence[Mapping]) -> Mapping | None:
    """What is below all mappings, and so will never be code; None for what lies elsewhere between or behind them."""
    first = mappings[0].begin if mappings else 0
    return Mapping(0, first, False, 0, "[nothing]", 0) if address < first else None


def _identity(pid: int) -> str:
    """The moment its process began, and what it runs."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        started = file.read().rpartition(b")")[2].split()[19]  # field 22, proc(5)
    program = os.stat(f"/proc/{pid}/exe")
    return f"{started.decode()} {program.st_dev} {program.st_ino}"


def _mappings(pid: int) -> list[Mapping]:
    with open(f"/proc/{pid}/maps", "rb") as file:
        lines = file.read(_MAPS_BYTES).splitlines()
    return [_mapping(line) for line in lines]


def _mapping(line: bytes) -> Mapping:
    """begin-end permissions offset device inode path, Documentation/filesystems/proc.rst."""
    words = line.split(None, 5)
    begin, _, end = words[0].partition(b"-")
    path = os.fsdecode(words[5]) if len(words) > 5 else ""
    return Mapping(int(begin, 16), int(end, 16), b"x" in words[1], int(words[2], 16), path, int(words[4]))


def _open_regular(path: str) -> int:
    """Descriptor of the regular file that is mapped there, whatever lies at its path by now.

    The links in map_files lead to the file itself, past any namespace. Devices are not opened: to open one may do
    something.
    """
    held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(held).st_mode):
            raise OSError("not a regular file")
        return os.open(f"/proc/self/fd/{held}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    finally:
        os.close(held)


# --- without privilege ------------------------------------------------------------------------------------------------


def _symbols(looked: Looked, may_begin: Callable[[], bool]) -> Iterable[Symbol]:
    in_files: dict[int, list[int]] = {}
    mappings: dict[int, Mapping] = {}
    anonymous = []
    for address, mapping in looked.addresses:
        if mapping is None or not mapping.code:
            lasting = mapping is not None and mapping.path  # memory without one may be made code
            yield Symbol(*((mapping.begin, mapping.end) if mapping and lasting else (address, address + 1)), "")
        elif mapping.path.startswith("[v"):  # vdso, vsyscall
            yield Symbol(mapping.begin, mapping.end, mapping.path, mapping.path)
        elif mapping.is_file:
            in_files.setdefault(mapping.begin, []).append(address)
            mappings[mapping.begin] = mapping
        else:
            anonymous.append(address)
    for begin, addresses in in_files.items():
        if not may_begin():
            continue
        mapping = mappings[begin]
        path = mapping.path.removesuffix(" (deleted)")
        found = _in_file(mapping, path, addresses, looked.files.get(begin, -1))
        yield from found.values()
        left = [address for address in addresses if address not in found]
        if mapping.is_written:
            anonymous += left
        else:
            yield from (Symbol(address, address + 1, "", path) for address in left)
    if anonymous and may_begin():
        yield from perfmap.symbols(looked.perf_map, anonymous, _ANONYMOUS)


def _in_file(mapping: Mapping, path: str, addresses: list[int], descriptor: int) -> dict[int, Symbol]:
    """By address, the function of the file that is mapped there."""
    if descriptor < 0:
        return {}
    shift = mapping.offset - mapping.begin
    symbols = {}
    for offset, name in elfnames.names(descriptor, [address + shift for address in addresses]).items():
        begin, end = max(mapping.begin, name.begin - shift), min(mapping.end, name.end - shift)
        symbols[offset - shift] = Symbol(begin, end, name.name, path, name.keeps_frame)
    return symbols

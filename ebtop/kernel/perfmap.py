"""Functions that a just-in-time compiler says it has written: /tmp/perf-PID.map, as perf(1) reads it.

A line for each: address and size in hexadecimal, and a name (tools/perf/Documentation/jit-interface.txt). The file is
the traced user's: it is opened without following a link, only where it is the process's own user's or root's, and
believed in nothing but names.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ebtop.offer import Symbol

_BYTES = 64 << 20
"""More of the file is not read."""
_NAME = 256


def opened(pid: int) -> int:
    """Descriptor of the map of process `pid`, in its own mount and pid namespace; -1 where there is none to be read."""
    try:
        uid, inner = _status(pid)
        root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError, KeyError):
        return -1
    try:
        return _open_in(root, f"perf-{inner}.map", uid)
    except OSError:
        return -1
    finally:
        os.close(root)


def _open_in(root: int, name: str, uid: int) -> int:
    folder = os.open("tmp", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    try:
        held = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        status = os.fstat(held)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (uid, 0) or status.st_nlink != 1:
            return -1
        return os.open(f"/proc/self/fd/{held}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    finally:
        os.close(held)


def _status(pid: int) -> tuple[int, int]:
    """Effective user id, and the pid in the innermost namespace."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        said = dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)
    return int(said["Uid"].split()[1]), int(said["NSpid"].split()[-1])


def symbols(descriptor: int, addresses: Sequence[int], module: str) -> Iterator[Symbol]:
    """What the map, if there is one, says of `addresses`; of what it says twice, the last: code is written anew."""
    wanted = sorted(addresses)
    found: dict[int, Symbol] = {}
    for begin, end, name in _entries(descriptor) if descriptor >= 0 else ():
        at = bisect_left(wanted, begin)
        while at < len(wanted) and wanted[at] < end:
            found[wanted[at]] = Symbol(begin, end, name.decode("utf-8", "replace")[:_NAME], module)
            at += 1
    for address in wanted:
        yield found.get(address) or Symbol(address, address + 1, "", module)


def _entries(descriptor: int) -> Iterator[tuple[int, int, bytes]]:
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(_BYTES)
    for line in content.splitlines():
        words = line.split(None, 2)
        try:
            begin, size, name = int(words[0], 16), int(words[1], 16), words[2]
        except (ValueError, IndexError):
            continue
        if 0 < size < 1 << 40:
            yield begin, begin + size, name

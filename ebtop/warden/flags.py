"""Who is not counted, one byte for each pid in the map that all probes share; knows nothing of why.

The map is `ebtop_flags` of ebtop.h, an array that lies in this process's memory: to write a byte is a store. Programs
of the probe `follow` store there as well, but never EBTOP_OWN.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from ebtop.kernel import bpf

OWN, LEFT_OUT = 1, 2
"""EBTOP_OWN and EBTOP_LEFT_OUT."""
_ENTRY = 64
"""Bytes of struct ebtop_flags."""
_PID_MAX = Path("/proc/sys/kernel/pid_max")


class Flags:
    """The map of a whole session, made here; pids above kernel.pid_max as it was then are always counted."""

    def __init__(self, *own: int) -> None:
        """`own`: ebtop's processes. OSError when the kernel makes no such map."""
        entries = -(-int(_PID_MAX.read_text("ascii")) // _ENTRY)
        self.descriptor = bpf.create_map(bpf.ARRAY, 4, _ENTRY, entries, bpf.MMAPABLE, "ebtop_flags")
        self._size = entries * _ENTRY
        self._bytes = mmap.mmap(
            self.descriptor,
            -(-self._size // mmap.PAGESIZE) * mmap.PAGESIZE,
            mmap.MAP_SHARED,
            mmap.PROT_READ | mmap.PROT_WRITE,
        )
        self._bytes.madvise(mmap.MADV_DONTFORK)
        self._own = set(own)
        self._usual = 0
        self.count_all()

    def own(self) -> frozenset[int]:
        """ebtop's processes now."""
        return frozenset(self._own)

    def add(self, pid: int) -> None:
        """`pid` is ours from now on."""
        self._own.add(pid)
        self._store(pid, self._usual | OWN)

    def remove(self, pid: int) -> None:
        """`pid` has ended; its number may soon be someone else's."""
        self._own.discard(pid)
        self._store(pid, self._usual)

    def count_all(self) -> None:
        """Everybody is counted but ebtop itself."""
        self._fill(0)

    def leave_out_all(self) -> None:
        """Nobody is counted."""
        self._fill(LEFT_OUT)

    def counts(self, pid: int) -> bool:
        """Whether `pid` is counted, were it not ebtop's."""
        return not 0 <= pid < self._size or not self._bytes[pid] & LEFT_OUT

    def set(self, pid: int, counted: bool) -> None:
        """Count `pid`, or leave it out."""
        self._store(pid, (OWN if pid in self._own else 0) | (0 if counted else LEFT_OUT))

    def close(self) -> None:
        """Let go of the map; programs that use it keep it."""
        self._bytes.close()
        os.close(self.descriptor)

    def _fill(self, usual: int) -> None:
        """In one copy, so that no process of ours is ever counted in between."""
        self._usual = usual
        content = bytearray([usual]) * self._size
        for pid in self._own:
            if pid < self._size:
                content[pid] |= OWN
        self._bytes[: self._size] = bytes(content)

    def _store(self, pid: int, flag: int) -> None:
        if 0 <= pid < self._size:  # a target may name what is no pid
            self._bytes[pid] = flag

"""How long tasks stood still for want of CPU, I/O or memory, and what was swapped, from /proc; knows nothing of rates.

Descriptors stay open: reading all of it again takes six microseconds, thirty where there is swap space.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

NAN = float("nan")
_RESOURCES = ("cpu", "io", "memory")
_TOTAL = re.compile(rb"^some .*total=(\d+)", re.MULTILINE)
_SWAPPED = re.compile(rb"^pswpin (\d+)\npswpout (\d+)", re.MULTILINE)
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SIZE = 32_768
"""More than /proc/vmstat has."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """Cumulative; NaN where the kernel does not tell."""

    cpu_s: float = NAN
    """Seconds in which at least one task waited for a CPU ("some", Documentation/accounting/psi.rst)."""
    io_s: float = NAN
    memory_s: float = NAN
    swapped_bytes: float = NAN
    """Read from swap space and written to it; 0 where there is none."""


class Stalls:
    """Keeps the files open."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._pressure = [_opened(f"{proc}/pressure/{name}") for name in _RESOURCES]
        self._vmstat = _opened(f"{proc}/vmstat")
        self._swaps = False
        self.look_for_swap()

    def look_for_swap(self) -> None:
        """Find out whether there is swap space, which may come and go; every now and then."""
        swaps = _opened(f"{self._proc}/swaps")
        self._swaps = _read(swaps).count(b"\n") > 1  # a heading, then a line for each
        if swaps >= 0:
            os.close(swaps)

    def read(self) -> Stalled:
        """The numbers of this moment."""
        cpu, io, memory = map(_stalled_s, self._pressure)
        return Stalled(cpu, io, memory, self._swapped())

    def _swapped(self) -> float:
        if not self._swaps:
            return 0.0
        found = _SWAPPED.search(_read(self._vmstat))
        return float((int(found[1]) + int(found[2])) * _PAGE) if found else NAN


def _stalled_s(file: int) -> float:
    total = _TOTAL.search(_read(file))
    return int(total[1]) / 1e6 if total else NAN


def _opened(path: str) -> int:
    """A descriptor; -1 where there is no such file, or it may not be read."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _read(file: int) -> bytes:
    """The whole file; nothing where the kernel was told at its start to keep no pressure (psi=0)."""
    try:
        return os.pread(file, _SIZE, 0) if file >= 0 else b""
    except OSError:
        return b""

"""Reads stacks of a probe's stack-trace maps by their ids; knows neither functions nor processes.

What EBTOP_STACKS of ebtop.h declares: whole stacks, spare places for more, innermost functions of processes whose
stacks lead astray, and which processes these are.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ebtop.kernel import bpf
from ebtop.wire import MapInfo

SPARE, LEAF = 0x2000_0000, 0x4000_0000
"""EBTOP_SPARE and EBTOP_LEAF of ebtop.h."""
_PID, _YES = struct.Struct("=I"), b"\1"


def names_of(stacks: str) -> tuple[str, str, str, str]:
    """The names of the maps that go together."""
    probe = stacks.removesuffix("_stacks")
    return stacks, f"{probe}_spare", f"{probe}_leaves", f"{probe}_short"


class StackMaps:
    """Maps behind descriptors that stay the caller's. An id stands for one stack for ever."""

    def __init__(self, stacks: str, maps: Mapping[str, tuple[MapInfo, int]]) -> None:
        whole, spare, leaves, short = names_of(stacks)
        self._layout = struct.Struct(f"={maps[whole][0].value_size // 8}Q")
        self._whole, self._spare, self._leaves, self._short = (maps[name][1] for name in (whole, spare, leaves, short))

    def addresses(self, number: int) -> tuple[int, ...]:
        """The stack with that id, innermost first; () where there is none. OSError when the kernel refuses."""
        if number >= LEAF:
            found = bpf.lookup(self._leaves, struct.pack("=I", number - LEAF), 8)
            return struct.unpack("=Q", found) if found else ()
        fd, place = (self._spare, number - SPARE) if number >= SPARE else (self._whole, number)
        found = bpf.lookup(fd, struct.pack("=I", place), self._layout.size)
        if found is None:
            return ()
        addresses = self._layout.unpack(found)
        return addresses[: addresses.index(0)] if 0 in addresses else addresses

    def shorten(self, pid: int, on: bool) -> None:
        """Whether of that process's stacks only the innermost function is kept from now on."""
        if not on:
            bpf.delete(self._short, _PID.pack(pid))
            return
        try:
            bpf.update(self._short, _PID.pack(pid), _YES)
        except OSError:  # full: the stacks of this one stay as they are
            return

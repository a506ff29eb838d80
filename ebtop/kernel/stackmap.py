"""Reads stacks of a BPF stack-trace map by their ids; knows neither functions nor processes."""

from __future__ import annotations

import struct

from ebtop.kernel import bpf


class StackMap:
    """A map of stacks behind a descriptor that stays the caller's. An id stands for one stack for ever."""

    def __init__(self, fd: int, value_size: int) -> None:
        self._fd = fd
        self._layout = struct.Struct(f"={value_size // 8}Q")

    def addresses(self, number: int) -> tuple[int, ...]:
        """The stack with that id, innermost first; () where there is none. OSError when the kernel refuses."""
        found = bpf.lookup(self._fd, struct.pack("=I", number), self._layout.size)
        if found is None:
            return ()
        addresses = self._layout.unpack(found)
        return addresses[: addresses.index(0)] if 0 in addresses else addresses

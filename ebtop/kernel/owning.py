"""A process that is ebtop's own for a while, by its byte in the map that all probes look at; starts nothing."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from ebtop.kernel import bpf

_OWN = 1
"""EBTOP_OWN of ebtop.h."""
_ENTRY = 64
"""Bytes of struct ebtop_flags."""
_MAX_ENTRIES = 16
"""Offset in struct bpf_map_info (include/uapi/linux/bpf.h)."""


@contextmanager
def owned(flags: int, pid: int) -> Iterator[None]:
    """Nothing that `pid` does is counted meanwhile; `flags` is the descriptor of the session's map."""
    size = struct.unpack_from("=I", bpf.info(flags, 64), _MAX_ENTRIES)[0] * _ENTRY
    whole = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    with mmap.mmap(flags, whole, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE) as bytes_:
        if pid >= size:
            yield
            return
        bytes_[pid] |= _OWN
        try:
            yield
        finally:
            bytes_[pid] &= ~_OWN & 0xFF

"""The worst example of each bucket and interval, out of a mapped table of them; knows nothing of probes or units.

The C side is struct ebtop_worst in probes/ebtop.h: in each CPU's bank two sets of BUCKETS records, of which the running
interval's number chooses one. That number is raised here, and here only.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.kernel import bpf
from ebtop.kernel.cpus import banks
from ebtop.kernel.layout import record_type
from ebtop.sample import BUCKETS, Records
from ebtop.text import clean_array
from ebtop.wire import Field, MapInfo

_SETS = 2
_HEAD = 2
"""Words that every record begins with: the interval's number and the value."""
_NAMES = 1024
"""Texts that are kept as known to be clean."""

Words = npt.NDArray[np.uint64]


class Epoch:
    """The number of the running interval, in a map of one entry."""

    def __init__(self, info: MapInfo, fd: int) -> None:
        """Begin interval 1; OSError when the kernel lets us neither map nor write it. `fd` stays the caller's.

        A map's descriptor can be written through as well as read; mapped it takes no capability, and no system call.
        """
        self.now = 0
        self._fd = fd
        self._memory: mmap.mmap | None = None
        self._word: Words | None = None
        if info.flags & bpf.MMAPABLE:
            try:
                self._memory = mmap.mmap(fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
                self._word = np.frombuffer(self._memory, np.uint64, 1)
            except OSError:  # then by the system call, which kernels before 5.19 ask CAP_BPF for
                self._memory = None
        self.advance()

    def advance(self) -> int:
        """Begin the next interval; the number of the one that has ended. OSError when the kernel refuses."""
        ended, following = self.now, self.now + 1
        if self._word is not None:
            self._word[0] = following
        else:
            bpf.update(self._fd, bytes(4), struct.pack("=Q", following))
        self.now = following
        return ended

    def close(self) -> None:
        """Let go of the memory."""
        self._word = None
        if self._memory is not None:
            self._memory.close()


class Examples:
    """The records of one histogram."""

    def __init__(self, info: MapInfo, fd: int, members: Sequence[str]) -> None:
        """`members`: what is wanted of a record beside its value. OSError or ValueError when it cannot be read."""
        _check(info, members)
        self._kind = _result(info, members)
        size = info.max_entries * self._kind.itemsize
        self._memory = mmap.mmap(fd, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
        words = np.frombuffer(self._memory, np.uint64, size // 8).reshape(banks(), _SETS, BUCKETS, -1)
        self._sets: tuple[Words, ...] = tuple(words[:, number] for number in range(_SETS))
        self._none = np.zeros(0, self._kind)
        self._plain: set[bytes] = set()

    def of(self, epoch: int) -> Records:
        """The worst records of interval `epoch`, of all CPUs: (k,) of `bucket` (u4), `value` (u8) and the members.

        In the order of the buckets, those without an example left out. A record that is rewritten while it is copied is
        left out too: that takes a program that ran across the end of its interval, or an interval that still runs.
        """
        there = self._sets[epoch % _SETS]
        found = there[:, :, 0] == epoch
        if not found.any():
            return self._none
        ranks = (there[:, :, 1] + np.uint64(1)) * found
        buckets = np.flatnonzero(ranks.any(axis=0))
        cpus = ranks.argmax(axis=0)[buckets]
        words = there[cpus, buckets]
        again = there[cpus, buckets, :_HEAD]
        if (words[:, :_HEAD] != again).any() or (words[:, 0] != epoch).any():
            still = (words[:, :_HEAD] == again).all(axis=1) & (words[:, 0] == epoch)
            buckets, words = buckets[still], words[still]
        words[:, 0] = buckets
        records: Records = words.view(self._kind).reshape(-1)
        for name in _texts(self._kind):
            self._clean(records, name)
        return records

    def _clean(self, records: Records, name: str) -> None:
        """Clean the texts `name` in place; the same few come again and again."""
        texts = records[name].tolist()
        if self._plain.issuperset(texts):
            return
        column = np.ascontiguousarray(records[name])
        cleaned = clean_array(column)
        if cleaned is not column:
            records[name] = cleaned
        elif len(self._plain) < _NAMES:
            self._plain.update(texts)

    def close(self) -> None:
        """Let go of the memory. The descriptor is not closed."""
        self._sets = (np.zeros((1, BUCKETS, _HEAD), np.uint64),) * _SETS
        self._memory.close()


def _result(info: MapInfo, members: Sequence[str]) -> np.dtype[Any]:
    """A record as it is given away: the bucket in the place of the interval's number, everything else where it is."""
    fields = [field for field in info.value if field.name in ("value", *members)]
    return record_type((Field("bucket", "<u4", 0), *fields), (info.value_size + 7) & ~7)


def _texts(kind: np.dtype[Any]) -> list[str]:
    return [name for name in kind.names or () if kind[name].kind == "S"]


def _check(info: MapInfo, members: Sequence[str]) -> None:
    """ValueError unless the table is as ebtop.h says."""
    places = {field.name: (field.offset, field.format) for field in info.value}
    begins = places.get("epoch") == (0, "<u8") and places.get("value") == (8, "<u8")
    if not begins or not set(members) <= places.keys():
        raise ValueError(f"{info.name}: a record does not hold epoch, value, {', '.join(members)}")
    if info.type != bpf.ARRAY or not info.flags & bpf.MMAPABLE or info.max_entries != banks() * _SETS * BUCKETS:
        raise ValueError(f"{info.name}: it is no table of examples")

"""Reads whole BPF maps into numpy; knows layouts and descriptors, nothing of probes or of what a count means."""

from __future__ import annotations

import errno
import mmap
import os
import struct
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.kernel import bpf
from ebtop.kernel.cpus import banks, possible_cpus
from ebtop.kernel.layout import (
    CleanTexts,
    clean_texts,
    combine,
    combine_banks,
    record_type,
    same_bytes,
)
from ebtop.sample import MapRows, Records
from ebtop.wire import MapInfo

Bytes = npt.NDArray[np.uint8]
_PER_CPU = frozenset({bpf.PERCPU_HASH, bpf.PERCPU_ARRAY, bpf.LRU_PERCPU_HASH})
_ARRAYS = frozenset({bpf.ARRAY, bpf.PERCPU_ARRAY})
_SLACK = 512
"""Least room beside the capacity: a walk under churn meets more keys than the map ever holds at once."""
_LARGE = 1 << 17
_NO_BATCH = frozenset({errno.EINVAL, 524, errno.ENOTSUP})
"""Kernel or map type without batch operations; 524 is the kernel's own ENOTSUPP, include/linux/errno.h."""


class MapReader:
    """Reads one map through a descriptor that stays the caller's."""

    def __init__(self, info: MapInfo, fd: int) -> None:
        self.info = info
        self._fd = fd
        self._key_type = record_type(info.key, info.key_size)
        self._walk: _Walk = _Banked(info, fd) if _is_banked(info) else _Batch(info, fd)
        self._clean_values = CleanTexts(self._walk.value_type)
        self._raw: Records = np.empty(0, self._key_type)
        self._keys = self._raw
        """The same with clean texts: the very same array where there is nothing to clean."""
        self._rows = MapRows(self._keys, np.empty(0, self._walk.value_type), self._walk.capacity)

    def read(self) -> MapRows:
        """The whole map: each key once, per-CPU values combined, texts cleaned. OSError when the kernel refuses.

        While the keys are those of the read before, `keys` is the very same array; while the values are too, the result
        is the very same object.
        """
        raw_keys, values = self._walk.read()
        if not same_bytes(raw := raw_keys.view(self._key_type), self._raw):
            self._take(raw.copy())
        self._walk.rest()
        self._clean_values.apply(values)
        if self._keys is not self._rows.keys or not same_bytes(values, self._rows.values):
            self._rows = MapRows(self._keys, values, self._walk.capacity)
        return self._rows

    @property
    def raw_keys(self) -> Records:
        """The keys of the newest read with texts as the kernel has them, in the same order."""
        return self._raw

    def _take(self, raw: Records) -> None:
        """Other keys than before: only those that are new have texts to be cleaned."""
        before, self._raw = self._raw, raw
        place = rows.match(raw, before)
        new = np.flatnonzero(place < 0)
        fresh = raw[new]
        if not clean_texts(fresh) and self._keys is before:
            self._keys = raw
            return
        known = np.flatnonzero(place >= 0)
        keys = raw.copy()
        keys[known] = self._keys[place[known]]
        keys[new] = fresh
        self._keys = keys

    def delete(self, places: npt.NDArray[np.intp]) -> None:
        """Remove the rows at `places` of the newest read; those that are gone already do no harm."""
        keys = np.ascontiguousarray(self._raw.view(np.uint8).reshape(-1, self.info.key_size)[places])
        delete(self._fd, keys)

    def close(self) -> None:
        """Let go of mapped memory. The descriptor is not closed."""
        self._walk.close()


class _Walk(Protocol):
    value_type: np.dtype[Any]
    capacity: int

    def read(self) -> tuple[Bytes, Records]:
        """The keys' bytes, in memory that the next read overwrites, and the combined values (n,), newly made."""

    def rest(self) -> None:
        """What was read is needed no more."""

    def close(self) -> None: ...


def _is_banked(info: MapInfo) -> bool:
    return info.type == bpf.ARRAY and bool(info.flags & bpf.MMAPABLE) and info.max_entries % banks() == 0


def _stride(size: int) -> int:
    return (size + 7) & ~7


class _Banked:
    """A memory-mapped array with a bank of entries for each CPU, read without a system call.

    Elements of an array stand 8-byte aligned one after the other (array_map_alloc, kernel/bpf/arraymap.c); aligned
    64-bit counters are never seen half written.
    """

    def __init__(self, info: MapInfo, fd: int) -> None:
        self.capacity = info.max_entries // banks()
        self.value_type = record_type(info.value, _stride(info.value_size))
        size = info.max_entries * self.value_type.itemsize
        self._memory = mmap.mmap(fd, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
        whole = np.frombuffer(self._memory, self.value_type, info.max_entries)
        self._slots: npt.NDArray[Any] | None = whole.reshape(banks(), self.capacity)
        self._keys = np.arange(self.capacity, dtype=np.uint32).view(np.uint8)

    def read(self) -> tuple[Bytes, Records]:
        if self._slots is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._keys, combine_banks(self._slots)

    def rest(self) -> None:
        """The memory is the map's own."""

    def close(self) -> None:
        self._slots = None
        self._memory.close()


class _Batch:
    """Any other map, by batch lookups into buffers that are kept, or key by key where the kernel has no batch for it.

    The kernel copies a hash bucket whole, under its lock, and its cursor is the number of the next bucket
    (__htab_map_lookup_and_delete_batch, kernel/bpf/hashtab.c): a key stays in its bucket, so that it cannot come twice
    however the map churns, as long as cursor in and cursor out are not the same memory.
    """

    def __init__(self, info: MapInfo, fd: int) -> None:
        self._info, self._fd = info, fd
        self.capacity = info.max_entries
        self._cpus = possible_cpus() if info.type in _PER_CPU else 1
        size = _stride(info.value_size) if info.type in _PER_CPU else info.value_size
        self.value_type = record_type(info.value, size)
        self._cursors = np.zeros(2 * max(info.key_size, 8), np.uint8)
        self._batch = True
        self._used = 0
        """Bytes of the newest read."""
        self._reserve(max(info.max_entries * 3 // 2, info.max_entries + _SLACK))

    def _reserve(self, entries: int) -> None:
        self._entries = entries
        self._keys = np.empty(entries * self._info.key_size, np.uint8)
        self._values = np.empty(entries * self._cpus * self.value_type.itemsize, np.uint8)

    def rest(self) -> None:
        """Large buffers are given back until the next read: they are empty memory again, which costs nothing."""
        if self._used > _LARGE:
            self._reserve(self._entries)

    def close(self) -> None:
        self._reserve(0)

    def read(self) -> tuple[Bytes, Records]:
        count = self._read_batches() if self._batch else self._read_keys()
        self._used = count * (self._info.key_size + self._cpus * self.value_type.itemsize)
        return self._keys[: count * self._info.key_size], self._combined(count)

    def _combined(self, count: int) -> Records:
        raw = self._values[: count * self._cpus * self.value_type.itemsize]
        if self._cpus == 1:
            return raw.copy().view(self.value_type)
        return combine(raw.view(self.value_type).reshape(count, self._cpus))

    def _read_batches(self) -> int:
        count, cursor = 0, 0
        while True:
            try:
                found, finished = self._lookup(count, cursor)
            except OSError as error:
                if error.errno in _NO_BATCH and not count:
                    self._batch = False
                    return self._read_keys()
                if error.errno != errno.ENOSPC:
                    raise
                found, finished = 0, False
            count += found
            if finished:
                return count
            if found:
                cursor += 1
            if not found or self._entries - count < _SLACK:
                self._grow(count)

    def _lookup(self, count: int, cursor: int) -> tuple[int, bool]:
        """One batch call behind the first `count` entries; entries found, and whether the map's end was reached."""
        half = self._cursors.size // 2
        base, value_size = self._cursors.ctypes.data, self._cpus * self.value_type.itemsize
        attributes = bytearray(
            struct.pack(
                "=QQQQIIQQ",
                base + half * ((cursor + 1) % 2) if cursor else 0,
                base + half * (cursor % 2),
                self._keys.ctypes.data + count * self._info.key_size,
                self._values.ctypes.data + count * value_size,
                self._entries - count,
                self._fd,
                0,
                0,
            )
        )
        finished = False
        try:
            bpf.bpf(bpf.MAP_LOOKUP_BATCH, attributes)
        except FileNotFoundError:
            finished = True
        return struct.unpack_from("=I", attributes, 32)[0], finished

    def _grow(self, count: int) -> None:
        keys, values = self._keys, self._values
        self._reserve(2 * self._entries + _SLACK)
        used_keys, used_values = count * self._info.key_size, count * self._cpus * self.value_type.itemsize
        self._keys[:used_keys] = keys[:used_keys]
        self._values[:used_values] = values[:used_values]

    def _read_keys(self) -> int:
        """Key by key. A key deleted under the walk sends it back to the start, so keys already met are passed over."""
        size, value_size = self._info.key_size, self._cpus * self.value_type.itemsize
        met: set[bytes] = set()
        key = bpf.next_key(self._fd, None, size)
        steps = 0
        while key is not None and steps < 4 * self.capacity + _SLACK:
            steps += 1
            value = None if key in met else bpf.lookup(self._fd, key, value_size)
            if value is not None:
                if len(met) == self._entries:
                    self._grow(len(met))
                at = len(met)
                self._keys[at * size : (at + 1) * size] = np.frombuffer(key, np.uint8)
                self._values[at * value_size : (at + 1) * value_size] = np.frombuffer(value, np.uint8)
                met.add(key)
            key = bpf.next_key(self._fd, key, size)
        return len(met)


def delete(fd: int, keys: Bytes) -> None:
    """Delete `keys` (n, key_size) in batches, each of which ends at a key that is not there any more."""
    done, batch = 0, True
    while done < len(keys):
        if not batch:
            bpf.delete(fd, keys[done].tobytes())
            done += 1
            continue
        at = keys.ctypes.data + done * keys.shape[1]
        attributes = bytearray(struct.pack("=QQQQIIQQ", 0, 0, at, 0, len(keys) - done, fd, 0, 0))
        try:
            bpf.bpf(bpf.MAP_DELETE_BATCH, attributes)
        except FileNotFoundError:
            done += struct.unpack_from("=I", attributes, 32)[0] + 1
        except OSError as error:
            if error.errno not in _NO_BATCH:
                raise
            batch = False
        else:
            return

"""The bpf(2) system call and its most used commands; knows nothing of probes, layouts or rows.

Numbers and layouts of `union bpf_attr` and `struct bpf_*_info` are those of include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator

MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT_KEY = range(5)
PROG_NEXT_ID, MAP_NEXT_ID, PROG_BY_ID, MAP_BY_ID, INFO_BY_FD = range(11, 16)
LINK_BY_ID, LINK_NEXT_ID, ENABLE_STATS = 30, 31, 32
MAP_LOOKUP_BATCH, MAP_UPDATE_BATCH, MAP_DELETE_BATCH = 24, 26, 27

HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, LRU_HASH, LRU_PERCPU_HASH, RINGBUF = 1, 2, 5, 6, 9, 10, 27
"""enum bpf_map_type."""
NO_PREALLOC = 1 << 0
MMAPABLE = 1 << 10
"""BPF_F_MMAPABLE, Linux 5.5."""

_NUMBERS = {"x86_64": 321, "aarch64": 280}  # asm/unistd.h
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_long)
_libc.syscall.restype = ctypes.c_long


def bpf(command: int, attributes: bytearray) -> int:
    """Call bpf(2); the kernel may write into `attributes`. What it returns, or OSError with its errno.

    The interpreter's lock is let go of while the kernel works. EINTR and EAGAIN (a program load that a signal
    disturbed) are the caller's.
    """
    number = _NUMBERS.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, f"the number of bpf(2) on {platform.machine()} is not known")
    place = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    result: int = _libc.syscall(number, command, ctypes.addressof(place), len(attributes))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def create_map(kind: int, key_size: int, value_size: int, max_entries: int, flags: int = 0, name: str = "") -> int:
    """Descriptor (close-on-exec) of a new map."""
    label = name.encode()[:15]
    return bpf(
        MAP_CREATE,
        bytearray(struct.pack("=IIIIIIi16sII", kind, key_size, value_size, max_entries, flags, 0, 0, label, 0, 0)),
    )


def update(fd: int, key: bytes, value: bytes, flags: int = 0) -> None:
    """Set one entry; `value` holds a stride-8 slot for each possible CPU in per-CPU maps."""
    with _Pointers(key, value) as (key_at, value_at):
        bpf(MAP_UPDATE, _element(fd, key_at, value_at, flags))


def lookup(fd: int, key: bytes, value_size: int) -> bytes | None:
    """The value of `key` (`value_size`: all CPUs' slots in per-CPU maps), or None."""
    value = ctypes.create_string_buffer(value_size)
    with _Pointers(key) as (key_at,):
        try:
            bpf(MAP_LOOKUP, _element(fd, key_at, ctypes.addressof(value), 0))
        except FileNotFoundError:
            return None
    return value.raw


def delete(fd: int, key: bytes) -> bool:
    """Remove one entry; False when it was not there."""
    with _Pointers(key) as (key_at,):
        try:
            bpf(MAP_DELETE, _element(fd, key_at, 0, 0))
        except FileNotFoundError:
            return False
    return True


def next_key(fd: int, key: bytes | None, key_size: int) -> bytes | None:
    """The key that follows `key` (the first for None, or for a key that is gone), or None at the end."""
    following = ctypes.create_string_buffer(key_size)
    with _Pointers(key or b"") as (key_at,):
        try:
            bpf(MAP_NEXT_KEY, _element(fd, key_at if key is not None else 0, ctypes.addressof(following), 0))
        except FileNotFoundError:
            return None
    return following.raw


def ids(command: int) -> Iterator[int]:
    """Ids of the host's programs (PROG_NEXT_ID), maps (MAP_NEXT_ID) or links (LINK_NEXT_ID); needs CAP_SYS_ADMIN."""
    number = 0
    while True:
        attributes = bytearray(struct.pack("=III", number, 0, 0))
        try:
            bpf(command, attributes)
        except FileNotFoundError:
            return
        number = struct.unpack_from("=I", attributes, 4)[0]
        yield number


def by_id(command: int, number: int) -> int | None:
    """Descriptor of a program (PROG_BY_ID), map (MAP_BY_ID) or link (LINK_BY_ID); None when it is gone by now."""
    try:
        return bpf(command, bytearray(struct.pack("=III", number, 0, 0)))
    except FileNotFoundError:
        return None


def info(fd: int, size: int = 512) -> bytes:
    """The first `size` bytes of struct bpf_{prog,map,link}_info, zeros where the kernel's is shorter."""
    return info_into(fd, bytearray(size))


def info_into(fd: int, request: bytearray) -> bytes:
    """As `info`, with pointers and lengths that ask for more (map ids, names) already in `request`."""
    place = (ctypes.c_char * len(request)).from_buffer(request)
    bpf(INFO_BY_FD, bytearray(struct.pack("=IIQ", fd, len(request), ctypes.addressof(place))))
    return bytes(request)


def enable_stats() -> int:
    """Descriptor that keeps run counts and run times of all programs on while it is open (Linux 5.8, CAP_SYS_ADMIN)."""
    return bpf(ENABLE_STATS, bytearray(struct.pack("=I", 0)))


class _Pointers:
    """Addresses of byte strings, valid inside the `with` block."""

    def __init__(self, *contents: bytes) -> None:
        self._kept = [ctypes.create_string_buffer(content, max(len(content), 1)) for content in contents]

    def __enter__(self) -> tuple[int, ...]:
        return tuple(ctypes.addressof(kept) for kept in self._kept)

    def __exit__(self, *_: object) -> None:
        self._kept.clear()


def _element(fd: int, key_at: int, value_at: int, flags: int) -> bytearray:
    return bytearray(struct.pack("=IIQQQ", fd, 0, key_at, value_at, flags))

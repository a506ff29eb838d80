"""The probe mmaps: known calls of known sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
CALLS = ("mmap", "munmap", "mremap", "brk")
PREPARE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.mremap.restype = libc.sbrk.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
libc.sbrk.argtypes = [ctypes.c_long]
file = os.open("libtest.so", os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(file, 8192)
places = [0] * 23
for one in (libc.mmap(None, 4096, 3, 0x22, -1, 0) for _ in range(2)): libc.munmap(one, 4096)
libc.mremap(libc.mmap(None, 8192, 3, 0x22, -1, 0), 8192, 4096, 1)
libc.sbrk(0)
"""
"""Once of each, so that whatever Python needs for it is there."""
WORK = """
for n in range(23): places[n] = libc.mmap(None, 100_000, 3, 0x22, -1, 0)
for n in range(7): libc.munmap(places[n], 100_000)
place = libc.mmap(None, 8192, 1, 1, file, 0)
libc.mmap(None, 4096, 1, 1, 4095, 0)
libc.mremap(place, 8192, 4096, 1)
libc.mremap(places[22], 102_400, 409_600, 1)
for n in range(5): libc.sbrk(8192)
libc.sbrk(-4096)
libc.sbrk(1 << 60)
"""
SCRIPT = """
tracepoint:syscalls:sys_exit_mmap /pid == $1/ { @mmap = count(); }
tracepoint:syscalls:sys_exit_munmap /pid == $1/ { @munmap = count(); }
tracepoint:syscalls:sys_exit_mremap /pid == $1/ { @mremap = count(); }
tracepoint:syscalls:sys_exit_brk /pid == $1/ { @brk = count(); }
BEGIN { printf("ready\\n"); }
"""


def test_calls_and_bytes_are_exact(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Of each call as often as bpftrace sees it, and the pages that were asked for, by file where there is one."""
    with Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker, bpftrace(worker.pid, SCRIPT) as stop:
        loaded = load("mmaps")
        worker.work()
        theirs = stop()
        loaded.detach()
    rows, totals = loaded.rows("mmaps_rows"), loaded.totals("mmaps")
    found = {}
    for place in np.flatnonzero(rows.keys["pid"] == worker.pid):
        key, value = rows.keys[place], rows.values[place]
        found[CALLS[key["call"]], key["file"].decode()] = [
            int(value[name]) for name in ("calls", "errors", "grown_bytes", "released_bytes")
        ]
    assert found == {
        ("mmap", ""): [24, 1, 23 * 102_400, 0],
        ("mmap", "libtest.so"): [1, 0, 8192, 0],
        ("munmap", ""): [7, 0, 0, 7 * 102_400],
        ("mremap", ""): [2, 0, 409_600 - 102_400, 4096],
        ("brk", ""): [7, 1, 5 * 8192, 4096],
    }
    assert theirs == {"@mmap": 25, "@munmap": 7, "@mremap": 2, "@brk": 7}
    assert totals["total"] == int(rows.values["calls"].sum()) and not totals["drops"]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """With room for two rows, the calls that belong to others are drops."""
    with Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker:
        loaded = load("mmaps", rows=2)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("mmaps_rows"), loaded.totals("mmaps")
    assert rows.keys.size == 2 and totals["drops"] >= 3
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]


def test_own_processes_are_left_out(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """A process that is not to be counted has no row."""
    with Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker:
        loaded = load("mmaps", own_pids=frozenset({worker.pid}))
        worker.work()
        assert worker.pid not in loaded.rows("mmaps_rows").keys["pid"]

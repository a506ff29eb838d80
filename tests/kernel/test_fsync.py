"""The probe fsync: known calls on known files, beside bpftrace on the same work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ebtop import registry
from ebtop.worst import Worst
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker, nobody_but

pytestmark = pytest.mark.kernel
CALLS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "sync", "msync")
PREPARE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
journal = os.open("journal", os.O_RDWR | os.O_CREAT, 0o600)
table = os.open("table-of-rows", os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(table, 4096)
memory = mmap.mmap(table, 4096)
"""
WORK = """
for n in range(23):
    os.pwrite(journal, b"entry", n * 5)
    os.fsync(journal)
for n in range(13): os.fdatasync(table)
for n in range(7): libc.sync_file_range(journal, ctypes.c_int64(0), ctypes.c_int64(0), 1)
for n in range(5): memory.flush()
libc.syncfs(journal)
for n in range(3): libc.fsync(4095)
"""


def counts(loaded: Loaded, pid: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Calls and failures by name of call and of file, of one process."""
    rows = loaded.rows("fsync_rows")
    found = {}
    for place in np.flatnonzero(rows.keys["pid"] == pid):
        key, value = rows.keys[place], rows.values[place]
        found[CALLS[key["call"]], key["file"].decode()] = int(value["calls"]), int(value["errors"])
    return found


def test_calls_are_exact_by_call_and_file(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """23 fsyncs, 13 fdatasyncs, 7 sync_file_ranges, 5 msyncs, a syncfs, and 3 of a descriptor that is none."""
    with Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker:
        loaded = load("fsync", own_pids=nobody_but(worker))
        worst = Worst(registry.probe("fsync"), loaded.maps)
        worker.work()
        loaded.detach()
        worst.begin(tick=True)
        examples = worst.read()["latency"]
        worst.close()
    assert counts(loaded, worker.pid) == {
        ("fsync", "journal"): (23, 0),
        ("fdatasync", "table-of-rows"): (13, 0),
        ("sync_file_range", "journal"): (7, 0),
        ("msync", ""): (5, 0),
        ("syncfs", "journal"): (1, 0),
        ("fsync", ""): (3, 3),
    }
    rows, totals = loaded.rows("fsync_rows"), loaded.totals("fsync")
    latency = loaded.rows("fsync_latency").values
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"] == int(latency["slots"].sum())
    assert int(latency["sum"].sum()) == int(rows.values["ns"].sum())
    slowest = rows.keys[rows.values["max_ns"].argmax()]
    assert int(examples["value"].max()) == int(rows.values["max_ns"].max())
    example = examples[examples["value"].argmax()]
    assert [example[name] for name in ("pid", "call", "file")] == [slowest[name] for name in ("pid", "call", "file")]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """With room for two files, the calls for the others are drops; threads that are gone leave no start behind."""
    work = """
def one(n):
    file = os.open(f"file-{n}", os.O_RDWR | os.O_CREAT, 0o600)
    os.fsync(file)
for n in range(11):
    thread = threading.Thread(target=one, args=(n,))
    thread.start()
    thread.join()
"""
    with Worker(work, folder=tmp_path) as worker:
        loaded = load("fsync", rows=2)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("fsync_rows"), loaded.totals("fsync")
        starts = loaded.rows("fsync_starts")
    assert rows.keys.size == 2 and totals["drops"] >= 9
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]
    assert starts.keys.size < 11

"""The probe locks: two processes that want one file's lock, beside bpftrace's account of the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.needing import needs
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

WORK = """
file = os.open("shared", os.O_RDWR | os.O_CREAT)
block = b"x" * (1 << 23)
def write():
    for _ in range(31): os.pwrite(file, block, 0)

others = [os.fork() for _ in range(2)]
if 0 in others:
    write()
    os._exit(0)
write()
for other in others: os.waitpid(other, 0)
"""
SCRIPT = """
tracepoint:lock:contention_begin /pid == $1 && !@since[tid, args->lock_addr]/ { @since[tid, args->lock_addr] = nsecs; }
tracepoint:lock:contention_end /pid == $1 && @since[tid, args->lock_addr]/ {
    @waits = count();
    @ns = sum(nsecs - @since[tid, args->lock_addr]);
    delete(@since[tid, args->lock_addr]);
}
BEGIN { printf("ready\\n"); }
"""
RWSEM_WRITE = 4


@pytest.fixture(autouse=True)
def place(kernel: None) -> None:
    """A kernel that tells of contention: Linux 5.19 or newer."""
    needs("locks")


def test_waits_are_those_that_bpftrace_sees(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """As many, and as long; each in the histogram, and most of them for the file's lock."""
    with Worker(WORK, folder=tmp_path) as worker, bpftrace(worker.pid, SCRIPT) as stop:
        loaded = load("locks")
        worker.work()
        theirs = stop()
        loaded.detach()
        rows, times, totals = loaded.rows("locks_rows"), loaded.rows("locks_times"), loaded.totals("locks")
    mine = rows.values[rows.keys["pid"] == worker.pid]
    assert int(mine["waits"].sum()) > 0
    assert int(mine["waits"].sum()) == theirs["@waits"]
    assert int(mine["ns"].sum()) == pytest.approx(theirs["@ns"], rel=0.1)
    assert RWSEM_WRITE in rows.keys["kind"][rows.keys["pid"] == worker.pid]
    assert totals["total"] == int(rows.values["waits"].sum()) + totals["drops"] == int(times.values["slots"].sum())


def test_own_processes_are_left_out_and_a_full_map_counts_its_drops(
    load: Callable[..., Loaded], tmp_path: Path
) -> None:
    """One whose bit is set has no row; with room for one row, total is what it shows and what was dropped."""
    other = tmp_path / "other"
    other.mkdir()
    with Worker(WORK, folder=tmp_path) as own, Worker(WORK, folder=other) as worker:
        loaded = load("locks", own_pids=frozenset({own.pid}), rows=1)
        own.work()
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("locks_rows"), loaded.totals("locks")
    assert own.pid not in rows.keys["pid"]
    assert rows.keys.size == 1
    assert totals["drops"] > 0
    assert totals["total"] == int(rows.values["waits"].sum()) + totals["drops"]

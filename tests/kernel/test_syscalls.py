"""The probe syscalls: exact by process and call, under two writers, past threads that come and go, and when full."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import pytest

from ebtop.kernel import syscalls
from ebtop.sample import MapRows
from tests.kernel.cpus import two
from tests.kernel.loaded import Loaded
from tests.kernel.pace import scaled
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NUMBERS = {name: number for number, name in syscalls.names().items()}
MANY = scaled(3_000_000)
SHORT_LIVED = scaled(20_000)


def of(rows: MapRows, pid: int, call: str) -> dict[str, int]:
    """Counters of one process's calls of one kind."""
    found = rows.values[(rows.keys["pid"] == pid) & (rows.keys["nr"] == NUMBERS[call])]
    assert found.size <= 1
    return {name: int(found[name].sum()) for name in ("calls", "errors", "ns")}


def test_calls_and_failures_are_exact(load: Callable[..., Loaded]) -> None:
    """1009 getppid, 211 failing closes, 13 sleeps of 5 ms: by this pid, neither more nor less."""
    work = """
for _ in range(1009): os.getppid()
for _ in range(211):
    try: os.close(999)
    except OSError: pass
begun = time.monotonic_ns()
for _ in range(13): time.sleep(0.005)
os.write(1, str(time.monotonic_ns() - begun).encode())
"""
    with Worker(work) as worker:
        loaded = load("syscalls")
        worker.work()
        most = int(worker.said())
        rows = loaded.rows("syscalls_calls")
    assert of(rows, worker.pid, "getppid")["calls"] == 1009
    assert of(rows, worker.pid, "getppid")["errors"] == 0
    closes = of(rows, worker.pid, "close")
    assert (closes["calls"], closes["errors"]) == (211, 211)
    sleeps = of(rows, worker.pid, "clock_nanosleep")
    assert sleeps["calls"] == 13
    assert 13 * 5_000_000 <= sleeps["ns"] <= most


def test_the_histogram_holds_every_call_that_is_timed(load: Callable[..., Loaded]) -> None:
    """By call, the buckets add up to the calls, the sum to the time."""
    with Worker("for _ in range(1013): os.getppid()") as worker:
        loaded = load("syscalls")
        worker.work()
        worker.leave()
        loaded.detach()  # others make such calls, too
        rows, latency = loaded.rows("syscalls_calls"), loaded.rows("syscalls_latency")
    number = NUMBERS["getppid"]
    mine = rows.values[rows.keys["nr"] == number]
    bars = latency.values[latency.keys["index"] == number]
    assert int(bars["slots"].sum()) == int(mine["calls"].sum()) >= 1013
    assert int(bars["sum"].sum()) == int(mine["ns"].sum())


def test_two_pinned_writers_lose_not_one_call(load: Callable[..., Loaded]) -> None:
    """3,000,000 calls each, at the same time, on two CPUs: 6,000,000."""
    work = f"for _ in range({MANY}): os.getppid()"
    with ExitStack() as stack:
        writers = [stack.enter_context(Worker(work, cpu=cpu)) for cpu in two()]
        loaded = load("syscalls")
        for writer in writers:
            writer.begin()
        for writer in writers:
            writer.finish()
        rows = loaded.rows("syscalls_calls")
    assert [of(rows, writer.pid, "getppid")["calls"] for writer in writers] == [MANY, MANY]


def test_short_processes_leave_no_start_behind(load: Callable[..., Loaded]) -> None:
    """After 20,000 of them no probe keeps more starts than there are threads."""
    loop = f"i=0; while [ $i -lt {SHORT_LIVED} ]; do (:); i=$((i+1)); done"
    starts = {"syscalls": "syscalls_starts", "rw": "rw_starts", "opens": "opens_starts", "exec": "exec_starts"}
    starts["runqlat"] = "runqlat_starts"
    with Worker("os.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', words[0]], {}), 0)", loop) as worker:
        loaded = load(*starts)
        worker.work()
        worker.leave()
        kept = {probe: loaded.rows(name).keys.size for probe, name in starts.items()}
        calls = loaded.rows("syscalls_calls")
    made = int(calls.values["calls"][calls.keys["nr"] == NUMBERS["clone"]].sum())
    assert made >= SHORT_LIVED
    assert all(count < 1000 for count in kept.values()), kept


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for 16 rows, total is what the rows show and what was dropped."""
    work = """
for call in (os.getppid, os.getpid, os.getuid, os.geteuid, os.getgid, os.getegid, os.sched_yield, os.times):
    for _ in range(101): call()
for n in range(40):
    pid = os.fork()
    if not pid:
        for _ in range(7): os.getppid()
        os._exit(0)
    os.waitpid(pid, 0)
"""
    with Worker(work) as worker:
        loaded = load("syscalls", rows=16)
        worker.work()
        worker.leave()
        loaded.detach()
        totals, rows = loaded.totals("syscalls"), loaded.rows("syscalls_calls")
    assert rows.keys.size <= 16
    assert totals["drops"] > 0
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """A process whose bit is set has no row."""
    with Worker("for _ in range(103): os.getppid()") as own, Worker("for _ in range(107): os.getppid()") as other:
        loaded = load("syscalls", own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        rows = loaded.rows("syscalls_calls")
    assert not (rows.keys["pid"] == own.pid).any()
    assert of(rows, other.pid, "getppid")["calls"] == 107


def test_a_call_that_began_before_has_no_start(load: Callable[..., Loaded]) -> None:
    """The wait in which the probe found the worker is counted as an end without a start, and nowhere else."""
    with Worker("os.getppid()") as worker:
        loaded = load("syscalls")
        worker.work()
        totals, rows = loaded.totals("syscalls"), loaded.rows("syscalls_calls")
    assert totals["unmatched"] >= 1
    assert of(rows, worker.pid, "rt_sigtimedwait")["calls"] == 0


def test_counting_alone_is_as_exact(load: Callable[..., Loaded]) -> None:
    """The second way, which has no times, counts the same."""
    with Worker("for _ in range(1009): os.getppid()") as worker:
        loaded = load("syscalls", way="raw_tracepoint, counts only")
        worker.work()
        rows = loaded.rows("syscalls_calls")
    assert of(rows, worker.pid, "getppid")["calls"] == 1009
    assert not np.any(rows.values["ns"])

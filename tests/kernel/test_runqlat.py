"""The probe runqlat, beside the scheduler's own account of the same thread.

On a busy machine a few wake-ups are reported to nobody: the kernel's own trace of sched_wakeup lacks them too. Such a
wait has no start, and is counted as one; where there is none, the two accounts are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.kernel.cpus import CPUS
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel


def waits(loaded: Loaded, pid: int) -> tuple[int, int]:
    """Waits and waited nanoseconds of one process."""
    rows = loaded.rows("runqlat_rows")
    mine = rows.values[rows.keys["pid"] == pid]
    return int(mine["waits"].sum()), int(mine["ns"].sum())


def test_every_wait_is_counted(load: Callable[..., Loaded]) -> None:
    """A thread that sleeps 101 times waits as often as the scheduler says it got a CPU."""
    with Worker("for _ in range(101): time.sleep(0.001)") as worker:
        loaded = load("runqlat")
        _, _, times = worker.schedstat()
        worker.work()
        count, ns = waits(loaded, worker.pid)
        _, _, times_then = worker.schedstat()
        unmatched = loaded.totals("runqlat")["unmatched"]
    assert times_then - times >= 102
    assert 0 <= times_then - times - count <= unmatched
    assert ns > 0


def test_threads_that_share_a_cpu_wait_for_it(load: Callable[..., Loaded]) -> None:
    """Two that compute on one CPU for 0.4 s each wait about as long as the scheduler says they did."""
    work = "end = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(work, cpu=CPUS[0])) for _ in range(2)]
        loaded = load("runqlat")
        before = [worker.schedstat() for worker in workers]
        for worker in workers:
            worker.begin()
        for worker in workers:
            worker.finish()
        for worker, (_, waited, times) in zip(workers, before, strict=True):
            count, ns = waits(loaded, worker.pid)
            _, waited_then, times_then = worker.schedstat()
            assert 0 <= times_then - times - count <= loaded.totals("runqlat")["unmatched"]
            assert ns == pytest.approx(waited_then - waited, rel=0.1)
            assert ns > 50_000_000


def test_the_histogram_and_the_rows_agree(load: Callable[..., Loaded]) -> None:
    """Once it is detached, buckets, rows and total add up."""
    with Worker("for _ in range(101): time.sleep(0.001)") as worker:
        loaded = load("runqlat", rows=8)
        worker.work()
        loaded.detach()
        rows, latency, totals = loaded.rows("runqlat_rows"), loaded.rows("runqlat_latency"), loaded.totals("runqlat")
    assert rows.keys.size <= 8
    assert totals["total"] == int(rows.values["waits"].sum()) + totals["drops"] == int(latency.values["slots"].sum())


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """A process whose bit is set has no row; another has."""
    work = "for _ in range(31): time.sleep(0.001)"
    with Worker(work) as own, Worker(work) as other:
        loaded = load("runqlat", own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        assert waits(loaded, own.pid) == (0, 0)
        assert waits(loaded, other.pid)[0] > 0  # one that is woken before it has left its CPU does not wait

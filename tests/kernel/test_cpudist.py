"""The probe cpudist, beside the scheduler's own account of the same thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from ebtop.sample import Records
from tests.kernel.cpus import CPUS
from tests.kernel.loaded import Loaded
from tests.kernel.test_worst import Watched, lie_in_their_buckets, mine, watch  # noqa: F401
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel


def ran(loaded: Loaded, pid: int) -> Any:
    """The values of the one row of a process."""
    rows = loaded.rows("cpudist_rows")
    mine: Records = rows.values[rows.keys["pid"] == pid]
    assert mine.size == 1
    return mine[0]


def test_every_run_is_counted(load: Callable[..., Loaded]) -> None:
    """A thread that sleeps 101 times ran as often as the scheduler says it was given a CPU."""
    with Worker("for _ in range(101): time.sleep(0.001)") as worker:
        loaded = load("cpudist")
        _, _, times = worker.schedstat()
        worker.work()
        row = ran(loaded, worker.pid)
        _, _, times_then = worker.schedstat()
    assert int(row["runs"]) == times_then - times >= 102
    assert 0 < int(row["max_ns"]) <= int(row["ns"])


def test_threads_that_share_a_cpu_run_in_turns(load: Callable[..., Loaded]) -> None:
    """Two that compute on one CPU for 0.3 s each run about as long as the scheduler says, and are preempted."""
    work = "end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(work, cpu=CPUS[0])) for _ in range(2)]
        loaded = load("cpudist")
        before = [worker.schedstat()[0] for worker in workers]
        for worker in workers:
            worker.begin()
        for worker in workers:
            worker.finish()
        for worker, running in zip(workers, before, strict=True):
            row = ran(loaded, worker.pid)
            assert int(row["ns"]) == pytest.approx(worker.schedstat()[0] - running, rel=0.1)
            assert int(row["ns"]) > 290_000_000
            assert 0 < int(row["preempted"]) <= int(row["runs"])


def test_the_histogram_and_the_rows_agree(load: Callable[..., Loaded]) -> None:
    """Once it is detached, buckets, rows and total add up, with a full map as well."""
    with Worker("for _ in range(101): time.sleep(0.001)") as worker:
        loaded = load("cpudist", rows=2)
        worker.work()
        loaded.detach()
        rows, times, totals = loaded.rows("cpudist_rows"), loaded.rows("cpudist_times"), loaded.totals("cpudist")
    assert rows.keys.size <= 2
    assert totals["total"] == int(rows.values["runs"].sum()) + totals["drops"] == int(times.values["slots"].sum())


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """A process whose bit is set has no row; another has."""
    work = "for _ in range(31): time.sleep(0.001)"
    with Worker(work) as own, Worker(work) as other:
        loaded = load("cpudist", own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        rows = loaded.rows("cpudist_rows")
    assert own.pid not in rows.keys["pid"]
    assert other.pid in rows.keys["pid"]


def test_the_longest_runs_are_named(watch: Callable[..., Watched]) -> None:  # noqa: F811
    """Those of a thread that computes, with the CPU that it was on; it has none in an interval in which it sleeps."""
    work = "end = time.process_time() + 0.1\nwhile time.process_time() < end: pass"
    with Worker(work, cpu=CPUS[0]) as worker:
        watched = watch("cpudist", worker)
        worker.work()
        first, second = watched.interval("times"), watched.interval("times")
    runs = mine(first, worker)
    assert runs.size
    assert set(runs["cpu"].tolist()) == {CPUS[0]}
    assert lie_in_their_buckets(first)
    assert not mine(second, worker).size

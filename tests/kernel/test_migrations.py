"""The probe migrations: threads that are given to another CPU."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

WORK = "for n in range(101): os.sched_setaffinity(0, [(n + 1) % 2])"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one CPU, and nowhere to go")
def test_every_move_is_counted(load: Callable[..., Loaded]) -> None:
    """A thread that may run on one CPU at a time, in turns, moves 101 times; another's moves are left out."""
    with Worker(WORK, cpu=0) as worker, Worker(WORK, cpu=0) as own:
        loaded = load("migrations", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        loaded.detach()
        rows, cpus, totals = (
            loaded.rows("migrations_rows"),
            loaded.rows("migrations_cpus"),
            loaded.totals("migrations"),
        )
    assert rows.values["migrations"][rows.keys["pid"] == worker.pid].tolist() == [101]
    assert own.pid not in rows.keys["pid"]
    assert totals["total"] == int(rows.values["migrations"].sum()) + totals["drops"]
    assert int(cpus.values["arrivals"].sum()) == int(cpus.values["departures"].sum()) == totals["total"]
    arrived = dict(zip(cpus.keys["cpu"].tolist(), cpus.values["arrivals"].tolist(), strict=True))
    assert arrived[0] >= 50 and arrived[1] >= 51


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one CPU, and nowhere to go")
def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one process, total is what its row shows and what was dropped."""
    with Worker(WORK, cpu=0) as first, Worker(WORK, cpu=0) as second:
        loaded = load("migrations", rows=1)
        first.work()
        second.work()
        loaded.detach()
        rows, totals = loaded.rows("migrations_rows"), loaded.totals("migrations")
    assert totals["drops"] >= 101
    assert totals["total"] == int(rows.values["migrations"].sum()) + totals["drops"]

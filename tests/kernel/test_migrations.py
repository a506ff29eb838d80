"""The probe migrations: threads that are given to another CPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.cpus import two
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

WORK = "for n in range(101): os.sched_setaffinity(0, [int(words[1 - n % 2])])"


def test_every_move_is_counted(load: Callable[..., Loaded]) -> None:
    """A thread that may run on one CPU at a time, in turns, moves 101 times; another's moves are left out."""
    one, other = two()
    words = str(one), str(other)
    with Worker(WORK, *words, cpu=one) as worker, Worker(WORK, *words, cpu=one) as own:
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
    assert arrived[one] >= 50 and arrived[other] >= 51


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one process, total is what its row shows and what was dropped."""
    one, other = two()
    words = str(one), str(other)
    with Worker(WORK, *words, cpu=one) as first, Worker(WORK, *words, cpu=one) as second:
        loaded = load("migrations", rows=1)
        first.work()
        second.work()
        loaded.detach()
        rows, totals = loaded.rows("migrations_rows"), loaded.totals("migrations")
    assert totals["drops"] >= 101
    assert totals["total"] == int(rows.values["migrations"].sum()) + totals["drops"]

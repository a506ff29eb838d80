"""The probe forks: new processes and threads by who made them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

WORK = """
for n in range(23):
    pid = os.fork()
    if not pid: os._exit(0)
    os.waitpid(pid, 0)
for n in range(17):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
"""


def made(loaded: Loaded, pid: int) -> list[tuple[int, int, int]]:
    """All, processes and threads that one process made."""
    rows = loaded.rows("forks_rows")
    mine = rows.values[rows.keys["pid"] == pid]
    return [(int(row["clones"]), int(row["processes"]), int(row["threads"])) for row in mine]


def test_processes_and_threads_are_exact(load: Callable[..., Loaded]) -> None:
    """23 and 17; another's, left out, have no row."""
    with Worker(WORK) as worker, Worker(WORK) as own:
        loaded = load("forks", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        assert made(loaded, worker.pid) == [(40, 23, 17)]
        assert made(loaded, own.pid) == []


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one process, total is what its row shows and what was dropped."""
    with Worker(WORK) as first, Worker(WORK) as second:
        loaded = load("forks", rows=1)
        first.work()
        second.work()
        loaded.detach()
        rows, totals = loaded.rows("forks_rows"), loaded.totals("forks")
    assert totals["drops"] >= 40
    assert totals["total"] == int(rows.values["clones"].sum()) + totals["drops"]

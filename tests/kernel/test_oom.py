"""The probe oom: a process in a small memory group of its own that asks for more than there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

GROUPS = Path("/sys/fs/cgroup")
LIMIT = 32 << 20
WORK = """
def grow():
    pid = os.fork()
    if not pid:
        open(f"/proc/{os.getpid()}/oom_score_adj", "w").write("900")
        room = mmap.mmap(-1, 1 << 28, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for at in range(0, len(room), 4096): room[at] = 1
        os._exit(0)
    return os.waitpid(pid, 0)[1]

statuses = [grow() for _ in range(3)]
assert statuses == [signal.SIGKILL] * 3, statuses
"""


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A memory group with room for 32 MB; its processes are moved out of it in the end."""
    v1 = GROUPS / "memory"
    root, name = (v1, "memory.limit_in_bytes") if v1.is_dir() else (GROUPS, "memory.max")
    group = root / f"ebtop-oom-{os.getpid()}"
    try:
        if root is GROUPS:
            (root / "cgroup.subtree_control").write_text("+memory")
        group.mkdir()
        (group / name).write_text(str(LIMIT))
        for swap in ("memory.swap.max", "memory.swappiness"):
            if (group / swap).exists():
                (group / swap).write_text("0")
    except OSError as error:
        pytest.skip(f"no memory group can be made in {root}: {error.strerror}")
    yield group
    for pid in (group / "cgroup.procs").read_text().split():
        (root / "cgroup.procs").write_text(pid)
    group.rmdir()


def test_kills_are_told_with_victim_and_size(load: Callable[..., Loaded], small_group: Path) -> None:
    """Three children outgrow the group: each is told of, about as large as it, and the cause is itself."""
    with Worker(WORK) as worker:
        (small_group / "cgroup.procs").write_text(str(worker.pid))
        loaded = load("oom", way="tracepoint")
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("oom_rows"), loaded.totals("oom")
        events = loaded.events("oom_events", "oom_record").records
    told = events[events["cause"] == events["pid"]]
    told = told[told["adjust"] == 900]
    assert len(set(told["pid"].tolist())) == 3
    # More than the limit, as what it has in common with its parent is not the group's.
    assert (told["anon_bytes"] > LIMIT // 2).all() and (told["anon_bytes"] < 2 * LIMIT).all()
    assert (told["total_bytes"] > 1 << 28).all()
    assert set(told["comm"].tolist()) == set(told["cause_comm"].tolist()) != {b""}
    assert set(told["uid"].tolist()) == {os.getuid()}
    assert totals["total"] == int(rows.values["kills"].sum()) + totals["drops"] == events.size


def test_the_pid_alone_is_told_where_there_is_no_more(load: Callable[..., Loaded], small_group: Path) -> None:
    """As before Linux 6.9; with room for one row, the others are dropped."""
    with Worker(WORK) as worker:
        (small_group / "cgroup.procs").write_text(str(worker.pid))
        loaded = load("oom", way="tracepoint, pid only", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("oom_rows"), loaded.totals("oom")
        events = loaded.events("oom_events", "oom_record").records
    assert rows.keys.size == 1
    assert totals["total"] == int(rows.values["kills"].sum()) + totals["drops"] == events.size >= 3
    assert totals["drops"] >= 2
    assert len(set(events["pid"][events["pid"] == events["cause"]].tolist())) >= 3


def test_own_processes_are_left_out(load: Callable[..., Loaded], small_group: Path) -> None:
    """One whose bit is set is killed unseen."""
    grow = WORK.replace("pid = os.fork()", "pid = 0").partition("statuses")[0] + "\ngrow()"
    with Worker(grow) as own, Worker(grow) as other:
        for worker in (own, other):
            (small_group / "cgroup.procs").write_text(str(worker.pid))
        loaded = load("oom", own_pids=frozenset({own.pid}))
        own.begin()
        own.killed()
        other.begin()
        other.killed()
        pids = loaded.events("oom_events", "oom_record").records["pid"].tolist()
    assert own.pid not in pids
    assert other.pid in pids

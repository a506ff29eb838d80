"""The probe reclaim: a process that reads more than its control group may hold, beside bpftrace on the same work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ebtop import registry
from ebtop.worst import Worst
from tests.kernel.loaded import Loaded
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker, nobody_but

pytestmark = pytest.mark.kernel
LIMIT, SIZE = 16 << 20, 64 << 20
MEMCG = 1
PLACES = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))
"""Of control groups v1 and v2."""
LIMITS = ("memory.limit_in_bytes", "memory.max")
WORK = """
for n in range(64): os.pread(file, 1 << 20, n << 20)
"""
SCRIPT = """
tracepoint:vmscan:mm_vmscan_memcg_reclaim_begin /pid == $1/ { @stalls = count(); }
tracepoint:vmscan:mm_vmscan_memcg_reclaim_end /pid == $1/ { @pages = sum(args->nr_reclaimed); }
tracepoint:filemap:mm_filemap_delete_from_page_cache /pid != $1 && args->i_ino == $3/ {
    @others = sum(1 << args->order);
}
BEGIN { printf("ready\\n"); }
"""
"""Who else takes pages of the file out of memory leaves less to free: somebody who drops the caches, for one."""


@pytest.fixture
def group(kernel: None) -> Iterator[Path]:
    """A control group that may hold 16 MiB."""
    group = next((made for place in PLACES if (made := limited(place))), None)
    if group is None:
        pytest.skip("a control group with limited memory below /sys/fs/cgroup")
    yield group
    group.rmdir()


def limited(place: Path) -> Path | None:
    """A group at `place` with its limit set; None where that cannot be."""
    group = place / f"ebtop-reclaim-{os.getpid()}"
    with suppress(OSError):
        group.mkdir()
        for limit in (group / name for name in LIMITS):
            if limit.exists():
                limit.write_text(str(LIMIT))
                return group
        group.rmdir()
    return None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """64 MiB of which nothing is in the page cache: it is one hole."""
    path = tmp_path / "hole"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


def test_stalls_at_a_groups_limit_are_those_that_bpftrace_sees(
    load: Callable[..., Loaded], group: Path, file: Path
) -> None:
    """As often and as many pages, for this process; what does not fit was freed; nothing without an end."""
    prepare = "file = os.open(words[0], os.O_RDONLY)"
    inode = str(file.stat().st_ino)
    with Worker(WORK, str(file), prepare=prepare) as worker, bpftrace(worker.pid, SCRIPT, inode) as stop:
        (group / "cgroup.procs").write_text(str(worker.pid))
        loaded = load("reclaim", own_pids=nobody_but(worker))
        worst = Worst(registry.probe("reclaim"), loaded.maps)
        worker.work()
        theirs = stop()
        loaded.detach()
        worst.begin(tick=True)
        examples = worst.read()["latency"]
        worst.close()
        rows, totals, latency = loaded.rows("reclaim_rows"), loaded.totals("reclaim"), loaded.rows("reclaim_latency")
    mine = rows.values[(rows.keys["pid"] == worker.pid) & (rows.keys["kind"] == MEMCG)]
    page = os.sysconf("SC_PAGE_SIZE")
    others = theirs.pop("@others", 0) * page
    assert theirs == {"@stalls": int(mine["stalls"].sum()), "@pages": int(mine["bytes"].sum()) // page}
    assert int(mine["bytes"].sum()) >= SIZE - LIMIT - (4 << 20) - others
    assert 0 < mine["max_ns"][0] < mine["ns"][0]
    assert totals["total"] == int(rows.values["stalls"].sum()) == int(latency.values["slots"].sum())
    assert int(examples["value"].max()) == int(rows.values["max_ns"].max())
    assert worker.pid in examples["pid"]


def test_own_processes_are_left_out(load: Callable[..., Loaded], group: Path, file: Path) -> None:
    """A process that is not to be counted has no row, though it stalls."""
    prepare = "file = os.open(words[0], os.O_RDONLY)"
    with Worker(WORK, str(file), prepare=prepare) as worker:
        (group / "cgroup.procs").write_text(str(worker.pid))
        loaded = load("reclaim", own_pids=frozenset({worker.pid}))
        worker.work()
        rows = loaded.rows("reclaim_rows")
    assert worker.pid not in rows.keys["pid"]

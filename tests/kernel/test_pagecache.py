"""The probe pagecache: pages of a file that are read, read again, written and dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.needing import needs
from tests.kernel.test_blockio import file
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
__all__ = ["file"]  # a fixture: 97 pages, on disk
PREPARE = """
file = os.open(words[0], os.O_RDWR)
page = bytes(4096)
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
memory = mmap.mmap(file, 97 * 4096)
"""
WORK = """
for _ in range(2):
    for n in range(23): os.pread(file, 101, n * 4096)
for n in range(13): os.pwrite(file, page, (97 + n) * 4096)
memory[50 * 4096]
os.pread(file, 1 << 20, 0)
memory.close()
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
"""
"""23 pages read one by one, and again; 13 new ones written; one mapped; all 110 read at once; clean ones dropped."""
SCRIPT = """
tracepoint:filemap:mm_filemap_add_to_page_cache /pid == $1/ {
    @added = sum(1 << args->order);
    if (args->i_ino == $3) { @of_file = sum(1 << args->order); }
}
tracepoint:filemap:mm_filemap_delete_from_page_cache /pid == $1/ { @removed = sum(1 << args->order); }
tracepoint:filemap:mm_filemap_delete_from_page_cache /pid != $1 && args->i_ino == $3/ {
    @others = sum(1 << args->order);
}
tracepoint:writeback:writeback_dirty_folio /pid == $1/ { @dirtied = count(); }
BEGIN { printf("ready\\n"); }
"""
SURE = {"read": 97, "written": 13}
"""Of the file. The file system may read in or make pages of its own for this process: ext4 its maps of free blocks."""
MEMBERS = ("accessed", "read", "written", "dirtied", "removed")


@pytest.fixture(autouse=True)
def place(kernel: None) -> None:
    """A kernel that is new enough for the probe's first way."""
    needs("pagecache")


def test_pages_are_exact_by_what_became_of_them(load: Callable[..., Loaded], file: Path) -> None:
    """Asked for, read in, new, dirty, gone: by this process, and as bpftrace sees them."""
    inode = str(file.stat().st_ino)
    with Worker(WORK, str(file), prepare=PREPARE) as worker, bpftrace(worker.pid, SCRIPT, inode) as stop:
        loaded = load("pagecache")
        worker.work()
        theirs = stop()
        loaded.detach()
        rows, totals = loaded.rows("pagecache_rows"), loaded.totals("pagecache")
    mine = rows.values[rows.keys["pid"] == worker.pid]
    ours = {name: int(mine[name].sum()) for name in MEMBERS}
    again, others = theirs["@of_file"] - (97 + 13), theirs.pop("@others", 0)
    assert 0 <= again <= others  # pages that somebody who dropped the caches had taken away
    assert again or ours["accessed"] == 2 * 23 + 1 + 97 + 13
    assert theirs == {
        "@added": ours["read"] + ours["written"],
        "@of_file": 97 + 13 + again,
        "@removed": ours["removed"],
        "@dirtied": ours["dirtied"],
    }
    assert ours["read"] >= SURE["read"] and ours["written"] >= SURE["written"]
    assert 97 - others <= ours["removed"] <= ours["read"] + ours["written"]  # dirty ones stay, unless written meanwhile
    assert ours["dirtied"] >= 13  # and those of the file system's own that go with it
    assert totals["total"] == sum(int(rows.values[name].sum()) for name in MEMBERS) + totals["drops"]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], file: Path) -> None:
    """Once others have its only row, the pages of this process are drops, or theirs are."""
    with Worker(WORK, str(file), prepare=PREPARE) as one, Worker(WORK, str(file), prepare=PREPARE) as other:
        loaded = load("pagecache", rows=1)
        one.work()
        other.work()
        loaded.detach()
        rows, totals = loaded.rows("pagecache_rows"), loaded.totals("pagecache")
    assert rows.keys.size == 1 and totals["drops"] >= 2 * 23
    assert totals["total"] == sum(int(rows.values[name].sum()) for name in MEMBERS) + totals["drops"]


def test_where_accesses_cannot_be_seen_what_comes_and_goes_is(load: Callable[..., Loaded], file: Path) -> None:
    """The way for kernels without the newer tracepoints and without kprobes; it works here too."""
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        loaded = load("pagecache", way="raw_tracepoint, no accesses")
        worker.work()
        loaded.detach()
        rows = loaded.rows("pagecache_rows")
    mine = rows.values[rows.keys["pid"] == worker.pid]
    ours = {name: int(mine[name].sum()) for name in MEMBERS}
    assert ours["accessed"] == 0
    assert SURE["read"] <= ours["read"] < SURE["read"] + 13 and ours["written"] >= SURE["written"]
    assert ours["removed"] >= 97

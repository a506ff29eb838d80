"""The probe unlinks: removals, renames, changes of mode and owner, with the names that were given."""

from __future__ import annotations

import errno
import platform
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from ebtop.kernel import syscalls
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NAMES = syscalls.names()
WORK = """
def make(name): os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
for n in range(11):
    make("a")
    os.rename("a", "b")
    os.chmod("b", 0o4750)
    os.chown("b", 1000 + n, -1)
    os.unlink("b")
for n in range(7):
    try: os.rmdir("/nowhere")
    except OSError: pass
"""


def changed(loaded: Loaded, pid: int) -> dict[tuple[str, int], int]:
    """By what the call does and errno, how many calls of one process."""
    rows = loaded.rows("unlinks_rows")
    mine = rows.keys["pid"] == pid
    return {
        (family(NAMES[int(key["nr"])]), int(key["errno"])): int(value["calls"])
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


def family(name: str) -> str:
    """What the C library may choose among: rename, renameat and renameat2 are one."""
    return next(one for one in ("rename", "chmod", "chown", "unlink", "rmdir") if one in name)


def test_changes_are_exact_with_their_names(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """11 files renamed, given a mode, an owner, and removed; 7 folders that are not there."""
    other = tmp_path / "other"
    other.mkdir()
    with Worker(WORK, folder=tmp_path) as worker, Worker(WORK, folder=other) as own:
        loaded = load("unlinks", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        counted = changed(loaded, worker.pid)
        assert changed(loaded, own.pid) == {}
        events = loaded.events("unlinks_events", "unlinks_record").records
    removed = {"rmdir", "unlink"}  # unlinkat where there is no rmdir
    assert sum(counted.pop((name, errno.ENOENT), 0) for name in removed) == 7
    assert counted == {("rename", 0): 11, ("chmod", 0): 11, ("chown", 0): 11, ("unlink", 0): 11}
    told = events[events["pid"] == worker.pid][["path", "to"]].tolist()
    expected = [((b"a", b"b"), (b"b", b"4750"), (b"b", b"%d:-" % (1000 + n)), (b"b", b"")) for n in range(11)]
    assert told == [*chain.from_iterable(expected), *[(b"/nowhere", b"")] * 7]


def test_owners_are_written_in_full(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """From one digit to ten."""
    work = """
os.close(os.open("a", os.O_CREAT | os.O_WRONLY))
for owner, group in ((0, 0), (7, 10), (1001, 65534), (4294967294, 2147483648)): os.chown("a", owner, group)
"""
    with Worker(work, folder=tmp_path) as worker:
        loaded = load("unlinks")
        worker.work()
        events = loaded.events("unlinks_events", "unlinks_record").records
    told = events[events["pid"] == worker.pid]["to"].tolist()
    assert told == [b"0:0", b"7:10", b"1001:65534", b"4294967294:2147483648"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="int 0x80 is x86's")
def test_calls_of_32_bit_programs_are_not_taken_for_others(load: Callable[..., Loaded]) -> None:
    """The number of unlink is swapon's there; and one with high bits is no call at all."""
    work = """
import ctypes
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("53 b8 57 00 00 00 31 db 31 c9 cd 80 5b c3"))
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
for _ in range(5): assert run() < 0
for _ in range(3): ctypes.CDLL(None).syscall(65536 + 87, b"/nowhere")
try: os.unlink("/nowhere")
except OSError: pass
"""
    with Worker(work) as worker:
        loaded = load("unlinks")
        worker.work()
        counted = changed(loaded, worker.pid)
    assert counted == {("unlink", errno.ENOENT): 1}


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """With room for one row, total is what it shows and what was dropped."""
    with Worker(WORK, folder=tmp_path) as worker:
        loaded = load("unlinks", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("unlinks_rows"), loaded.totals("unlinks")
        events = loaded.events("unlinks_events", "unlinks_record")
    assert totals["drops"] >= 33
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]

"""The probe futex: waits for locks in user space, by process and address."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop.kernel import source, syscalls
from ebtop.warden.flags import Flags
from tests.kernel import loaded as loaded_probes
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.test_worst import Watched, lie_in_their_buckets, mine, watch  # noqa: F401
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NUMBER = next(number for number, name in syscalls.names().items() if name == "futex")
WAIT = f"""
import ctypes
word = ctypes.c_uint32(7)
place = ctypes.addressof(word)
libc = ctypes.CDLL(None)
time_ = (ctypes.c_long * 2)(0, 1_000_000)
def futex(operation, value): return libc.syscall({NUMBER}, ctypes.c_void_p(place), operation, value, time_, None, 0)
"""
WORK = f"""
{WAIT}
for _ in range(101): futex(128, 7)
for _ in range(13): futex(0, 8)
for _ in range(17): futex(129, 1)
os.write(1, str(place).encode())
"""


def test_waits_are_exact_with_their_address(load: Callable[..., Loaded]) -> None:
    """101 that time out after a millisecond, 13 with nothing to wait for; 17 that wake nobody are no waits."""
    with Worker(WORK) as worker, Worker(WORK) as own:
        loaded = load("futex", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        place = int(worker.said())
        rows = loaded.rows("futex_rows")
    mine = (rows.keys["pid"] == worker.pid) & (rows.keys["address"] == place)
    (row,) = rows.values[mine]
    assert (int(row["waits"]), int(row["timeouts"]), int(row["changed"])) == (114, 101, 13)
    assert int(row["ns"]) >= 101_000_000
    assert int(row["max_ns"]) >= 1_000_000
    assert own.pid not in rows.keys["pid"]


def test_a_wait_that_ends_when_its_process_is_no_target_any_more_is_not_counted(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began as one of the target, and its start was kept."""
    flags = Flags()
    monkeypatch.setattr(loaded_probes, "Flags", lambda *own: flags)
    prepare = "signal.signal(signal.SIGUSR2, lambda *_: None)\n" + WAIT
    with Worker("time_[0] = 60\nfutex(128, 7)", prepare=prepare) as worker:
        loaded = load("futex")
        worker.begin()
        wait_until(lambda: Path(f"/proc/{worker.pid}/syscall").read_text().startswith(f"{NUMBER} "), 60)
        flags.leave_out_all()
        os.kill(worker.pid, signal.SIGUSR2)
        worker.finish()
        rows = loaded.rows("futex_rows")
        flags.close()
    assert worker.pid not in rows.keys["pid"]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, total is what it shows, what was dropped, and what is in the histogram."""
    with Worker(WORK) as first, Worker(WORK) as second:
        loaded = load("futex", rows=1)
        first.work()
        second.work()
        loaded.detach()
        rows, times, totals = loaded.rows("futex_rows"), loaded.rows("futex_times"), loaded.totals("futex")
    assert totals["drops"] >= 114
    assert totals["total"] == int(rows.values["waits"].sum()) + totals["drops"] == int(times.values["slots"].sum())


def test_a_start_that_finds_no_room_is_counted_as_unmatched(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for the start of one thread, the waits of another have none: 114 of at least one of two processes."""
    usual = source.options
    monkeypatch.setattr(source, "options", lambda machine: (*usual(machine), "-DFUTEX_STARTS=1"))
    with Worker(WORK) as first, Worker(WORK) as second:
        loaded = load("futex")
        first.work()
        second.work()
        loaded.detach()
        totals = loaded.totals("futex")
    assert totals["unmatched"] >= 114


def test_waits_for_a_lock_of_the_c_library_are_counted(load: Callable[..., Loaded]) -> None:
    """31 threads that want a lock which nobody gives back wait for it at least once each."""
    work = """
held = threading.Lock()
held.acquire()
threads = [threading.Thread(target=held.acquire, args=(True, 0.01)) for _ in range(31)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    with Worker(work) as worker:
        loaded = load("futex")
        worker.work()
        rows = loaded.rows("futex_rows")
    mine = rows.values[rows.keys["pid"] == worker.pid]
    assert int(mine["waits"].max()) >= 31
    assert int(mine["timeouts"].max()) == 31


def test_the_longest_wait_is_named_with_its_address(watch: Callable[..., Watched]) -> None:  # noqa: F811
    """One of 1.5 s beside 101 of a millisecond; the next interval has none of it."""
    work = WORK + "time_[0], time_[1] = 1, 500_000_000\nfutex(128, 7)\n"
    with Worker(work) as worker:
        watched = watch("futex", worker)
        worker.work()
        place = int(worker.said())
        first, second = watched.interval("times"), watched.interval("times")
    slow = mine(first, worker, address=place)[-1]
    assert int(slow["value"]) >= 1_500_000_000
    assert slow["comm"].startswith(b"python")
    assert lie_in_their_buckets(first)
    assert not mine(second, worker).size

"""The probe dns: exact by process, name and result, whichever function of the C library was asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.kernel import libraries
from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

SCRIPT = f"""
uretprobe:{libraries.library("libc")}:getaddrinfo /pid == $1 && $2/ {{ @lookups = count(); }}
BEGIN {{ printf("ready\\n"); }}
"""
EAI_NONAME = 2
LIBC = "import ctypes\nlibc = ctypes.CDLL('libc.so.6')\n"
"""What a worker prepares: functions that Python itself does not call."""


def lookups(rows: MapRows, pid: int) -> dict[tuple[bytes, int], tuple[int, int]]:
    """Lookups and failures of one process by name and result."""
    return {
        (key["host"], int(key["result"])): (int(value["lookups"]), int(value["failures"]))
        for key, value in zip(rows.keys, rows.values, strict=True)
        if key["pid"] == pid
    }


def test_lookups_are_exact_by_name_and_result(load: Callable[..., Loaded]) -> None:
    """31 of an address, 13 of a name where an address was asked for, 7 of a service, 5 within gethostbyname."""
    work = """
for _ in range(31): socket.getaddrinfo('127.0.0.1', 80)
for _ in range(13):
    try: socket.getaddrinfo('ebtop.invalid', 80, flags=socket.AI_NUMERICHOST)
    except OSError: pass
for _ in range(7): socket.getaddrinfo(None, 80)
for _ in range(5): libc.gethostbyname(b'127.0.0.3')
for _ in range(3): libc.gethostbyname2(b'127.0.0.5', 2)
"""
    with Worker(work, prepare=LIBC) as worker:
        loaded = load("dns")
        worker.work()
        rows, latency, totals = loaded.rows("dns_names"), loaded.rows("dns_latency"), loaded.totals("dns")
    found = lookups(rows, worker.pid)
    assert found == {
        (b"127.0.0.1", 0): (31, 0),
        (b"ebtop.invalid", EAI_NONAME): (13, 13),
        (b"", 0): (7, 0),
        (b"127.0.0.3", 0): (5, 0),
        (b"127.0.0.5", 0): (3, 0),
    }
    assert int(latency.values["slots"].sum()) == totals["total"] == int(rows.values["lookups"].sum())
    assert int(latency.values["sum"].sum()) == int(rows.values["ns"].sum())


def test_a_full_map_counts_what_it_drops_and_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """29 names in room for 8: what is shown and what was dropped is the total; a process of ebtop's own has no row."""
    work = "for n in range(29): socket.getaddrinfo(f'127.0.0.{n}', 80)"
    with Worker(work) as worker, Worker(work) as own:
        loaded = load("dns", rows=8, own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        loaded.detach()
        rows, totals = loaded.rows("dns_names"), loaded.totals("dns")
    assert rows.keys.size <= 8 and not (rows.keys["pid"] == own.pid).any()
    assert totals["total"] == int(rows.values["lookups"].sum()) + totals["drops"] >= 29
    assert totals["drops"] > 0


def test_bpftrace_sees_the_same(load: Callable[..., Loaded]) -> None:
    """23 lookups of one process, counted by both as they return."""
    with (
        Worker("for _ in range(23): socket.getaddrinfo('127.0.0.1', 80)") as worker,
        bpftrace(worker.pid, SCRIPT) as stop,
    ):
        loaded = load("dns")
        worker.work()
        theirs = stop()
        rows = loaded.rows("dns_names")
    assert lookups(rows, worker.pid) == {(b"127.0.0.1", 0): (theirs["@lookups"], 0)} == {(b"127.0.0.1", 0): (23, 0)}

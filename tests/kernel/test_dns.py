"""The probe dns: exact by process, name and result, whichever function of the C library was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        loaded.detach()  # others look up names, too
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


SERVER = "127.0.0.77"
ASK = f"""
def ask(name, number, answered=True):
    labels = b''.join(bytes([len(label)]) + label for label in name.split(b'.'))
    header = number.to_bytes(2, 'big') + bytes((1, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    client.sendto(header + labels + bytes((0, 0, 1, 0, 1)), ('{SERVER}', 53))
    if answered:
        client.recv(512)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
"""
"""What a worker prepares: a question of a name for its address, by RFC 1035, 4.1."""
NXDOMAIN = 3


@contextmanager
def server() -> Iterator[None]:
    """Answers that there is no name in `.invalid`, nothing about `.silent`, success about others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((SERVER, 53))

        def serve() -> None:
            twice = 0
            while (asked := listening.recvfrom(512))[0]:
                question, client = asked
                twice += b"\x05twice" in question
                if b"\x06silent" not in question and twice != 1:
                    code = NXDOMAIN if b"\x07invalid" in question else 0
                    for _ in range(1 + twice // 2):
                        listening.sendto(question[:2] + bytes((0x81, 0x80 | code)) + question[4:], client)
                    twice = 0

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        listening.sendto(b"", (SERVER, 53))
        thread.join()


def test_questions_by_udp_are_exact_by_name_and_answer(load: Callable[..., Loaded]) -> None:
    """31 that are answered, 13 of no such name, 7 asked twice and answered twice, 5 that nobody answers."""
    longest = ".".join(["x" * 40] * 3)
    work = f"""
for n in range(31): ask(b'www.ebtop.example', n)
for n in range(13): ask(b'ebtop.invalid', n)
for n in range(7):
    ask(b'twice.example', n, False)
    ask(b'twice.example', n)
    client.recv(512)
for n in range(5): ask(b'ebtop.silent', 100 + n, False)
ask(b'{longest}.cut.off', 1000)
"""
    with server(), Worker(work, prepare=ASK) as worker:
        loaded = load("dns", way="raw_tracepoint, UDP port 53")
        worker.work()
        loaded.detach()  # others look up names, too
        rows, latency, totals = loaded.rows("dns_names"), loaded.rows("dns_latency"), loaded.totals("dns")
    found = lookups(rows, worker.pid)
    (cut,) = [name for name, _ in found if name.startswith(b"xx")]
    assert longest.encode().startswith(cut[: len(longest)]) and len(cut) >= 120
    assert {name: counts for name, counts in found.items() if name[0] != cut} == {
        (b"www.ebtop.example", 0): (31, 0),
        (b"ebtop.invalid", 512 + NXDOMAIN): (13, 13),
        (b"twice.example", 0): (7, 0),
    }
    assert int(latency.values["slots"].sum()) == totals["total"] == int(rows.values["lookups"].sum())
    assert int(latency.values["sum"].sum()) == int(rows.values["ns"].sum())

"""The probe tcplife: sessions of one process with itself, seen from both ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = """
import struct

def listener(family, host):
    listening = socket.socket(family)
    listening.bind((host, 0))
    listening.listen(128)
    return listening

def drain(from_):
    while from_.recv(65536): pass

def session(listening, asked, answered):
    client = socket.socket(listening.family)
    client.connect(listening.getsockname()[:2])
    server = listening.accept()[0]
    client.sendall(b"x" * asked)
    client.shutdown(socket.SHUT_WR)
    drain(server)
    server.sendall(b"y" * answered)
    server.close()
    drain(client)
    client.close()

def reset(listening):
    client = socket.create_connection(listening.getsockname()[:2])
    server = listening.accept()[0]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    server.close()

four, six = listener(socket.AF_INET, "127.0.0.1"), listener(socket.AF_INET6, "::1")
os.write(2, " ".join(str(one.getsockname()[1]) for one in (four, six)).encode())
"""
WORK = """
for _ in range(23): session(four, 1009, 150_001)
for _ in range(11): session(six, 0, 7)
for _ in range(5): reset(four)
"""


def shown(rows: MapRows, pid: int) -> dict[tuple[tuple[str, int], tuple[str, int]], tuple[int, int, int]]:
    """By local and remote end: sessions, bytes sent and received of one process."""
    mine = rows.keys["pid"] == pid
    return {
        (end(key["local"]), end(key["remote"])): (
            int(value["sessions"]),
            int(value["tx_bytes"]),
            int(value["rx_bytes"]),
        )
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


def test_sessions_are_exact_from_both_ends(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]) -> None:
    """23 over IPv4 and 11 over IPv6 with known bytes each way, and 5 that a reset ends, found at both ends of each."""
    with Worker(WORK, prepare=PREPARE) as worker:
        four, six = map(int, capfd.readouterr().err.split())
        loaded = load("tcplife")
        worker.work()
        loaded.detach()
        rows, durations = loaded.rows("tcplife_rows"), loaded.rows("tcplife_durations")
        events, totals = loaded.events("tcplife_events", "tcplife_record"), loaded.totals("tcplife")
    assert shown(rows, worker.pid) == {
        (("127.0.0.1", 0), ("127.0.0.1", four)): (28, 23 * 1009, 23 * 150_001),
        (("127.0.0.1", four), ("127.0.0.1", 0)): (28, 23 * 150_001, 23 * 1009),
        (("::1", 0), ("::1", six)): (11, 0, 11 * 7),
        (("::1", six), ("::1", 0)): (11, 11 * 7, 0),
    }
    assert totals["total"] == int(rows.values["sessions"].sum()) == int(durations.values["slots"].sum())
    assert totals["drops"] == totals["lost"] == 0 and totals["total"] == events.seen
    mine = events.records[events.records["pid"] == worker.pid]
    told(mine, rows, worker.pid)


def told(mine: np.ndarray, rows: MapRows, pid: int) -> None:
    """The events say what the rows add up."""
    assert mine.size == 78 and all(end(one)[1] for one in mine["local"]) and all(end(one)[1] for one in mine["remote"])
    of = rows.keys["pid"] == pid
    assert int(mine["duration_ns"].sum()) == int(rows.values["ns"][of].sum())
    assert int(mine["duration_ns"].max()) == int(rows.values["max_ns"][of].max())
    assert int(mine["tx_bytes"].sum()) == int(rows.values["tx_bytes"][of].sum())


def test_a_session_that_began_before_has_no_start(load: Callable[..., Loaded]) -> None:
    """Three that were open: both ends of each are unmatched, and nobody has a row for them."""
    prepare = PREPARE + "clients = [socket.create_connection(four.getsockname()) for _ in range(3)]"
    with Worker("for one in clients: one.close(); four.accept()[0].close()", prepare=prepare) as worker:
        loaded = load("tcplife")
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcplife_rows"), loaded.totals("tcplife")
    assert not shown(rows, worker.pid)
    assert totals["unmatched"] >= 6


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the other end's sessions are counted as dropped."""
    with Worker("for _ in range(13): session(four, 1, 1)", prepare=PREPARE) as worker:
        loaded = load("tcplife", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcplife_rows"), loaded.totals("tcplife")
    assert totals["drops"] >= 13
    assert totals["total"] == int(rows.values["sessions"].sum()) + totals["drops"]

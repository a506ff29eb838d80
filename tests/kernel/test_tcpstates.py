"""The probe tcpstates: the states that connections of one process with itself go through."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from ebtop.probes.sockets import TCP_STATES
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = (
    LOW_PORTS
    + """
def connection(listening):
    client = socket.create_connection(listening.getsockname()[:2])
    server = listening.accept()[0]
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    time.sleep(0.002)
    server.close()
    client.recv(1)
    client.close()

four, six = listener("127.0.0.1"), listener("::1")
tell(four, six)
"""
)
WORK = """
for _ in range(23): connection(four)
for _ in range(7): connection(six)
"""
CLIENT = ["CLOSE", "SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE"]
SERVER = ["SYN_RECV", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSE"]
NAMES = dict(TCP_STATES)
Changes = dict[tuple[tuple[str, int], tuple[str, int], str, str], int]


def seen(keys: np.ndarray, counts: np.ndarray, ports: list[int]) -> Changes:
    """Changes by both ends and states of what has one of `ports`.

    Without LISTEN to SYN_RECV: the new socket has no far end by then, or has it, from kernel to kernel.
    """
    result: Changes = {}
    for key, count in zip(keys, counts, strict=True):
        local, remote = end(key["local"]), end(key["remote"])
        states = (NAMES[int(key["oldstate"])], NAMES[int(key["newstate"])])
        if (local[1] in ports or remote[1] in ports) and states != ("LISTEN", "SYN_RECV"):
            what = (local, remote, *states)
            result[what] = result.get(what, 0) + int(count)
    return result


def expected(host: str, port: int, count: int) -> Changes:
    """What `count` connections go through at both ends."""
    sides = ((((host, 0), (host, port)), CLIENT), (((host, port), (host, 0)), SERVER))
    return {(*ends, old, new): count for ends, states in sides for old, new in pairwise(states)}


def test_changes_are_exact_by_ends_and_states(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]) -> None:
    """23 connections over IPv4, 7 over IPv6: each change once, and the time that the server stays in CLOSE_WAIT."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpstates")
        worker.work()
        loaded.detach()
        four, six = map(int, capfd.readouterr().err.split())
        rows, totals, times = (loaded.rows(f"tcpstates_{one}") for one in ("rows", "totals", "times"))
        events = loaded.events("tcpstates_events", "tcpstates_record")
    changes = seen(rows.keys, rows.values["changes"], [four, six])
    assert changes == expected("127.0.0.1", four, 23) | expected("::1", six, 7)
    begun = rows.values["changes"][(rows.keys["oldstate"] == 10) & (rows.keys["newstate"] == 3)]
    assert int(begun.sum()) >= 30
    mine = rows.keys["pid"] == worker.pid
    waited = mine & (rows.keys["oldstate"] == 8) & (rows.keys["newstate"] == 9)
    assert int(rows.values["timed"][waited].sum()) == 30
    assert int(rows.values["ns"][waited].sum()) >= 30 * 2_000_000
    own = [int(rows.values["changes"][mine & (rows.keys["newstate"] == state)].sum()) for state in (2, 4, 9)]
    assert own == [30, 30, 30]  # what only a call of the process can bring about
    total = {name: int(totals.values[name].sum()) for name in totals.values.dtype.names or ()}
    assert total["total"] == int(rows.values["changes"].sum()) == events.seen + total["lost"]
    assert int(times.values["slots"].sum()) == int(rows.values["timed"].sum())
    assert total["drops"] == 0


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the other changes are counted as dropped."""
    with Worker("for _ in range(3): connection(four)", prepare=PREPARE) as worker:
        loaded = load("tcpstates", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcpstates_rows"), loaded.totals("tcpstates")
    assert totals["drops"] >= 24
    assert totals["total"] == int(rows.values["changes"].sum()) + totals["drops"]

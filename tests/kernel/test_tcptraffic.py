"""The probe tcptraffic: bytes between the two ends of connections that one process has with itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded, workable
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = (
    LOW_PORTS
    + """
def pair(host):
    listening = listener(host)
    clients = [socket.create_connection((host, listening.getsockname()[1])) for _ in range(2)]
    return listening, clients, [listening.accept()[0] for _ in clients]

def send(from_, to, size):
    from_.sendall(b"x" * size)
    to.recv(1, socket.MSG_PEEK)
    left = size
    while left: left -= len(to.recv(left))

four, six = pair("127.0.0.1"), pair("::1")
here, there = socket.socketpair()
tell(four[0], six[0])
"""
)
WORK = """
for client, server in zip(*four[1:]):
    for _ in range(53): send(client, server, 1009)
    for _ in range(17): send(server, client, 2003)
for _ in range(31): send(six[1][0], six[2][0], 101)
for _ in range(7): os.write(six[2][1].fileno(), b"y" * 13)
for _ in range(7): os.read(six[1][1].fileno(), 13)
here.send(b"not TCP"), there.recv(16)
"""


def shown(rows: MapRows, pid: int) -> dict[tuple[tuple[str, int], tuple[str, int]], tuple[int, int]]:
    """By local and remote end: bytes sent and received of one process."""
    mine = rows.keys["pid"] == pid
    return {
        (end(key["local"]), end(key["remote"])): (int(value["tx_bytes"]), int(value["rx_bytes"]))
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


@pytest.mark.parametrize("way", workable("tcptraffic"))
def test_bytes_are_exact_by_both_ends(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str], way: str) -> None:
    """Two connections each over IPv4 and IPv6 are a client's row and a server's; kprobes count peeks, too."""
    with Worker(WORK, prepare=PREPARE) as worker:
        four, six = map(int, capfd.readouterr().err.split())
        loaded = load("tcptraffic", way=way)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcptraffic_rows"), loaded.totals("tcptraffic")
    asked, answered = 2 * 53 * 1009, 2 * 17 * 2003
    peeked, peeked_back, peeked6 = (2 * 53, 2 * 17, 31) if way == "kprobe" else (0, 0, 0)
    assert shown(rows, worker.pid) == {
        (("127.0.0.1", 0), ("127.0.0.1", four)): (asked, answered + peeked_back),
        (("127.0.0.1", four), ("127.0.0.1", 0)): (answered, asked + peeked),
        (("::1", 0), ("::1", six)): (31 * 101, 7 * 13),
        (("::1", six), ("::1", 0)): (7 * 13, 31 * 101 + peeked6),
    }
    assert totals["drops"] == 0 and totals["total"] == int(rows.values["calls"].sum())
    mine = rows.values[rows.keys["pid"] == worker.pid]
    assert int(mine["bytes"].sum()) == int(mine["tx_bytes"].sum()) + int(mine["rx_bytes"].sum())


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, what the others sent and received is counted as dropped calls."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcptraffic", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcptraffic_rows"), loaded.totals("tcptraffic")
    assert totals["drops"] >= 3 * 7
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]

"""The probe udp: datagrams of one process to itself, with and without a fixed far end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded, workable
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NOBODY = ("::", 0)
PREPARE = (
    LOW_PORTS
    + """
def client(server):
    one = socket.socket(server.family, socket.SOCK_DGRAM)
    one.bind((server.getsockname()[0], 0))
    return one

four, six, fixed = [bound(socket.SOCK_DGRAM, host) for host in ("127.0.0.1", "::1", "127.0.0.1")]
free, free6, connected = client(four), client(six), client(fixed)
connected.connect(fixed.getsockname())
fixed.connect(connected.getsockname())
tell(four, six, fixed)
"""
)
WORK = """
for _ in range(53):
    free.sendto(b"x" * 101, four.getsockname())
    four.recv(256, socket.MSG_PEEK)
    data, peer = four.recvfrom(256)
    four.sendto(b"y" * 37, peer)
    free.recv(256)
for _ in range(17):
    free6.sendto(b"", six.getsockname()[:2])
    six.recvmsg(256)
for _ in range(29):
    connected.send(b"z" * 11)
    fixed.recv(256)
    os.write(fixed.fileno(), b"z" * 1009)
    os.read(connected.fileno(), 2048)
for _ in range(3):
    free.sendto(b"w" * 30_011, four.getsockname())
    four.recv(65536)
"""


Traffic = tuple[int, int, int, int]


def shown(rows: MapRows, pid: int) -> dict[tuple[tuple[str, int], tuple[str, int]], Traffic]:
    """By both ends: datagrams and bytes sent, datagrams and bytes taken by one process."""
    mine = rows.keys["pid"] == pid
    members = ("tx_datagrams", "tx_bytes", "rx_datagrams", "rx_bytes")
    return {
        (end(key["local"]), end(key["remote"])): (
            int(value[members[0]]),
            int(value[members[1]]),
            int(value[members[2]]),
            int(value[members[3]]),
        )
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


@pytest.mark.parametrize("way", workable("udp"))
def test_datagrams_are_exact_by_both_ends(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str], way: str
) -> None:
    """To a server and back, empty over IPv6, between connected sockets, in fragments; peeks do not count.

    Who sent is known to the call that asks, recvfrom and recvmsg, and to nobody where recv takes it.
    """
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("udp", way=way)
        worker.work()
        loaded.detach()
        four, six, fixed = map(int, capfd.readouterr().err.split())
        rows, totals = loaded.rows("udp_rows"), loaded.totals("udp")
    found = shown(rows, worker.pid)
    home, home6 = "127.0.0.1", "::1"
    big = 3 * 30_011
    assert found == {
        ((home, four), (home, 0)): (53, 53 * 37, 53, 53 * 101),
        ((home, four), NOBODY): (0, 0, 3, big),
        ((home6, six), (home6, 0)): (0, 0, 17, 0),
        ((home, 0), NOBODY): (0, 0, 53, 53 * 37),
        ((home, 0), (home, four)): (53 + 3, 53 * 101 + big, 0, 0),
        ((home6, 0), (home6, six)): (17, 0, 0, 0),
        ((home, 0), (home, fixed)): (29, 29 * 11, 29, 29 * 1009),
        ((home, fixed), (home, 0)): (29, 29 * 1009, 29, 29 * 11),
    }
    assert totals["total"] == int(rows.values["datagrams"].sum()) and totals["drops"] == 0


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the datagrams of the others are counted as dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("udp", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("udp_rows"), loaded.totals("udp")
    assert totals["drops"] >= 100
    assert totals["total"] == int(rows.values["datagrams"].sum()) + totals["drops"]

"""The network's probes count nothing of a process that is left out, and say so of no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PROBES = ("tcplife", "tcptraffic", "tcpresets", "tcpstates", "udp")
"""Those whose rows have a process."""
PREPARE = (
    LOW_PORTS
    + """
listening, datagrams = listener("127.0.0.1"), bound(socket.SOCK_DGRAM, "127.0.0.1")
"""
)
WORK = """
for n in range(17):
    client = socket.create_connection(listening.getsockname())
    server = listening.accept()[0]
    client.send(b"x")
    server.recv(1)
    if n % 2: client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    server.close()
for _ in range(13):
    datagrams.sendto(b"y", datagrams.getsockname())
    datagrams.recvfrom(1)
"""


def test_a_process_that_is_left_out_has_no_row(load: Callable[..., Loaded]) -> None:
    """Of two that do the same, the one that is not ebtop's own has rows of every probe."""
    with Worker(WORK, prepare=PREPARE) as own, Worker(WORK, prepare=PREPARE) as other:
        loaded = load(*PROBES, own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        loaded.detach()
        pids = {probe: set(loaded.rows(f"{probe}_rows").keys["pid"].tolist()) for probe in PROBES}
    assert [probe for probe in PROBES if own.pid in pids[probe]] == []
    assert [probe for probe in PROBES if other.pid not in pids[probe]] == []

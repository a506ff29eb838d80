"""The probe tcprtt: the round-trip times that sockets of a worker have, as TCP_INFO tells them to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

ROUNDS = 29
PREPARE = (
    LOW_PORTS
    + """
def told(one, at):  # a member of struct tcp_info
    return struct.unpack_from("I", one.getsockopt(socket.IPPROTO_TCP, 11, 144), at)[0]

def rounds(host, count):
    listening = listener(host)
    client = socket.create_connection(listening.getsockname()[:2])
    server = listening.accept()[0]
    for one in client, server: one.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    values = []
    for _ in range(count):
        values.append(told(client, 68))  # tcpi_rtt: nothing comes in before the answer
        client.send(b"x")
        server.recv(1)
        server.send(b"y")
        client.recv(1)
    if told(client, 140) - 1 == count:  # tcpi_segs_in, without the handshake's: no acknowledgement came by itself
        os.write(2, f"{listening.getsockname()[1]} {sum(values)} {max(values)} ".encode())
        return True
"""
)
WORK = f"""
while not rounds("127.0.0.1", {ROUNDS}): pass
while not rounds("::1", {ROUNDS}): pass
"""


def to(rows: MapRows, host: str, port: int) -> dict[str, int]:
    """The one row of that peer, its buckets added up."""
    places = [place for place, key in enumerate(rows.keys) if end(key["remote"]) == (host, port)]
    assert len(places) == 1
    value = rows.values[places[0]]
    return {name: int(value[name].sum()) for name in rows.values.dtype.names or ()}


def test_round_trips_are_what_the_sockets_have(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]) -> None:
    """29 answers each over IPv4 and IPv6: as many values, with the sum and the maximum that TCP_INFO gives."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcprtt")
        worker.work()
        loaded.detach()
        told = list(map(int, capfd.readouterr().err.split()))
        rows, totals = loaded.rows("tcprtt_rows"), loaded.totals("tcprtt")
    for host, (port, added, largest) in (("127.0.0.1", told[:3]), ("::1", told[3:])):
        row = to(rows, host, port)
        assert row["segments"] == row["slots"] == ROUNDS
        assert row["sum"] == added * 1000
        assert row["max_value"] == largest * 1000
        assert to(rows, host, 0)["segments"] >= ROUNDS
    assert totals["total"] == int(rows.values["segments"].sum()) and totals["drops"] == 0


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one peer, the segments of the others are counted as dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcprtt", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcprtt_rows"), loaded.totals("tcprtt")
    assert totals["drops"] >= 3 * ROUNDS
    assert totals["total"] == int(rows.values["segments"].sum()) + totals["drops"]

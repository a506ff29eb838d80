"""The probe tcpretrans: segments that a socket's own filter keeps from arriving, and so are sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

ESTABLISHED, SYN_SENT, NEW_SYN_RECV = 1, 2, 12
PREPARE = (
    LOW_PORTS
    + """
import ctypes
nothing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # BPF_RET | BPF_K: take 0 bytes
ATTACH, DETACH, INFO = 26, 27, 11

def deafen(one):
    one.setsockopt(socket.SOL_SOCKET, ATTACH, struct.pack("HxxxxxxQ", 1, ctypes.addressof(nothing)))

def told(one, at):  # a member of struct tcp_info
    return struct.unpack_from("I", one.getsockopt(socket.IPPROTO_TCP, INFO, 104), at)[0]

def again(one):
    return told(one, 100)

def acknowledged(one):
    return told(one, 24) == 0

def until(clients, done):
    while not all(map(done, clients)): time.sleep(0.001)

listening, deaf = listener("127.0.0.1"), listener("127.0.0.1")
clients = [socket.create_connection(listening.getsockname()) for _ in range(11)]
servers = [listening.accept()[0] for _ in clients]
tell(listening, deaf)
"""
)
WORK = """
never = [socket.socket() for _ in range(5)]
for one in never:
    deafen(one)
    one.setblocking(False)
    one.connect_ex(deaf.getsockname())
for one in servers: deafen(one)
for one in clients: one.send(b"x" * 1009)
until(clients, again)
for one in servers: one.setsockopt(socket.SOL_SOCKET, DETACH, 0)
until(clients, acknowledged)
until(never, again)
os.write(2, f"{sum(map(again, clients))} {sum(map(again, never))}".encode())
for one in never: one.close()
deaf.close()
"""


def shown(rows: MapRows, port: int) -> dict[tuple[str, int], tuple[int, int]]:
    """Segments and bytes of what goes to or from 127.0.0.1:`port`, by which end has it and state."""
    result = {}
    for key, value in zip(rows.keys, rows.values, strict=True):
        ends = {"local": end(key["local"]), "remote": end(key["remote"])}
        for side, one in ends.items():
            if one == ("127.0.0.1", port):
                result[side, int(key["state"])] = (int(value["segments"]), int(value["bytes"]))
    return result


def test_what_is_sent_again_is_what_the_sockets_count(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]
) -> None:
    """Data of 11 connections, SYNs of 5, and the answers to these, each as often as TCP_INFO of the socket says."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpretrans")
        worker.work()
        loaded.detach()
        port, deaf, data, syns = map(int, capfd.readouterr().err.split())
        rows, totals = loaded.rows("tcpretrans_rows"), loaded.totals("tcpretrans")
        events = loaded.events("tcpretrans_events", "tcpretrans_record")
    assert data >= 11 and syns >= 5
    assert shown(rows, port) == {("remote", ESTABLISHED): (data, data * 1009)}
    answers = shown(rows, deaf)
    assert answers["remote", SYN_SENT] == (syns, 0)
    assert answers["local", NEW_SYN_RECV][0] >= 5
    assert totals["total"] == int(rows.values["segments"].sum()) == events.seen + totals["lost"]
    assert totals["drops"] == 0
    mine = [one for one in events.records if end(one["remote"])[1] == port]
    assert len(mine) == data and {int(one["bytes"]) for one in mine} == {1009}
    assert len({end(one["local"]) for one in mine}) == 11


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, what belongs to the others is counted as dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpretrans", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcpretrans_rows"), loaded.totals("tcpretrans")
    assert totals["drops"] >= 5
    assert totals["total"] == int(rows.values["segments"].sum()) + totals["drops"]

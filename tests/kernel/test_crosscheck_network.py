"""The network's probes and bpftrace at the same time on the same work: the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PROBES = ("tcpstates", "tcptraffic", "tcprtt", "tcpresets", "udp")
SCRIPT = """
tracepoint:sock:inet_sock_set_state
/args->protocol == 6 && args->oldstate != args->newstate && (args->sport == $3 || args->dport == $3)/
{ @changes[args->oldstate, args->newstate] = count(); }
tracepoint:sock:sock_send_length /pid == $1 && args->protocol == 6 && args->ret > 0/ { @tcp_tx = sum(args->ret); }
tracepoint:sock:sock_recv_length /pid == $1 && args->protocol == 6 && args->ret > 0/ { @tcp_rx = sum(args->ret); }
tracepoint:sock:sock_send_length /pid == $1 && args->protocol == 17/ { @udp_tx = sum(args->ret); @sent = count(); }
tracepoint:sock:sock_recv_length /pid == $1 && args->protocol == 17/ { @udp_rx = sum(args->ret); @taken = count(); }
tracepoint:tcp:tcp_probe /args->dport == $3/ { @segments = count(); @srtt = sum(args->srtt); }
tracepoint:tcp:tcp_receive_reset /args->sport == $3 || args->dport == $3/ { @resets = count(); }
BEGIN { printf("ready\\n"); }
"""
PREPARE = (
    LOW_PORTS
    + """
listening, datagrams = listener("127.0.0.1"), bound(socket.SOCK_DGRAM, "127.0.0.1")
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tell(listening)
"""
)
WORK = """
for n in range(41):
    client = socket.create_connection(listening.getsockname())
    server = listening.accept()[0]
    client.sendall(b"x" * 1009)
    server.recv(2048)
    server.sendall(b"y" * 40_009)
    left = 40_009
    while left: left -= len(client.recv(left))
    if n % 2: client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    server.close()
for _ in range(67):
    other.sendto(b"z" * 211, datagrams.getsockname())
    datagrams.recv(512)
time.sleep(0.05)
"""


def to_port(rows: MapRows, port: int, sides: tuple[str, ...]) -> list[int]:
    """Places of the rows that have `port` at one of those ends."""
    return [place for place, key in enumerate(rows.keys) if port in [end(key[side])[1] for side in sides]]


def test_bpftrace_sees_the_same_of_the_network(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]) -> None:
    """States, bytes, round trips, resets and datagrams of one worker, counted by both."""
    with Worker(WORK, prepare=PREPARE) as worker:
        port = int(capfd.readouterr().err)
        with bpftrace(worker.pid, SCRIPT, str(port)) as stop:
            loaded = load(*PROBES)
            worker.work()
            theirs = stop()
        loaded.detach()
        ours = {probe: loaded.rows(f"{probe}_rows") for probe in PROBES}

    def of(probe: str, member: str) -> int:
        rows = ours[probe]
        return int(rows.values[member][rows.keys["pid"] == worker.pid].sum())

    changes: dict[str, int] = {}
    states = ours["tcpstates"]
    for place in to_port(states, port, ("local", "remote")):
        name = f"{states.keys['oldstate'][place]},{states.keys['newstate'][place]}"
        changes[name] = changes.get(name, 0) + int(states.values["changes"][place])
    far = to_port(ours["tcprtt"], port, ("remote",))
    received = ours["tcpresets"].keys["direction"] == 1
    resets = [place for place in to_port(ours["tcpresets"], port, ("local", "remote")) if received[place]]
    assert theirs == {
        "@changes": changes,
        "@tcp_tx": of("tcptraffic", "tx_bytes"),
        "@tcp_rx": of("tcptraffic", "rx_bytes"),
        "@udp_tx": of("udp", "tx_bytes"),
        "@udp_rx": of("udp", "rx_bytes"),
        "@sent": of("udp", "tx_datagrams"),
        "@taken": of("udp", "rx_datagrams"),
        "@segments": int(ours["tcprtt"].values["segments"][far].sum()),
        "@srtt": int(ours["tcprtt"].values["sum"][far].sum()) // 1000,
        "@resets": int(ours["tcpresets"].values["resets"][resets].sum()),
    }
    assert theirs["@sent"] == 67 and theirs["@resets"] == 20

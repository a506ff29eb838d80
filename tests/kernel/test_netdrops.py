"""The probe netdrops: datagrams to ports that are nobody's, and connections that are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ebtop.kernel import btf
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

IP4, IP6, TCP, UDP = 0x0800, 0x86DD, 6, 17
SHORT = 8 + 4
LATER = 16  # bytes of a fragment that is not the first, its header taken off
LOOPBACK = 1
PREPARE = (
    LOW_PORTS
    + """
here = bound(socket.SOCK_DGRAM, "127.0.0.1")
here6 = bound(socket.SOCK_DGRAM, "::1")
nobody, nobody6 = bound(socket.SOCK_DGRAM, "127.0.0.1"), bound(socket.SOCK_DGRAM, "::1")
deaf = bound(socket.SOCK_STREAM, "127.0.0.1")
ends, ends6 = nobody.getsockname(), nobody6.getsockname()[:2]
tell(nobody, nobody6, deaf)
nobody.close(), nobody6.close()
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
here4 = socket.inet_aton("127.0.0.1")
later = struct.pack("!BxHHHBBH", 0x45, 0, os.getpid() & 0xffff, 1, 64, socket.IPPROTO_UDP, 0) + here4 + here4
raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
loop6 = socket.inet_pton(socket.AF_INET6, "::1")
options = bytes([socket.IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0])
wrong = options + struct.pack("!HHHH4x", ends6[1], ends6[1], 8 + 4, 1)
behind = struct.pack("!IHBB", 6 << 28, len(wrong), socket.IPPROTO_DSTOPTS, 64) + loop6 + loop6 + wrong
"""
)
WORK = """
for _ in range(31): here.sendto(b"x" * 101, ends)
for _ in range(19): here6.sendto(b"x" * 11, ends6)
for _ in range(13):
    one = socket.socket()
    one.connect_ex(deaf.getsockname())
    one.close()
for _ in range(7 + 1): raw.sendto(later + struct.pack("!HH", ends[1], ends[1]) * 4, ("127.0.0.1", 0))
for _ in range(5): raw6.sendto(behind, ("::1", 0))
"""
Drop = tuple[str, int, int, int, int]


def dropped(records: np.ndarray, port: int) -> list[Drop]:
    """Reason, network, protocol, interface and bytes of what was on its way to `port`."""
    reasons = dict(btf.kernel().enumerators("skb_drop_reason"))
    found = []
    for one in records:
        if end(one["destination"])[1] == port:
            network, protocol, interface = int(one["network"]), int(one["protocol"]), int(one["interface"])
            found.append((reasons.get(int(one["reason"]), ""), network, protocol, interface, int(one["bytes"])))
    return found


def test_drops_are_exact_by_destination_and_reason(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]
) -> None:
    """31 and 19 datagrams and 13 SYNs that no socket wants, each with its place; rows and events agree.

    What a fragment begins with that is not the first is no ports: of 8 alike, 7 are dropped. What stands
    behind IPv6's options has its own: 5 datagrams whose checksum is wrong.
    """
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("netdrops")
        worker.work()
        loaded.detach()
        nobody, nobody6, deaf = map(int, capfd.readouterr().err.split())
        rows, totals = loaded.rows("netdrops_rows"), loaded.totals("netdrops")
        events = loaded.events("netdrops_events", "netdrops_record")
    why = "" if "without reason" in loaded.live["netdrops"].hook else "NO_SOCKET"
    assert dropped(events.records, nobody) == [(why, IP4, UDP, LOOPBACK, 101 + 8)] * 31
    found6 = dropped(events.records, nobody6)
    assert found6[:19] == [(why, IP6, UDP, LOOPBACK, 11 + 8)] * 19
    assert [one[1:] for one in found6[19:]] == [(IP6, UDP, LOOPBACK, SHORT)] * 5
    assert [one[4] for one in dropped(events.records, 0)].count(LATER) == 7
    syns = dropped(events.records, deaf)
    assert len(syns) == 13 and {one[:4] for one in syns} == {(why, IP4, TCP, LOOPBACK)}
    assert totals["total"] == int(rows.values["packets"].sum()) == events.seen + totals["lost"]
    assert totals["drops"] == 0
    mine = (rows.keys["network"] == IP4) & (rows.keys["protocol"] == UDP)
    assert int(rows.values["packets"][mine].sum()) >= 31 and all(rows.keys["location"][mine] > 1 << 63)


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the packets of the others are counted as dropped by the probe itself."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("netdrops", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("netdrops_rows"), loaded.totals("netdrops")
    assert totals["drops"] >= 13 + 19
    assert totals["total"] == int(rows.values["packets"].sum()) + totals["drops"]

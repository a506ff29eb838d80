"""The probe xdp: frames by interface, protocol and port; other tools' programs stay, and nothing of ours does."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ebtop import wire
from ebtop.kernel import bpf, programs
from tests.kernel import frames
from tests.kernel.frames import ARP, FRAGMENT, HOP_BY_HOP, IP4, IP6, LLDP
from tests.kernel.loaded import Loaded, ask
from tests.kernel.terminal_session import TerminalSession, wait_until

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

PORT = 4273
"""Of nobody here."""
PASS = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0)  # r0 = XDP_PASS; exit
LINK_CREATE, BPF_XDP = 28, 37
NATIVE, GENERIC = 1 << 2, 1 << 1
Rows = dict[tuple[int, int, int], tuple[int, int]]


def rows(loaded: Loaded, interface: str) -> Rows:
    """Packets and bytes by type of frame, protocol and port."""
    found = loaded.rows("xdp_rows")
    index = socket.if_nametoindex(interface)
    return {
        (int(key["network"]), int(key["protocol"]), int(key["port"])): (int(value["packets"]), int(value["bytes"]))
        for key, value in zip(found.keys, found.values, strict=True)
        if key["interface"] == index
    }


@contextmanager
def theirs(interface: str, flags: int) -> Iterator[int]:
    """Somebody else's program on `interface`: its id."""
    program = programs.load("xdp", "theirs", PASS)
    index = socket.if_nametoindex(interface)
    link = bpf.bpf(LINK_CREATE, bytearray(struct.pack("=IIIIQ", program, index, BPF_XDP, flags, 0)))
    try:
        yield int(struct.unpack_from("=II", bpf.info(program))[1])
    finally:
        os.close(link)
        os.close(program)


def received(interface: str) -> int:
    """Packets that came in, as the kernel itself counts them."""
    return int(Path(f"/sys/class/net/{interface}/statistics/rx_packets").read_text())


def on(interface: str) -> str:
    """What `ip` says of the interface's XDP program."""
    said = subprocess.run(["ip", "-details", "link", "show", interface], check=True, capture_output=True, text=True)
    return said.stdout.partition("prog/xdp ")[2]


def test_datagrams_to_a_port_are_exact_and_arrive(load: Callable[..., Loaded]) -> None:
    """101 of 37 bytes over IPv4 and 53 over IPv6, by the loopback device: counted with their headers, and passed."""
    sizes = {socket.AF_INET: 14 + 20 + 8 + 37, socket.AF_INET6: 14 + 40 + 8 + 37}
    loaded = load("xdp")
    assert loaded.live["xdp"].targets == ("xdp:lo (generic)",)
    for family, host, count in ((socket.AF_INET, "127.0.0.1", 101), (socket.AF_INET6, "::1", 53)):
        with socket.socket(family, socket.SOCK_DGRAM) as server, socket.socket(family, socket.SOCK_DGRAM) as client:
            server.bind((host, PORT))
            for _ in range(count):
                client.sendto(bytes(37), (host, PORT))
            assert [len(server.recv(64, socket.MSG_DONTWAIT)) for _ in range(count)] == [37] * count
    seen = rows(loaded, "lo")
    assert seen[IP4, socket.IPPROTO_UDP, PORT] == (101, 101 * sizes[socket.AF_INET])
    assert seen[IP6, socket.IPPROTO_UDP, PORT] == (53, 53 * sizes[socket.AF_INET6])
    totals = loaded.totals("xdp")
    assert totals["drops"] == 0 and totals["total"] >= 154


UDP, TCP, ICMP = socket.IPPROTO_UDP, socket.IPPROTO_TCP, socket.IPPROTO_ICMP
SHAPES = {
    "the lower port, whichever side": (
        frames.ethernet(IP4, frames.ip4(UDP, frames.ports(60001, 443))),
        (IP4, UDP, 443),
    ),
    "coming back": (frames.ethernet(IP4, frames.ip4(TCP, frames.ports(5432, 60001, bytes(12)))), (IP4, TCP, 5432)),
    "one tag": (frames.ethernet(IP4, frames.ip4(UDP, frames.ports(PORT, 9)), 17), (IP4, UDP, 9)),
    "two tags": (frames.ethernet(IP6, frames.ip6(UDP, frames.ports(PORT, 11)), 17, 18), (IP6, UDP, 11)),
    "options": (frames.ethernet(IP4, frames.ip4(UDP, frames.ports(PORT, 13), options=bytes(8))), (IP4, UDP, 13)),
    "a later fragment": (frames.ethernet(IP4, frames.ip4(UDP, frames.ports(PORT, 15), fragment=185)), (IP4, UDP, 0)),
    "ICMP": (frames.ethernet(IP4, frames.ip4(ICMP, bytes(8))), (IP4, ICMP, 0)),
    "extensions": (
        frames.ethernet(
            IP6,
            frames.ip6(
                HOP_BY_HOP,
                frames.extension(FRAGMENT, bytes(14)) + frames.extension(UDP) + frames.ports(PORT, 19, bytes(4)),
            ),
        ),
        (IP6, UDP, 19),
    ),
    "a later fragment over IPv6": (
        frames.ethernet(IP6, frames.ip6(FRAGMENT, bytes([TCP, 0, 0, 8]) + bytes(4) + frames.ports(PORT, 21))),
        (IP6, TCP, 0),
    ),
    "ARP": (frames.ethernet(ARP, bytes(28)), (ARP, 0, 0)),
    "LLDP": (frames.ethernet(LLDP, bytes(50)), (LLDP, 0, 0)),
    "a length in place of the type": (frames.ethernet(60, bytes(60)), (0, 0, 0)),
    "cut short": (frames.ethernet(IP4, bytes(3)), (IP4, 0, 0)),
}


def test_every_shape_of_frame_is_known_for_what_it_is(load: Callable[..., Loaded]) -> None:
    """Through a pair of interfaces, in native mode: a prime count of each shape, with its whole length."""
    primes = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    with frames.pair() as (near, far):
        loaded = load("xdp", interfaces=(far,))
        assert loaded.live["xdp"].targets == (f"xdp:{far} (native)",)
        before = received(far)
        for (frame, _), count in zip(SHAPES.values(), primes, strict=True):
            frames.send(near, frame, count)
        expected: Rows = {
            key: (count, count * len(frame)) for (frame, key), count in zip(SHAPES.values(), primes, strict=True)
        }
        wait_until(lambda: received(far) - before == sum(primes))  # it counts them after XDP has seen them
        assert rows(loaded, far) == expected


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """Room for two rows: what they show and the drops are the total."""
    with frames.pair() as (near, far):
        loaded = load("xdp", interfaces=(far,), rows=2)
        for port in range(1, 8):
            frames.send(near, frames.ethernet(IP4, frames.ip4(UDP, frames.ports(PORT, port))), 3)
        wait_until(lambda: loaded.totals("xdp")["total"] >= 21)
        shown, totals = rows(loaded, far), loaded.totals("xdp")
    assert [packets for packets, _ in shown.values()] == [3, 3]
    assert (totals["total"], totals["drops"]) == (21, 15)


@pytest.mark.parametrize("mode", [NATIVE, GENERIC], ids=["native", "generic"])
def test_another_tools_program_stays_and_that_is_said(load: Callable[..., Loaded], mode: int) -> None:
    """Its interface is left out, others go on; where there is no other, the probe fails with that reason."""
    with frames.pair() as (near, far), theirs(far, mode) as number:
        loaded = load("xdp", interfaces=(far, near, "no_such"))
        live = loaded.live["xdp"]
        assert live.targets == (f"xdp:{near} (native)",)
        assert live.misses == (
            f"Not on {far}: another XDP program is there and stays. Not on no_such: there is no such interface."
        )
        frames.send(far, frames.ethernet(IP4, frames.ip4(UDP, frames.ports(PORT, 23))), 29)
        wait_until(lambda: (IP4, UDP, 23) in rows(loaded, near) and rows(loaded, near)[IP4, UDP, 23][0] >= 29)
        loaded.close()
        refused = ask({"xdp": 1}, interfaces=(far,)).messages[-1]
        assert isinstance(refused, wire.Progress)
        assert refused.error == f"XDP: {far}: another XDP program is there and stays"
        assert on(far).startswith(f"id {number} name theirs ")
        assert not on(near)


@pytest.mark.parametrize("whom", ["the privileged process", "the drawing process"])
def test_killed_it_leaves_nothing_on_the_interface(whom: str) -> None:
    """kill -9 of either process."""
    with frames.pair() as (_, far):
        words = ("-m", "ebtop", "--no-config", "--probes", "xdp", "--xdp-interfaces", far)
        with TerminalSession(words) as session:
            screen = session.screen()
            wait_until(lambda: "name xdp_count" in on(far))
            os.kill(session.pid if whom == "the privileged process" else screen, signal.SIGKILL)
            session.status()
            wait_until(lambda: not on(far))

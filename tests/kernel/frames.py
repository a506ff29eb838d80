"""Ethernet frames made by hand, sent as they are; and a pair of interfaces of the test's own to send them through."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

IP4, IP6, ARP, LLDP = 0x0800, 0x86DD, 0x0806, 0x88CC
HOP_BY_HOP, FRAGMENT = 0, 44
_NOBODY = bytes.fromhex("020000000001020000000002")
"""Destination and source, which no interface has: the stack drops what XDP has let pass."""


def ethernet(kind: int, content: bytes, *tags: int) -> bytes:
    """One frame with these VLAN tags."""
    tagged = b"".join(struct.pack("!HH", 0x8100, tag) for tag in tags)
    return _NOBODY + tagged + struct.pack("!H", kind) + content


def ports(source: int, destination: int, content: bytes = b"") -> bytes:
    """How UDP and TCP begin."""
    return struct.pack("!HHHH", source, destination, 8 + len(content), 0) + content


def ip4(protocol: int, content: bytes, fragment: int = 0, options: bytes = b"") -> bytes:
    """An IPv4 packet; `fragment` is its offset in units of 8 bytes."""
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | length // 4, 0, length + len(content), 7, fragment, 64, protocol, 0)
    return head + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + options + content


def ip6(next_header: int, content: bytes) -> bytes:
    """An IPv6 packet."""
    return struct.pack("!IHBB", 6 << 28, len(content), next_header, 64) + bytes(32) + content


def extension(next_header: int, content: bytes = bytes(6)) -> bytes:
    """An IPv6 extension header of 8, 16, … bytes."""
    return bytes([next_header, (len(content) + 2) // 8 - 1]) + content


def send(interface: str, frame: bytes, times: int) -> None:
    """Send `frame` that often; those of lo come in there, those of a pair at the other end."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        for _ in range(times):
            raw.send(frame)


@contextmanager
def pair() -> Iterator[tuple[str, str]]:
    """Two interfaces, up and silent: what goes out of one comes in by the other."""
    if shutil.which("ip") is None:
        pytest.skip("the package iproute2 is not installed")
    ends = f"ebt{os.getpid()}a", f"ebt{os.getpid()}b"
    _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
    try:
        for end in ends:
            _ip("link", "set", end, "addrgenmode", "none", "up")
        yield ends
    finally:
        _ip("link", "delete", ends[0])


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)

"""The probe netdev: datagrams over the loopback interface of a network namespace of the worker's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

IN, OUT = 0, 1
PREPARE = """
import ctypes, fcntl, struct
assert not ctypes.CDLL(None).unshare(0x40000000)  # CLONE_NEWNET
here, there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(here, 0x8914, struct.pack("16sh22x", b"lo", 0x1))  # SIOCSIFFLAGS, IFF_UP
here.bind(("127.0.0.1", 0))
there.bind(("127.0.0.1", 0))
"""
WORK = """
for size, count in ((101, 97), (1400, 31)):
    for _ in range(count):
        here.sendto(b"x" * size, there.getsockname())
        there.recv(2048)
"""
LINK = 14
HEADERS = LINK + 20 + 8
"""Ethernet, IPv4, UDP."""


def of_kernel(pid: int) -> dict[str, tuple[int, int]]:
    """Packets and bytes in and out of lo, as the kernel counts them in the namespace of that process."""
    line = next(one for one in Path(f"/proc/{pid}/net/dev").read_text().splitlines() if one.strip().startswith("lo:"))
    numbers = [int(one) for one in line.partition(":")[2].split()]
    return {"in": (numbers[1], numbers[0]), "out": (numbers[9], numbers[8])}


def test_packets_and_sizes_are_what_the_kernel_counts(load: Callable[..., Loaded]) -> None:
    """97 small ones and 31 large ones each way: exact, in two buckets, and as /proc/net/dev has them."""
    with Worker(WORK, prepare=PREPARE) as worker:
        before = of_kernel(worker.pid)
        loaded = load("netdev")
        worker.work()
        loaded.detach()
        counted = of_kernel(worker.pid)
        namespace = os.stat(f"/proc/{worker.pid}/ns/net").st_ino
        rows, totals = loaded.rows("netdev_rows"), loaded.totals("netdev")
    assert before == {"in": (0, 0), "out": (0, 0)}
    total = 97 * (101 + HEADERS) + 31 * (1400 + HEADERS)
    without = total - 128 * LINK  # the loopback device counts behind the link's header
    assert counted == {"in": (128, without), "out": (128, without)}
    for direction in (IN, OUT):
        mine = (rows.keys["namespace"] == namespace) & (rows.keys["direction"] == direction)
        assert rows.keys["interface"][mine].tolist() == [b"lo"]
        row = rows.values[mine][0]
        assert (int(row["packets"]), int(row["segments"]), int(row["sum"])) == (128, 128, total)
        assert (int(row["slots"][7]), int(row["slots"][10]), int(row["slots"].sum())) == (97, 31, 128)
        assert int(row["max_value"]) == 1400 + HEADERS
    assert totals["total"] == int(rows.values["packets"].sum()) and totals["drops"] == 0


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, what goes the other way is counted as dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("netdev", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("netdev_rows"), loaded.totals("netdev")
    assert totals["drops"] >= 128
    assert totals["total"] == int(rows.values["packets"].sum()) + totals["drops"]

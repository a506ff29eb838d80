"""The probe softirqs, beside the kernel's own account of the same runs in /proc/softirqs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop import registry
from ebtop.spec import Table
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
PREPARE = """
receiving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiving.bind(("127.0.0.1", 0))
sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sending.connect(receiving.getsockname())
"""
WORK = """
for _ in range(503):
    sending.send(b"loopback")
    receiving.recv(8)
"""
NET_RX = 3


def words() -> list[str]:
    """The vectors' names in the order of their numbers."""
    (table,) = (view for view in registry.probe("softirqs").views if isinstance(view, Table))
    return [word for _, word in table.keys[0].codes]


def runs() -> list[int]:
    """How often each vector ran, all CPUs together; and each has the name that the kernel gives it."""
    lines = [line.split() for line in Path("/proc/softirqs").read_text().splitlines()[1:]]
    assert [line[0][:-1] for line in lines] == words()
    return [sum(map(int, line[1:])) for line in lines]


def counted(loaded: Loaded) -> list[int]:
    """The same as the probe saw it."""
    return [int(number) for number in loaded.rows("softirqs_rows").values["runs"]]


def test_runs_are_those_that_the_kernel_counts(load: Callable[..., Loaded]) -> None:
    """503 datagrams through the loopback: of every vector neither more nor fewer than /proc/softirqs has."""
    with Worker(WORK, prepare=PREPARE) as worker:
        outside = runs()
        loaded = load("softirqs")
        inside, early = runs(), counted(loaded)
        worker.work()
        late, inside_then = counted(loaded), runs()
        loaded.detach()
        outside_then, all_of_it = runs(), counted(loaded)
    assert late[NET_RX] - early[NET_RX] >= 503
    for vector, number in enumerate(all_of_it):
        assert inside_then[vector] - inside[vector] <= number + (os.cpu_count() or 1)  # counted as they begin
        assert number <= outside_then[vector] - outside[vector]
    rows = loaded.rows("softirqs_rows").values
    assert (rows["slots"].sum(axis=1) == rows["runs"]).all()
    assert int(rows["sum"][NET_RX]) > int(rows["max_value"][NET_RX]) > 0
    assert loaded.totals("softirqs")["total"] == int(rows["runs"].sum())

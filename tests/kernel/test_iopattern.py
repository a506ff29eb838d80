"""The probe iopattern: a loop device that is read and written in a known order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.loop_device import LoopDevice
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
PREPARE = """
small, large = mmap.mmap(-1, 4096), mmap.mmap(-1, 16384)
device = os.open(words[0], os.O_RDWR | os.O_DIRECT)
"""
WORK = """
for n in range(97): os.preadv(device, [small], n * 4096)
for n in range(61): os.preadv(device, [large], (200 - 2 * n) * 16384)
os.pwrite(device, small, 0)
for n in range(1, 13): os.pwrite(device, small, n * 4096)
"""
"""97 reads in a row; 61 backwards, with gaps; 13 writes in a row."""


def test_what_follows_on_the_request_before_is_sequential(load: Callable[..., Loaded], kernel: None) -> None:
    """96 of 158 reads, the first of each row not among them; 12 of 13 writes; with their sizes."""
    with LoopDevice() as device, Worker(WORK, str(device.path), prepare=PREPARE) as worker:
        loaded = load("iopattern")
        worker.work()
        loaded.detach()
        rows, totals, number = loaded.rows("iopattern_rows"), loaded.totals("iopattern"), device.number
    mine = rows.keys["device"] == number
    reads = rows.values[mine & (rows.keys["direction"] == 0)]
    writes = rows.values[mine & (rows.keys["direction"] == 1)]
    assert (reads["ops"].tolist(), reads["sequential"].tolist()) == ([158], [96])
    assert reads["sum"].tolist() == [97 * 4096 + 61 * 16384]
    assert (int(reads["slots"][0][12]), int(reads["slots"][0][14])) == (97, 61)
    assert (writes["ops"].tolist(), writes["sequential"].tolist()) == ([13], [12])
    assert writes["sum"].tolist() == [13 * 4096]
    assert reads["max_value"].tolist() == [16384]
    assert totals["total"] == int(rows.values["ops"].sum()) and not totals["drops"]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], kernel: None) -> None:
    """With room for one row, what is in none is a drop."""
    with LoopDevice() as device, Worker(WORK, str(device.path), prepare=PREPARE) as worker:
        loaded = load("iopattern", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("iopattern_rows"), loaded.totals("iopattern")
    assert rows.keys.size == 1 and totals["drops"] >= 13
    assert totals["total"] == int(rows.values["ops"].sum()) + totals["drops"]

"""The probe hardirqs, beside the kernel's own account of the same interrupts in /proc/interrupts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.test_blockio import file
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
__all__ = ["file"]  # a fixture
READS = 211
PREPARE = """
buffer = mmap.mmap(-1, 4096)
file = os.open(words[0], os.O_RDWR | os.O_DIRECT)
"""
WORK = f"for n in range({READS}): os.preadv(file, [buffer], n % 97 * 4096)"


def interrupts() -> dict[int, int]:
    """How often each line of a device interrupted, all CPUs together."""
    lines = Path("/proc/interrupts").read_text().splitlines()
    cpus = len(lines[0].split())
    words = [line.split() for line in lines[1:]]
    return {int(line[0][:-1]): sum(map(int, line[1 : cpus + 1])) for line in words if line[0][:-1].isdigit()}


def counted(loaded: Loaded) -> dict[int, int]:
    """The same as the probe saw it; lines that devices share count once for each."""
    rows = loaded.rows("hardirqs_rows")
    return dict(zip(rows.keys["irq"].tolist(), rows.values["interrupts"].tolist(), strict=True))


def test_interrupts_are_those_that_the_kernel_counts(load: Callable[..., Loaded], file: Path) -> None:
    """211 reads past the page cache: on every line neither more nor fewer than /proc/interrupts has."""
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        outside = interrupts()
        loaded = load("hardirqs")
        inside, early = interrupts(), counted(loaded)
        worker.work()
        inside_then, late = interrupts(), counted(loaded)
        loaded.detach()
        outside_then, all_of_it = interrupts(), counted(loaded)
    assert loaded.totals("hardirqs")["drops"] == 0
    assert all_of_it.keys() <= outside_then.keys()
    for line in outside_then:
        least = inside_then.get(line, 0) - inside.get(line, 0)
        assert least <= all_of_it.get(line, 0) <= outside_then[line] - outside.get(line, 0)
    assert sum(late.values()) - sum(early.values()) >= 1
    rows = loaded.rows("hardirqs_rows").values
    assert (rows["slots"].sum(axis=1) == rows["interrupts"]).all()
    assert (rows["sum"] >= rows["max_value"]).all() and (rows["max_value"] > 0).all()
    assert loaded.totals("hardirqs")["total"] == int(rows["interrupts"].sum())


def test_a_device_has_the_name_that_the_kernel_gives_it(load: Callable[..., Loaded], file: Path) -> None:
    """As /sys/kernel/irq says, cut where the row's name ends."""
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        loaded = load("hardirqs")
        worker.work()
        rows = loaded.rows("hardirqs_rows")
    assert rows.keys.size
    for line, name in zip(rows.keys["irq"].tolist(), rows.keys["name"].tolist(), strict=True):
        names = Path(f"/sys/kernel/irq/{line}/actions").read_text().strip().split(",")
        assert os.fsdecode(name) in [one[:31] for one in names]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], file: Path) -> None:
    """With room for one device at most as many rows; what found none is a drop."""
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        loaded = load("hardirqs", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("hardirqs_rows"), loaded.totals("hardirqs")
    assert rows.keys.size == 1
    assert totals["total"] == int(rows.values["interrupts"].sum()) + totals["drops"]

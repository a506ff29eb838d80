"""Pressure and swapping as the kernel tells them, and where it does not."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from ebtop.stalls import Stalls

PAGE = os.sysconf("SC_PAGE_SIZE")
HEADING = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def proc(folder: Path, *, swap: bool = True) -> str:
    """A /proc in `folder`."""
    (folder / "pressure").mkdir()
    for name, total in (("cpu", 1_500_000), ("io", 2_000_000), ("memory", 7)):
        some = f"some avg10=0.51 avg60=0.82 avg300=0.31 total={total}\n"
        full = "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n"
        (folder / "pressure" / name).write_text(some + full)
    (folder / "vmstat").write_text("nr_free_pages 5\npswpin 3\npswpout 4\npgalloc_dma 0\n")
    (folder / "swaps").write_text(HEADING + "/dev/sda2  partition  8  0  -2\n" * swap)
    return str(folder)


def test_totals_are_seconds_and_bytes(tmp_path: Path) -> None:
    """Those in which some task stood still; pages in and out."""
    stalled = Stalls(proc(tmp_path)).read()
    assert (stalled.cpu_s, stalled.io_s, stalled.memory_s) == pytest.approx((1.5, 2.0, 7e-6))
    assert stalled.swapped_bytes == 7 * PAGE


def test_what_has_changed_is_read_again(tmp_path: Path) -> None:
    """Through the descriptor that is open already."""
    stalls = Stalls(proc(tmp_path))
    (tmp_path / "pressure/io").write_text("some avg10=0.51 avg60=0.82 avg300=0.31 total=4000000\n")
    assert stalls.read().io_s == 4.0


def test_without_swap_nothing_is_swapped_until_there_is_some(tmp_path: Path) -> None:
    """Swap space may be added while ebtop runs."""
    stalls = Stalls(proc(tmp_path, swap=False))
    assert stalls.read().swapped_bytes == 0.0
    (tmp_path / "swaps").write_text(HEADING + "/swapfile  file  8  0  -2\n")
    stalls.look_for_swap()
    assert stalls.read().swapped_bytes == 7 * PAGE


def test_a_kernel_that_keeps_no_account_is_no_error(tmp_path: Path) -> None:
    """Not measured is not zero."""
    stalled = Stalls(str(tmp_path)).read()
    assert math.isnan(stalled.cpu_s)
    assert math.isnan(stalled.memory_s)


def test_this_kernel_counts_on() -> None:
    """What it tells now is no less than a moment ago."""
    stalls = Stalls()
    before, after = stalls.read(), stalls.read()
    if not math.isnan(before.cpu_s):
        assert after.cpu_s >= before.cpu_s >= 0

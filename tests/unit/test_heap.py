"""What was freed goes back to the kernel; in a process of its own, whose heap nobody else fills."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

WORK = """
import os
from ebtop.kernel import heap
import numpy as np

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

heap.keep_little()
kept = []
freed = []
for _ in range(400):
    freed.append(np.ones(64 << 10, np.uint8))
    kept.append(np.ones(1 << 10, np.uint8))  # the heap's end stays where it is
freed.clear()
before = resident()
heap.give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc_trim, which only the GNU library has")
def test_holes_in_the_heap_go_back_to_the_kernel() -> None:
    """Of 25 MiB freed between blocks that stay, all but their edges."""
    output = subprocess.run([sys.executable, "-c", WORK], check=True, capture_output=True, text=True).stdout
    assert int(output) > 400 * (48 << 10)

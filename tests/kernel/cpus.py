"""The CPUs that tests may run on, which need not be all, nor begin with 0."""

from __future__ import annotations

import os

import pytest

CPUS = tuple(sorted(os.sched_getaffinity(0)))
"""Their numbers, in order."""


def two() -> tuple[int, int]:
    """Two of them; where there is one only, the test cannot be had, and that is expected."""
    if len(CPUS) < 2:
        pytest.xfail("there is one CPU, and nowhere to go")
    return CPUS[0], CPUS[1]

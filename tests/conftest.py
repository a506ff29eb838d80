"""Fixtures of all tests: what a test of the real kernel needs, or the one feature whose lack it is skipped for."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

import pytest

from ebtop.kernel import bpf, preflight


def lacking() -> str:
    """The one thing that keeps kernel tests from running here, or ""."""
    if os.geteuid() != 0:
        return "root"
    check = preflight.blocking()
    return f"{check.name}: {check.detail}" if check else ""


@pytest.fixture(scope="session")
def kernel() -> None:
    """Root, BPF and BCC on this machine; skips with the name of what is missing."""
    if missing := lacking():
        pytest.skip(f"kernel tests need {missing}")
    with suppress(ValueError):  # as the warden does it: Linux before 5.11 counts maps as locked memory
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.close(bpf.create_map(bpf.ARRAY, 4, 8, 1))

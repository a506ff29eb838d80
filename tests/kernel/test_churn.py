"""Whole maps read while two writers churn them: every key once, every value right.

The kind that counts system calls for a minute in CI, all of them for ten seconds elsewhere; EBTOP_SOAK sets another.
"""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ebtop.kernel import bpf
from ebtop.kernel.cpus import possible_cpus
from ebtop.kernel.maps import MapReader
from tests.kernel.test_maps import a_map, slot

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

SECONDS = float(os.environ.get("EBTOP_SOAK", "60" if "CI" in os.environ else "6"))
LENGTHS = {bpf.PERCPU_HASH: SECONDS, bpf.HASH: min(SECONDS, 2), bpf.LRU_HASH: min(SECONDS, 2)}
"""The first is the kind that counts system calls."""
CAPACITY, STABLE = 2000, 1000
NUMBERS = 5000
"""Keys that a writer makes use of, far more than there is room for."""


@pytest.mark.parametrize("kind", LENGTHS)
def test_a_full_map_that_two_writers_churn_is_read_without_duplicates(kind: int) -> None:
    """Half of the keys stay and are in every read, each once with its value; the other half comes and goes.

    Not so in a map that evicts what was not used for long: there every key that is read is right, and comes once.
    """
    cpus = possible_cpus() if kind == bpf.PERCPU_HASH else 1
    full = os.memfd_create("full")
    os.ftruncate(full, 16)
    with a_map(kind, CAPACITY) as (fd, reader):
        for pid in range(1, STABLE + 1):
            bpf.update(fd, struct.pack("=II", pid, 0), slot(3 * pid) * cpus)
        with _writers(fd, cpus, full):
            reads, churned = _check_reads(reader, cpus, kind, time.monotonic() + LENGTHS[kind])
    refusals = struct.unpack("=QQ", os.pread(full, 16, 0))
    os.close(full)
    assert reads > 10
    assert churned > 10  # how often depends on whether the writers get a CPU between two reads
    if kind != bpf.LRU_HASH:  # which is never full: it evicts
        assert min(refusals) > 0


@contextmanager
def _writers(fd: int, cpus: int, full: int) -> Iterator[None]:
    pids = [_churn(fd, number, cpus, full) for number in range(2)]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _churn(fd: int, writer: int, cpus: int, full: int) -> int:
    """A child that puts in ever new keys and, whenever the map is full, takes out its oldest and counts that."""
    pid = os.fork()
    if pid:
        return pid
    first, number, oldest, refused = 10_000 * (writer + 1), 0, 0, 0
    while os.getppid() != 1:
        key = first + number % NUMBERS
        try:
            bpf.update(fd, struct.pack("=II", key, 1), slot(key) * cpus)
            number += 1
        except OSError:  # full
            refused += 1
            os.pwrite(full, struct.pack("=Q", refused), 8 * writer)
            if oldest < number:
                bpf.delete(fd, struct.pack("=II", first + oldest % NUMBERS, 1))
                oldest += 1
    os._exit(0)


def _check_reads(reader: MapReader, cpus: int, kind: int, end: float) -> tuple[int, int]:
    """Reads until `end`, and how many of them found other keys than the one before."""
    reads = churned = 0
    before = b""
    while time.monotonic() < end:
        rows = reader.read()
        pids = rows.keys["pid"].astype(np.uint64)
        assert np.unique(pids).size == pids.size
        staying = pids <= STABLE
        if kind != bpf.LRU_HASH:
            assert np.count_nonzero(staying) == STABLE
        assert (rows.values["calls"] == cpus * np.where(staying, 3 * pids, pids)).all()
        churned += rows.keys.tobytes() != before
        before = rows.keys.tobytes()
        reads += 1
    return reads, churned

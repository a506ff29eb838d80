"""The probe files: reads and writes of known files, and of what is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ebtop import registry
from ebtop.worst import Worst
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker, nobody_but

pytestmark = pytest.mark.kernel
PREPARE = """
first, second = os.open("one/data", os.O_RDWR), os.open("two/data", os.O_RDWR)
log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
back, forth = os.pipe()
zero = os.open("/dev/zero", os.O_RDONLY)
memory = mmap.mmap(-1, 8192)
slow = os.open("slow", os.O_RDWR | os.O_CREAT | os.O_SYNC, 0o600)
"""
WORK = """
for n in range(97): os.pread(first, 101, n)
for n in range(61): os.preadv(second, [memory], 0)
for n in range(13): os.read(second, 7)
for n in range(53): os.write(log, b"a line of twenty-two\\n")
os.pwrite(slow, bytes(65536), 0)
try: os.write(os.open("log", os.O_RDONLY), b"not for writing")
except OSError: pass
for n in range(11):
    os.write(forth, b"pipe")
    os.read(back, 4)
    os.read(zero, 100)
"""
COUNTS = ("reads", "read_bytes", "writes", "write_bytes", "errors")


def test_bytes_are_exact_by_file(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Two files of one name are two; a pipe and a character device are none; the slowest of all is named."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_bytes(bytes(4096))
    with Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker:
        loaded = load("files", own_pids=nobody_but(worker))
        worst = Worst(registry.probe("files"), loaded.maps)
        worker.work()
        loaded.detach()
        worst.begin(tick=True)
        examples = worst.read()["latency"]
        worst.close()
    rows, totals, latency = loaded.rows("files_rows"), loaded.totals("files"), loaded.rows("files_latency")
    inodes = {
        path.stat().st_ino: str(path.relative_to(tmp_path))
        for path in (tmp_path / name for name in ("one/data", "two/data", "log", "slow"))
    }
    device = tmp_path.stat().st_dev
    found = {}
    for place in np.flatnonzero(rows.keys["pid"] == worker.pid):
        key, value = rows.keys[place], rows.values[place]
        path = inodes[int(key["inode"])]
        assert key["file"].decode() == path.rpartition("/")[2]
        assert key["device"] == os.major(device) << 20 | os.minor(device)
        assert 0 < value["max_ns"] <= value["ns"] and value["calls"] == value["reads"] + value["writes"]
        found[path] = [int(value[name]) for name in COUNTS]
    assert found == {
        "one/data": [97, 97 * 101, 0, 0, 0],
        "two/data": [61 + 13, 61 * 4096 + 13 * 7, 0, 0, 0],
        "log": [0, 0, 53 + 1, 53 * 21, 1],
        "slow": [0, 0, 1, 65536, 0],
    }
    assert totals["total"] == int(rows.values["calls"].sum()) == int(latency.values["slots"].sum())
    assert int(examples["value"].max()) == int(rows.values["max_ns"].max())
    mine = examples[examples["pid"] == worker.pid]
    assert mine.size and set(mine["file"].tolist()) <= {b"data", b"log", b"slow"}


def test_a_full_map_counts_what_it_drops_and_own_processes_are_left_out(
    load: Callable[..., Loaded], tmp_path: Path
) -> None:
    """With room for two files, the calls on a third are drops; a process that is not to be counted has none."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_bytes(bytes(4096))
    with (
        Worker(WORK, prepare=PREPARE, folder=tmp_path) as worker,
        Worker(WORK, prepare=PREPARE, folder=tmp_path) as own,
    ):
        loaded = load("files", rows=2, own_pids=frozenset({own.pid}))
        own.work()
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("files_rows"), loaded.totals("files")
    assert rows.keys.size == 2 and own.pid not in rows.keys["pid"]
    assert totals["drops"] >= 54
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]

"""The probe fslat: known calls on a file system of a test's own, and on a tmpfs beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ebtop import registry
from ebtop.spec import Histogram
from ebtop.worst import Worst
from tests.kernel.loaded import Loaded
from tests.kernel.loop_device import LoopDevice
from tests.kernel.worker import Worker, nobody_but

pytestmark = pytest.mark.kernel
PREPARE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.unshare(0x20000)
assert not libc.mount(b"none", b"/", None, 0x44000, None)
for device, kind in ((words[0], b"ext4"), ("none", b"tmpfs")):
    place = f"{words[1]}/{kind.decode()}"
    os.mkdir(place)
    assert not libc.mount(device.encode(), place.encode(), kind, 0, None), ctypes.get_errno()
page = bytes(4096)
null, there = os.open("/dev/null", os.O_RDWR), os.open(words[1] + "/tmpfs", os.O_RDONLY)
"""
"""In mounts of the worker's own, which go with it: 0x20000 is CLONE_NEWNS, 0x44000 MS_PRIVATE | MS_REC."""
WORK = """
for kind, times in (("ext4", 23), ("tmpfs", 17)):
    file = os.open(f"{words[1]}/{kind}/file-of-{kind}", os.O_RDWR | os.O_CREAT, 0o600)
    for n in range(times): os.pwrite(file, page, n * 4096)
    for n in range(times + 2): os.pread(file, 4096, n * 4096)
    os.fsync(file)
    os.fdatasync(file)
    os.ftruncate(file, 4096)
    os.posix_fallocate(file, 0, 65536)
    for _ in range(5): os.close(os.open(f"{words[1]}/{kind}/file-of-{kind}", os.O_RDONLY))
    try: os.write(os.open(f"{words[1]}/{kind}/file-of-{kind}", os.O_RDONLY), page)
    except OSError: pass
os.listdir(there)
for _ in range(7): os.write(null, page)
try: os.open("/nowhere", os.O_RDONLY)
except OSError: pass
"""


def operations() -> list[str]:
    """Their words in the order of their numbers."""
    (histogram,) = (view for view in registry.probe("fslat").views if isinstance(view, Histogram))
    return [word for _, word in histogram.by[1].codes]


def test_calls_are_exact_by_file_system_and_operation(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """On an ext4 that nobody else has and on a tmpfs; what is no file is not there."""
    if not shutil.which("mkfs.ext4"):
        pytest.skip("mkfs.ext4")
    with LoopDevice() as device:
        subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", device.path], check=True)
        with Worker(WORK, str(device.path), str(tmp_path), prepare=PREPARE) as worker:
            loaded = load("fslat", own_pids=nobody_but(worker))
            worst = Worst(registry.probe("fslat"), loaded.maps)
            worker.work()
            loaded.detach()
            worst.begin(tick=True)
            examples = worst.read()["latency"]
            worst.close()
        number = device.number
    rows, totals, latency = loaded.rows("fslat_rows"), loaded.totals("fslat"), loaded.rows("fslat_latency")
    found = {}
    for place in np.flatnonzero(rows.keys["pid"] == worker.pid):
        key, value = rows.keys[place], rows.values[place]
        found[key["type"].decode(), operations()[key["operation"]]] = int(value["calls"]), int(value["errors"])
        assert (key["device"] == number) == (key["type"] == b"ext4")
        assert 0 < value["max_ns"] <= value["ns"]
    assert found == {
        ("ext4", "open"): (7, 0),
        ("ext4", "write"): (24, 1),
        ("ext4", "read"): (25, 0),
        ("ext4", "sync"): (2, 0),
        ("ext4", "truncate"): (1, 0),
        ("ext4", "allocate"): (1, 0),
        ("tmpfs", "open"): (7, 0),
        ("tmpfs", "write"): (18, 1),
        ("tmpfs", "read"): (19, 0),
        ("tmpfs", "sync"): (2, 0),
        ("tmpfs", "truncate"): (1, 0),
        ("tmpfs", "allocate"): (1, 0),
        ("tmpfs", "list"): (2, 0),
    }
    assert totals["total"] == int(rows.values["calls"].sum()) == int(latency.values["slots"].sum())
    assert int(examples["value"].max()) == int(rows.values["max_ns"].max())
    mine = examples[examples["pid"] == worker.pid]
    assert mine.size and {os.fsdecode(name) for name in mine["file"]} <= {"file-of-ext4", "file-of-tmpfs", "/"}


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """With room for one row, what belongs to another is a drop."""
    work = """
file = os.open(words[0], os.O_RDWR | os.O_CREAT, 0o600)
for _ in range(13): os.write(file, b"thirteen")
"""
    with Worker(work, str(tmp_path / "file")) as worker:
        loaded = load("fslat", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("fslat_rows"), loaded.totals("fslat")
    assert rows.keys.size == 1 and totals["drops"] >= 1
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]

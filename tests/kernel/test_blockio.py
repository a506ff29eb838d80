"""The probe blockio: requests of one process to one device, written past the page cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.loop_device import LoopDevice
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = """
buffer = mmap.mmap(-1, 4096)
file = os.open(words[0], os.O_RDWR | os.O_DIRECT)
"""
WORK = """
for n in range(97): os.pwrite(file, buffer, n * 4096)
for n in range(61): os.preadv(file, [buffer], n * 4096)
"""
PLACES = ("/var/tmp", ".")


@pytest.fixture
def file(kernel: None) -> Iterator[Path]:
    """97 written blocks on a file system that has a block device, which nobody else has anything to write to."""
    for place in PLACES:
        path = Path(place, f"ebtop-blockio-{os.getpid()}").absolute()
        path.write_bytes(bytes(97 * 4096))
        try:
            if os.path.exists(f"/sys/dev/block/{os.major(path.stat().st_dev)}:{os.minor(path.stat().st_dev)}"):
                os.sync()  # all that is dirty: what is written back meanwhile may be merged with requests of the test
                yield path
                return
        finally:
            path.unlink()
    pytest.skip(f"a file system on a block device at one of {', '.join(PLACES)}")


def test_requests_are_exact_by_process_and_device(load: Callable[..., Loaded], kernel: None) -> None:
    """97 writes and 61 reads of 4096 bytes each, by this pid, on a device that has nobody else's to merge them with."""
    with LoopDevice() as device, Worker(WORK, str(device.path), prepare=PREPARE) as worker:
        loaded = load("blockio")
        worker.work()
        rows, number = loaded.rows("blockio_rows"), device.number
    row = rows.values[(rows.keys["pid"] == worker.pid) & (rows.keys["device"] == number)]
    assert row["ops"].tolist() == [97 + 61]
    assert row["write_bytes"].tolist() == [97 * 4096]
    assert row["read_bytes"].tolist() == [61 * 4096]
    assert row["errors"].tolist() == [0]
    assert row["max_ns"][0] <= row["ns"][0]


def test_the_device_is_the_whole_disk_of_the_file(load: Callable[..., Loaded], file: Path) -> None:
    """As /sys has it."""
    device = file.stat().st_dev
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        loaded = load("blockio")
        worker.work()
        rows = loaded.rows("blockio_rows")
    mine = rows.keys["pid"] == worker.pid
    assert rows.values["write_bytes"][mine].sum() > 0 and rows.values["read_bytes"][mine].sum() > 0
    shown = int(rows.keys["device"][mine][0])
    names = {"shown": (shown >> 20, shown & 0xFFFFF), "file": (os.major(device), os.minor(device))}
    disk = Path(f"/sys/dev/block/{names['file'][0]}:{names['file'][1]}").resolve()
    whole = (disk.parent if (disk / "partition").exists() else disk) / "dev"
    assert whole.read_text().strip() == "{}:{}".format(*names["shown"])


def test_latencies_and_rows_agree(load: Callable[..., Loaded], file: Path) -> None:
    """Once it is detached, the buckets hold every request that was counted, by direction."""
    with Worker(WORK, str(file), prepare=PREPARE) as worker:
        loaded = load("blockio")
        worker.work()
        loaded.detach()
        rows, latency, totals = loaded.rows("blockio_rows"), loaded.rows("blockio_latency"), loaded.totals("blockio")
    assert totals["total"] == int(rows.values["ops"].sum()) + totals["drops"] == int(latency.values["slots"].sum())
    reads = latency.values[latency.keys["direction"] == 0]
    assert int(reads["slots"].sum()) >= 61


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], file: Path) -> None:
    """With room for two processes, the requests of a third and fourth are counted as dropped."""
    work = """
for _ in range(4):
    pid = os.fork()
    if not pid:
        for n in range(13): os.pwrite(file, buffer, n * 4096)
        os._exit(0)
    os.waitpid(pid, 0)
"""
    with Worker(work, str(file), prepare=PREPARE) as worker:
        loaded = load("blockio", rows=2)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("blockio_rows"), loaded.totals("blockio")
    assert totals["drops"] >= 2 * 13
    assert totals["total"] == int(rows.values["ops"].sum()) + totals["drops"]

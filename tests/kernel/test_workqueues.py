"""The probe workqueues: the queue of a loop device, which works once for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.loop_device import LoopDevice
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
PREPARE = """
buffer = mmap.mmap(-1, 4096)
device = os.open(words[0], os.O_RDWR | os.O_DIRECT)
"""
WORK = "for n in range(97): os.preadv(device, [buffer], n * 4096)"


@pytest.fixture
def device(kernel: None) -> Iterator[LoopDevice]:
    """A loop device."""
    with LoopDevice() as device:
        yield device


def test_each_request_of_a_loop_device_is_one_work(load: Callable[..., Loaded], device: LoopDevice) -> None:
    """97 reads one after another: 97 works on the queue of that name, each with its wait and its run."""
    queue = device.path.name.encode()
    with Worker(WORK, str(device.path), prepare=PREPARE) as worker:
        loaded = load("workqueues")
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("workqueues_rows"), loaded.totals("workqueues")
        times = loaded.rows("workqueues_times")
    mine = rows.values[rows.keys["queue"] == queue]
    assert mine["works"].tolist() == mine["runs"].tolist() == [97]
    assert 0 < mine["max_delay_ns"][0] < mine["delay_ns"][0]
    assert 0 < mine["max_run_ns"][0] < mine["run_ns"][0]
    for stage, ns in enumerate(("delay_ns", "run_ns")):
        one = times.values[(times.keys["queue"] == queue) & (times.keys["stage"] == stage)]
        assert one["slots"].sum(axis=1).tolist() == [97]
        assert one["sum"].tolist() == mine[ns].tolist()
        assert one["max_value"].tolist() == mine[f"max_{ns}"].tolist()
    assert totals["drops"] == 0
    assert totals["total"] == int(rows.values["works"].sum())


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], device: LoopDevice) -> None:
    """What is in no row is a drop."""
    with Worker(WORK, str(device.path), prepare=PREPARE) as worker:
        loaded = load("workqueues", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("workqueues_rows"), loaded.totals("workqueues")
    assert rows.keys.size == 1 and totals["drops"] > 0
    assert totals["total"] == int(rows.values["works"].sum()) + totals["drops"]

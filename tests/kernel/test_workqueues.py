"""The probe workqueues: the queue of a loop device, beside bpftrace on the same queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.loop_device import LoopDevice
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel
PREPARE = """
buffer = mmap.mmap(-1, 4096)
device = os.open(words[0], os.O_RDWR | os.O_DIRECT)
"""
SCRIPT = """
tracepoint:workqueue:workqueue_queue_work /str(args->workqueue) == "QUEUE"/ { @queued = count(); }
BEGIN { printf("ready\\n"); }
"""
WORK = "for n in range(97): os.preadv(device, [buffer], n * 4096)"


@pytest.fixture
def device(kernel: None) -> Iterator[LoopDevice]:
    """A loop device."""
    with LoopDevice() as device:
        yield device


def functions_at(address: int) -> set[str]:
    """What the kernel calls it."""
    lines = Path("/proc/kallsyms").read_text().splitlines()
    return {words[2] for words in (line.split() for line in lines) if int(words[0], 16) == address}


def test_works_are_those_that_bpftrace_sees(load: Callable[..., Loaded], device: LoopDevice) -> None:
    """97 reads, of which a work may do two: as often queued as run, by its function, each with its wait and its run."""
    queue = device.path.name.encode()
    script = SCRIPT.replace("QUEUE", device.path.name)
    with Worker(WORK, str(device.path), prepare=PREPARE) as worker, bpftrace(worker.pid, script) as stop:
        loaded = load("workqueues")
        worker.work()
        theirs = stop()
        loaded.detach()
        rows, totals = loaded.rows("workqueues_rows"), loaded.totals("workqueues")
        times = loaded.rows("workqueues_times")
    mine = rows.values[rows.keys["queue"] == queue]
    (function,) = rows.keys["function"][rows.keys["queue"] == queue].tolist()
    assert {"loop_workfn", "loop_rootcg_workfn"} & functions_at(function)
    works = int(mine["works"][0])
    assert theirs == {"@queued": works}
    assert mine["runs"].tolist() == [works] and 1 < works <= 97
    assert 0 < mine["max_delay_ns"][0] < mine["delay_ns"][0]
    assert 0 < mine["max_run_ns"][0] < mine["run_ns"][0]
    for stage, ns in enumerate(("delay_ns", "run_ns")):
        one = times.values[(times.keys["queue"] == queue) & (times.keys["stage"] == stage)]
        assert one["slots"].sum(axis=1).tolist() == [works]
        assert one["sum"].tolist() == mine[ns].tolist()
        assert one["max_value"].tolist() == mine[f"max_{ns}"].tolist()
    assert totals["drops"] == 0
    assert totals["total"] == int(rows.values["works"].sum())


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded], device: LoopDevice) -> None:
    """Of two devices at least one has no row: what is in none is a drop."""
    with (
        LoopDevice() as another,
        Worker(WORK, str(device.path), prepare=PREPARE) as worker,
        Worker(WORK, str(another.path), prepare=PREPARE) as other,
    ):
        loaded = load("workqueues", rows=1)
        worker.work()
        other.work()
        loaded.detach()
        rows, totals = loaded.rows("workqueues_rows"), loaded.totals("workqueues")
    assert rows.keys.size == 1 and totals["drops"] > 0
    assert totals["total"] == int(rows.values["works"].sum()) + totals["drops"]

"""Programs on software events of every CPU: how many there are, that they run, and that one descriptor ends them."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest

from ebtop.kernel import attachments, bpf, programs, sampling, stats
from ebtop.kernel.cpus import cpu_list
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

NOTHING = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)  # r0 = 0; exit
ONLINE = len(cpu_list(sampling._ONLINE.read_text()))
FAULTS = 1009
TOUCH = f"""
memory = mmap.mmap(-1, {FAULTS} * mmap.PAGESIZE)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range({FAULTS}):
    memory[page * mmap.PAGESIZE] = 1
"""


@pytest.fixture
def program() -> Iterator[int]:
    """An empty program for perf events; statistics are on while there is one."""
    held = [bpf.enable_stats(), programs.load("perf_event", "test_nothing", NOTHING)]
    yield held[1]
    for descriptor in held:
        os.close(descriptor)


def attached(program: int) -> int:
    """How many links the kernel has for the program."""
    number = struct.unpack_from("=I", bpf.info(program), 4)[0]
    return sum(one == number for one, _ in attachments.links())


def test_each_cpu_has_an_event_of_its_own_and_all_end_with_one_descriptor(program: int) -> None:
    """They run while it is open, and are gone with it."""
    one = programs.attach("perf_event", "cpu-clock:997", program)
    assert attached(program) == ONLINE
    wait_until(lambda: stats.runs(program).count > 97, 60)
    one.close()
    assert attached(program) == 0
    after = stats.runs(program).count
    with Worker(TOUCH) as worker:
        worker.work()
    assert stats.runs(program).count == after


def test_an_event_may_be_counted_one_by_one(program: int) -> None:
    """Every page fault of the machine, those of a process that has a known number of them included."""
    one = programs.attach("perf_event", "page-faults:1", program)
    with Worker(TOUCH) as worker:
        before = stats.runs(program).count
        worker.work()
        assert stats.runs(program).count - before >= FAULTS
    one.close()


def test_more_cpus_than_fit_into_one_message(program: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets are as many as it takes; a failure half-way leaves nothing attached."""
    monkeypatch.setattr(sampling, "_TOGETHER", 1)
    one = programs.attach("perf_event", "cpu-clock:49", program)
    assert attached(program) == ONLINE
    one.close()
    assert attached(program) == 0
    monkeypatch.setattr(sampling, "cpu_list", lambda text: (*cpu_list(text), 1_000_000))
    with pytest.raises(programs.Refused, match="perf_event:cpu-clock:49"):
        programs.attach("perf_event", "cpu-clock:49", program)
    assert attached(program) == 0


def test_what_is_no_software_event_is_lacking() -> None:
    """By name, or for want of a number; what there is is told in words."""
    assert sampling.lacking("cpu-clock:49") == ""
    assert sampling.lacking("coffee:1") == "perf_event coffee:1: no such software event"
    assert sampling.lacking("cpu-clock") == "perf_event cpu-clock: no such software event"
    assert sampling.said("cpu-clock:49", 8) == "cpu-clock at 49 Hz on each of 8 CPUs"
    assert sampling.said("page-faults:1", 1) == "page-faults each on the only CPU"

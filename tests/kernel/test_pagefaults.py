"""The probe pagefaults: every fault of a process, by itself or in the kernel, minor or major, on each of its ways."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

OWN, KERNEL, MAJOR = 1009, 67, 53
WAYS = ("raw_tracepoint", "tracepoint", "perf_event")
PREPARE = f"""
size = mmap.PAGESIZE
memory = mmap.mmap(-1, {OWN + KERNEL} * size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
zeros = os.open("/dev/zero", os.O_RDONLY)
pages = memoryview(memory)
file = os.open(words[0], os.O_RDWR)
os.fsync(file)
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
mapped = mmap.mmap(file, {MAJOR} * size, mmap.MAP_SHARED, mmap.PROT_READ)
mapped.madvise(mmap.MADV_RANDOM)
"""
WORK = f"""
for page in range({OWN}):
    memory[page * size] = 1
for page in range({OWN}, {OWN + KERNEL}):
    os.readv(zeros, [pages[page * size : page * size + 1]])
for page in range({MAJOR}):
    mapped[page * size]
"""


def faults(pid: int) -> tuple[int, int]:
    """Minor and major faults as the kernel itself counts them (proc_pid_stat(5): minflt, majflt)."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[7]), int(words[9])


SCRIPT = """
tracepoint:exceptions:page_fault_user /pid == $1/ { @own = count(); }
tracepoint:exceptions:page_fault_kernel /pid == $1/ { @kernel = count(); }
software:major-faults:1 /pid == $1/ { @major = count(); }
BEGIN { printf("ready\\n"); }
"""


def test_bpftrace_sees_the_same(load: Callable[..., Loaded]) -> None:
    """The process's own faults, the kernel's for it, and major ones, counted by both at the same time."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        file.write(bytes(MAJOR * 4096))
        file.flush()
        with Worker(WORK, file.name, prepare=PREPARE) as worker, bpftrace(worker.pid, SCRIPT) as stop:
            loaded = load("pagefaults", way="raw_tracepoint")
            worker.work()
            theirs = stop()
            rows = loaded.rows("pagefaults_rows")
    row = rows.values[rows.keys["pid"] == worker.pid]
    faults, kernel, major = (int(row[name][0]) for name in ("faults", "kernel", "major"))
    assert theirs == {"@own": faults - kernel, "@kernel": kernel, "@major": major}


@pytest.mark.parametrize("way", WAYS)
def test_faults_are_those_that_the_kernel_counts(load: Callable[..., Loaded], way: str) -> None:
    """1009 of its own and 67 of the kernel for it, all minor; 53 that wait for the disk.

    One that has waited may begin once more before the kernel has dealt with it, and counts it: bpftrace sees that too.
    """
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        file.write(bytes(MAJOR * 4096))
        file.flush()
        with Worker(WORK, file.name, prepare=PREPARE, in_memory=True) as worker:
            loaded = load("pagefaults", way=way)
            before = faults(worker.pid)
            worker.work()
            after = faults(worker.pid)
            rows = loaded.rows("pagefaults_rows")
    row = rows.values[rows.keys["pid"] == worker.pid]
    counted = {name: int(row[name][0]) for name in ("faults", "kernel", "major")}
    minor, major = after[0] - before[0], after[1] - before[1]
    begun_again = counted["faults"] - minor - major
    assert begun_again == 0 or (way != "perf_event" and 0 < begun_again <= MAJOR + 8)
    assert counted["major"] == major == MAJOR
    assert KERNEL <= counted["kernel"] <= KERNEL + begun_again  # others' programs may look at absent pages, in vain
    assert minor - OWN - KERNEL in range(8)  # the interpreter's own


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """Room for one process: what it shows and the drops are the total."""
    with Worker(f"memory = mmap.mmap(-1, {OWN} * 4096)\nfor page in range({OWN}): memory[page * 4096] = 1") as worker:
        loaded = load("pagefaults", rows=1)
        worker.work()
        loaded.detach()
        shown, totals = loaded.rows("pagefaults_rows").values, loaded.totals("pagefaults")
    assert totals["total"] == int(shown["faults"].sum()) + totals["drops"]
    assert totals["total"] >= totals["drops"] > 0


def test_ebtops_own_processes_have_no_row(load: Callable[..., Loaded]) -> None:
    """Left out before anything is counted."""
    with Worker("mmap.mmap(-1, 4096)[0] = 1", prepare="") as own:
        loaded = load("pagefaults", own_pids=frozenset({own.pid}))
        own.work()
        assert own.pid not in loaded.rows("pagefaults_rows").keys["pid"]

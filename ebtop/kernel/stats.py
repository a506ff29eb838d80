"""What programs cost: run counts and run times as the kernel keeps them; knows nothing of who switches them on when.

The kernel reads its clock before and after each run while statistics are on (__bpf_prog_run, include/linux/filter.h,
since Linux 5.8 by BPF_ENABLE_STATS), so that a part of that clock is in every run time: it is measured with an empty
program and taken off again.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass
from statistics import median

from ebtop.kernel import bpf

CLOCK_NS = 55.0
"""Run time of an empty program where it could not be measured: Linux 6.18, x86-64, a virtual machine."""
SHARED_CLOCK_NS = 43.0
"""The same, by its own measure, of one that shares its place (kernel.chained)."""

_HOOK_NS = (
    ("raw_tracepoint:sys_", 98.0),
    ("tracepoint:raw_syscalls:sys_", 166.0),
    ("tracepoint:syscalls:sys_", 166.0),
)
"""Added to a system call by an empty program on the hook, program itself not counted: Linux 6.18, x86-64, a virtual
machine, medians of interleaved runs, the slower entry path of a traced system call included. Other hooks were not
measured and count as nothing."""

_EMPTY = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)  # r0 = 0; exit
_SOCKET_FILTER = 1
_PROG_LOAD, _PROG_TEST_RUN = 5, 10
_TEST_RUNS = 2_000
ROUNDS = 5
"""Of measuring a clock."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Cumulative over the times in which statistics were on."""

    count: int
    ns: int
    missed: int = 0
    """Runs that did not happen, statistics on or off: the CPU was in that program (of tracepoints: in any) already
    when an interrupt passed the hook. The kernel tells them since 5.12 (recursion_misses of struct bpf_prog_info)."""


def runs(fd: int) -> Runs:
    """Run count and run time of the program behind `fd`; needs no privilege. OSError if it is none."""
    run_time_ns, run_count, missed = struct.unpack_from("=QQQ", bpf.info(fd, 216), 192)
    return Runs(run_count, run_time_ns, missed)


def hook_ns(target: str) -> float:
    """Calibrated cost of one passage through `target` ("kind:event") beside the program's own, 0 if not measured."""
    return next((cost for start, cost in _HOOK_NS if target.startswith(start)), 0.0)


def measure_clock() -> float:
    """Mean run time of an empty program in ns, that is, the clock's share of every run time; about 1 ms of work.

    The median of some rounds: in one of them the CPU may have been another's. Needs CAP_BPF, CAP_NET_ADMIN and
    statistics switched on; OSError otherwise.
    """
    fd = _load_empty()
    try:
        return median(_round(fd) for _ in range(ROUNDS))
    finally:
        os.close(fd)


def _round(fd: int) -> float:
    before = runs(fd)
    _test_run(fd)
    after = runs(fd)
    if after.count == before.count:
        raise OSError("the kernel's run-time statistics are off")
    return (after.ns - before.ns) / (after.count - before.count)


def _load_empty() -> int:
    program, licence = ctypes.create_string_buffer(_EMPTY), ctypes.create_string_buffer(b"GPL")
    place = (ctypes.addressof(program), ctypes.addressof(licence))
    head = struct.pack("=IIQQIIQII", _SOCKET_FILTER, len(_EMPTY) // 8, *place, 0, 0, 0, 0, 0)
    return bpf.bpf(_PROG_LOAD, bytearray(head + b"ebtop_clock\0\0\0\0\0"))


def _test_run(fd: int) -> None:
    packet = ctypes.create_string_buffer(64)
    head = struct.pack("=IIIIQQII", fd, 0, 64, 0, ctypes.addressof(packet), 0, _TEST_RUNS, 0)
    bpf.bpf(_PROG_TEST_RUN, bytearray(head))

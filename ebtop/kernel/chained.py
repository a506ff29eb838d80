"""A program that shares its raw tracepoint with others: it does its work, then goes on to the next; knows no hooks.

The kernel calls each program of a raw tracepoint by itself, which costs more than most programs do: about 80 ns each,
145 ns while run times are kept (empty programs on sys_exit, Linux 6.18, x86-64, a virtual machine). To go on by a tail
call cost 2 ns there. So a probe's code is framed by instructions before and after it
(Documentation/bpf/standardization/instruction-set.rst), and where it ended, it goes on.

The kernel keeps run times for the first program only. Each of these keeps its own, in a map of one value that lies in
memory, while its switch says so; the same switch turns it off at once, by a store.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct
from statistics import median

from ebtop.kernel import bpf, programs
from ebtop.kernel.instructions import lowest, with_jumps_for_exits
from ebtop.kernel.stats import ROUNDS, Runs

ON, MEASURED, OFF = 0, 1, 2
"""What the switch says: run; run and keep the time; do not run."""
_SLOT = 64
"""Bytes for the switch, and then for each CPU's count and time: a cache line, so that no CPU waits for another."""
_PROG_ARRAY = 3
_PROG_TEST_RUN = 10
_KTIME, _CPU, _TAIL_CALL = 5, 8, 12
"""Helpers: bpf_ktime_get_ns, bpf_get_smp_processor_id, bpf_tail_call (include/uapi/linux/bpf.h)."""
_STACK = 10
"""The register that points to the end of the stack, which is 512 bytes long."""
_CONTEXT, _BEGUN, _ROOM = -504, -512, -496
"""Where on the stack the program's argument and the begin of a run that is measured are; what is left for the rest."""
_MAP, _MAP_VALUE = 1, 2
"""BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE: what a constant of 64 bits stands for."""
NOTHING = b"\xb7\0\0\0\0\0\0\0\x95\0\0\0\0\0\0\0"  # r0 = 0; exit
"""Code of a program that does nothing."""
_TEST_RUNS = 100
_ON_CPU = 1
"""BPF_F_TEST_RUN_ON_CPU: with a CPU that there is not, a program is looked at and not run."""
_NO_CPU = 0xFFFF_FFFF
MOST_ARGUMENTS = 12
"""MAX_BPF_FUNC_ARGS of include/linux/bpf.h."""


def new_next() -> int:
    """Descriptor of an array with room for the program to go on to; empty: it is the last."""
    return bpf.create_map(_PROG_ARRAY, 4, 4, 1, name="ebtop_next")


def go_on(following: int, program: int) -> None:
    """From now on `program` comes after whatever goes on through the array `following`; -1: nothing does."""
    if program < 0:
        bpf.delete(following, bytes(4))
    else:
        bpf.update(following, bytes(4), struct.pack("=I", program))


def new_costs(cpus: int) -> int:
    """Descriptor of a map for the switch of a program, and its run count and time on each of `cpus` possible CPUs."""
    return bpf.create_map(bpf.ARRAY, 4, _SLOT * (1 + cpus), 1, bpf.MMAPABLE, "ebtop_costs")


class Costs:
    """Switch, run count and run time of one such program, in memory that it shares with this process."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` of `new_costs`, which stays the caller's. OSError or ValueError if it is none."""
        (size,) = struct.unpack_from("=I", bpf.info(descriptor, 80), 12)
        self._memory = mmap.mmap(descriptor, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
        self._words = memoryview(self._memory).cast("Q")
        self._end = size // 8

    def switch(self, to: int) -> None:
        """ON, MEASURED or OFF, from the next run on."""
        self._words[0] = to

    def runs(self) -> Runs:
        """Run count and run time while measured, on all CPUs."""
        counts, times = self._words[8 : self._end : 8], self._words[9 : self._end : 8]
        return Runs(sum(counts), sum(times))

    def close(self) -> None:
        """Let go of the memory; what the switch says stays."""
        self._words.release()
        self._memory.close()


def head(following: int) -> bytes:
    """Code of a program that does nothing but go on through the array `following`."""
    return _go_on(b"", following)


def member(code: bytes, following: int, costs: int, cpus: int) -> bytes:
    """`code` of a whole program, at whose end it goes on through the array `following`.

    `costs`: as of `new_costs` for that number of `cpus`. ValueError where the code leaves no room on its stack.
    """
    if lowest(code) < _ROOM:
        raise ValueError("the program needs the whole stack")
    last = _go_on(_insn(0x79, 1, _STACK, _CONTEXT), following)
    keep = b"".join((
        _call(_KTIME),
        _insn(0x1F, 0, 7),  # r0 -= r7
        _move(7, 0),
        _call(_CPU),
        _insn(0x35, 0, offset=10, immediate=cpus),  # if r0 >= cpus goto last: never
        _insn(0x67, 0, immediate=6),  # r0 <<= 6, as _SLOT is 64
        _constant(8, _MAP_VALUE, costs),
        _insn(0x0F, 8, 0),  # r8 += r0
        *_add(8, _SLOT, 1),
        *_add(8, _SLOT + 8, 7),
    ))  # fmt: skip
    end = b"".join((_insn(0x79, 7, _STACK, _BEGUN), _insn(0x15, 7, offset=len(keep) // 8), keep, last))
    begin = b"".join((
        _insn(0x7B, _STACK, 1, _CONTEXT),
        _insn(0x7A, _STACK, offset=_BEGUN),  # no time is kept
        _constant(2, _MAP_VALUE, costs),
        _insn(0x79, 2, 2),  # r2 = the switch
        _insn(0x15, 2, offset=4, immediate=ON),  # if r2 == ON goto work
        _insn(0x15, 2, offset=3 + len(code) // 8, immediate=OFF),  # if r2 == OFF goto end
        _call(_KTIME),
        _insn(0x7B, _STACK, 0, _BEGUN),
        _insn(0x79, 1, _STACK, _CONTEXT),  # work:
    ))  # fmt: skip
    return b"".join((begin, with_jumps_for_exits(code), end))


def _go_on(context: bytes, following: int) -> bytes:
    """bpf_tail_call(context, following, 0), where `context` loads it into r1; the end where there is nothing more."""
    return b"".join((context, _constant(2, _MAP, following), _insn(0xB7, 3), _call(_TAIL_CALL), NOTHING))


def _add(to: int, offset: int, what: int) -> tuple[bytes, ...]:
    """The 64 bits at register `to` + offset grow by the constant 1, or by what register `what` holds."""
    grow = _insn(0x07, 1, immediate=1) if what == 1 else _insn(0x0F, 1, what)
    return _insn(0x79, 1, to, offset), grow, _insn(0x7B, to, 1, offset)


def _move(to: int, source: int) -> bytes:
    return _insn(0xBF, to, source)


def _call(helper: int) -> bytes:
    return _insn(0x85, immediate=helper)


def _constant(register: int, kind: int, descriptor: int) -> bytes:
    return _insn(0x18, register, kind, immediate=descriptor) + bytes(8)


def _insn(opcode: int, to: int = 0, source: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    return struct.pack("=BBhi", opcode, source << 4 | to, offset, immediate)


def reads_within(program: int, arguments: int) -> bool:
    """Whether the raw tracepoint program reads no more than so many arguments; False where the kernel cannot tell.

    The kernel refuses to attach one that does (bpf_probe_register, kernel/trace/bpf_trace.c), but not to go on to it.
    Asked to run it with so many arguments on a CPU that there is not, it looks at the one, then at the other
    (bpf_prog_test_run_raw_tp, net/bpf/test_run.c, Linux 5.10), and runs nothing.
    """
    try:
        _test_run(program, arguments, _ON_CPU, _NO_CPU)
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def clock_ns(cpus: int) -> float:
    """Mean run time that an empty program has by its own measure, in ns: the clock's share of every run time.

    The median of some rounds, as of `stats.measure_clock`.

    `cpus`: how many are possible. 0.0 where it cannot be measured: it takes CAP_BPF, CAP_PERFMON and Linux 5.10.
    """
    opened: list[int] = []
    try:
        opened += [new_costs(cpus), new_next()]
        costs = Costs(opened[0])
        program = programs.load("raw_tracepoint", "ebtop_clock", member(NOTHING, opened[1], opened[0], cpus))
        opened.append(program)
        costs.switch(MEASURED)
        found = median(_round(program, costs) for _ in range(ROUNDS))
        costs.close()
    except (OSError, programs.Refused):
        return 0.0
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return found


def _round(program: int, costs: Costs) -> float:
    before = costs.runs()
    for _ in range(_TEST_RUNS):
        _test_run(program, MOST_ARGUMENTS)
    after = costs.runs()
    return (after.ns - before.ns) / (after.count - before.count)


def _test_run(program: int, arguments: int, flags: int = 0, cpu: int = 0) -> None:
    """Layout: the member `test` of union bpf_attr."""
    given = ctypes.create_string_buffer(8 * MOST_ARGUMENTS)
    attributes = bytearray(80)
    struct.pack_into("=I", attributes, 0, program)
    struct.pack_into("=IIQ", attributes, 40, 8 * arguments, 0, ctypes.addressof(given))
    struct.pack_into("=II", attributes, 64, flags, cpu)
    bpf.bpf(_PROG_TEST_RUN, attributes)

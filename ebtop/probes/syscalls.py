"""System calls: who makes them, which, how slow they are, how many fail."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, mean, rate, total
from ebtop.units import Unit

_COLUMNS = (
    rate("calls", help="system calls that returned, per second"),
    rate("errors", importance=2, help="those of them that returned an error, per second"),
    mean("ns", per="calls", unit=Unit.NS, importance=1, help="time from entering the kernel to leaving it, per call"),
    total("calls", help="all since the probe started"),
    total("ns", unit=Unit.NS, title="time", importance=6, help="spent in them since the probe started; threads add up"),
)
_SYSCALL = Key("nr", Kind.SYSCALL, "call")

PROBE = Probe(
    name="syscalls",
    title="System calls",
    question="Who makes system calls, which ones, how slow are they, how many fail?",
    slot=1,
    same=(
        "syscount-bpfcc -L",
        "bpftrace -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'",
    ),
    group="processes and system calls",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sched_switch", "syscalls_switch"),
                Hook("raw_tracepoint", "sched_process_exit", "syscalls_gone"),
                Hook("raw_tracepoint", "sys_exit", "syscalls_exit"),
                Hook("raw_tracepoint", "sys_enter", "syscalls_enter"),
            ),
        ),
        Way(
            "raw_tracepoint, counts only",
            (Hook("raw_tracepoint", "sys_enter", "syscalls_enter"),),
            misses="Times and failures: this way only counts calls as they begin.",
            counts_only=True,
        ),
    ),
    views=(
        Table("by_process", "by process", "syscalls_calls", (Key("pid", Kind.PID),), _COLUMNS, "calls_per_second"),
        Table("by_call", "by call", "syscalls_calls", (_SYSCALL,), _COLUMNS, "calls_per_second"),
        Table(
            "by_process_and_call",
            "by process and call",
            "syscalls_calls",
            (Key("pid", Kind.PID), _SYSCALL),
            _COLUMNS,
            "calls_per_second",
        ),
        Histogram(
            "latency",
            "latency",
            "syscalls_latency",
            Unit.NS,
            (Key("index", Kind.SYSCALL, "call"),),
            "syscalls_worst",
            (Key("pid", Kind.PID), _SYSCALL),
        ),
    ),
    misses="Calls that never return (exit, exit_group) and calls of 32-bit programs are counted as they are numbered.",
)

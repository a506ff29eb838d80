"""Waits for locks of user space: who waits in futex calls, for which, how long."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_PROCESS = Key("pid", Kind.PID)
_ADDRESS = Key("address", Kind.POINTER, "address", "where the lock lies in the process's memory")
_COLUMNS = (
    rate("waits", help="futex calls that wait, per second, counted as they return"),
    mean("ns", "waits", Unit.NS, help="time from entering the call to leaving it"),
    largest("max_ns", Unit.NS, importance=2),
    share("ns", title="waiting", help="time spent waiting; threads add up: ten that wait are 1000 %", importance=1),
    rate("timeouts", title="timeout/s", importance=3, help="waits that ended because their time was up"),
    rate("changed", title="changed/s", importance=4, help="calls that had nothing to wait for any more (EAGAIN)"),
    total("waits", importance=4),
    total("ns", Unit.NS, title="waited", importance=5),
)
_SORT = "waits_per_second"

PROBE = Probe(
    name="futex",
    title="Futex waits",
    question="Who waits for locks in user space, for which, how long?",
    slot=0,
    default=False,
    same=(
        "bpftrace -e 'tracepoint:syscalls:sys_enter_futex /(args->op & 127) == 0/ { @[comm, args->uaddr] = count(); }'",
    ),
    group="locks",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exit", "futex_gone"),
                Hook("tracepoint", "syscalls:sys_exit_futex", "futex_exit"),
                Hook("tracepoint", "syscalls:sys_exit_futex_wait", "futex_exit", optional=True),
                Hook("tracepoint", "syscalls:sys_exit_futex_waitv", "futex_exit", optional=True),
                Hook("tracepoint", "syscalls:sys_enter_futex", "futex_enter"),
                Hook("tracepoint", "syscalls:sys_enter_futex_wait", "futex_enter_wait", optional=True),
                Hook("tracepoint", "syscalls:sys_enter_futex_waitv", "futex_enter_many", optional=True),
            ),
        ),
    ),
    views=(
        Table("by_lock", "by process and address", "futex_rows", (_PROCESS, _ADDRESS), _COLUMNS, _SORT),
        Table("by_process", "by process", "futex_rows", (_PROCESS,), _COLUMNS, _SORT),
        Histogram("times", "wait", "futex_times", Unit.NS, (), "futex_worst", (_PROCESS, _ADDRESS)),
    ),
    misses=(
        "Why it waits: a thread with nothing to do waits for a condition just as one waits for a lock that is held. "
        "Locks that spin, or are free, make no call. Waits that had begun when the probe started, and those of 32-bit "
        "programs. Of futex_waitv only the first address."
    ),
)

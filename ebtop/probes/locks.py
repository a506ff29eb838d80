"""Waits for locks of the kernel: whose, for what kind of lock, how long."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_KINDS = (
    (0, "semaphore"),
    (1, "spinlock"),
    (3, "rwlock read"),
    (5, "rwlock write"),
    (2, "rwsem read"),
    (4, "rwsem write"),
    (8, "rt mutex"),
    (10, "rt rwlock read"),
    (12, "rt rwlock write"),
    (18, "percpu-rwsem read"),
    (20, "percpu-rwsem write"),
    (32, "mutex"),
)
"""LCB_F_… bits, include/trace/events/lock.h; a mutex that spins is a mutex."""
_PROCESS = Key("pid", Kind.PID)
_LOCK = Key("kind", Kind.CODE, "lock", codes=_KINDS)
_COLUMNS = (
    rate("waits", help="waits for a lock that somebody else held, per second"),
    mean("ns", "waits", Unit.NS, help="time until it had the lock, or gave up"),
    largest("max_ns", Unit.NS, importance=1),
    share("ns", title="waiting", help="time spent waiting, spinning or asleep; threads add up", importance=1),
    total("waits", importance=3),
    total("ns", Unit.NS, title="waited", importance=4),
)
_SORT = "ns_percent"

PROBE = Probe(
    name="locks",
    title="Kernel locks",
    question="Who waits for locks of the kernel, of what kind, how long?",
    slot=0,
    default=False,
    same=(
        "perf lock contention -b",
        "klockstat-bpfcc",
    ),
    group="locks",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "contention_end", "locks_end"),
                Hook("raw_tracepoint", "contention_begin", "locks_begin"),
            ),
        ),
    ),
    views=(
        Table("by_process", "by process and kind of lock", "locks_rows", (_PROCESS, _LOCK), _COLUMNS, _SORT),
        Table("by_kind", "by kind of lock", "locks_rows", (_LOCK,), _COLUMNS, _SORT),
        Histogram("times", "wait", "locks_times", Unit.NS, (), "locks_worst", (_PROCESS, _LOCK)),
    ),
    misses=(
        "Which lock it was, and who held it. A wait in an interrupt is counted for the process that it interrupted. "
        "What a lock's own fast path gets at the second try is no wait. Waits that had begun when the probe started. "
        "Kernels before Linux 5.19 have no such events."
    ),
)

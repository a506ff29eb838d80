"""Processes that end: how old, with what status, by which signal."""

from ebtop.spec import Events, Histogram, Hook, Key, Kind, Probe, Table, Way, mean, rate, total
from ebtop.units import SIGNALS, Unit

_CORE = 0x80
_ENDS = (
    (0, "exited"),
    *SIGNALS,
    *((number | _CORE, f"{name}, core") for number, name in SIGNALS),
)
"""The low byte of what wait(2) tells: a signal, and whether memory was dumped."""
_COLUMNS = (
    rate("exits", title="exit/s", help="processes that ended, per second"),
    rate("failures", title="fail/s", importance=1, help="those killed by a signal or with another status than 0"),
    mean("age_ns", "exits", Unit.NS, title="age", importance=1, help="mean time from its fork to its end"),
    total("exits", importance=3),
    total("failures", importance=4),
)
_PARENT = Key("pid", Kind.PID, "parent")
_PROGRAM = Key("program", Kind.TEXT, "program")
_ENDED = Key("ended", Kind.CODE, "ended", "exited, or the signal that killed it", codes=_ENDS)
_STATUS = Key("status", Kind.NUMBER, "status", "of what exited by itself", importance=2)
_SORT = "exits_per_second"

PROBE = Probe(
    name="exits",
    title="Processes ended",
    question="What dies, how old, and with what status?",
    slot=0,
    default=False,
    same=(
        "exitsnoop-bpfcc",
        "bpftrace -e 'tracepoint:sched:sched_process_exit { @[comm] = count(); }'",
    ),
    group="processes and system calls",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_process_exit", "exits_exit"),),
            fields=(
                "task_struct.comm",
                "task_struct.exit_code",
                "task_struct.group_leader",
                "task_struct.real_parent",
                "task_struct.signal",
                "task_struct.start_time",
                "task_struct.tgid",
                "signal_struct.flags",
                "signal_struct.group_exit_code",
                "signal_struct.live",
            ),
        ),
    ),
    views=(
        Events(
            "ended",
            "last processes ended",
            "exits_events",
            "exits_record",
            (
                Key("ns", Kind.TIME, "time"),
                Key("pid", Kind.PID),
                Key("comm", Kind.TEXT, "program"),
                Key("ppid", Kind.NUMBER, "ppid", importance=4),
                Key("uid", Kind.UID, "user", importance=3),
                Key("age_ns", Kind.NUMBER, "age", importance=1, unit=Unit.NS),
                _ENDED,
                _STATUS,
            ),
        ),
        Table("by_program", "by program", "exits_rows", (_PROGRAM, _ENDED, _STATUS), _COLUMNS, _SORT),
        Table("by_parent", "by parent", "exits_rows", (_PARENT, _PROGRAM, _ENDED, _STATUS), _COLUMNS, _SORT),
        Histogram("ages", "age", "exits_ages", Unit.NS),
    ),
    misses=(
        "Threads that end while their process goes on. Processes whose first thread had ended before the probe began, "
        "and while 16384 have outlived theirs since, one more, which is counted as lost. The parent is who it was at "
        "the end: one whose parent died before belongs to init. All ages over nine minutes are in the histogram's last "
        "bucket."
    ),
)

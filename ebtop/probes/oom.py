"""OOM kills: who was killed for want of memory, how large it was, who wanted more."""

from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way, mean, rate, total
from ebtop.units import Unit

_HOOKS = (Hook("tracepoint", "oom:mark_victim", "oom_mark"),)
_CAUSE = Key("pid", Kind.PID, "cause", "who asked for memory when there was none: often the victim itself")
_PROGRAM = Key("program", Kind.TEXT, "killed")
_COLUMNS = (
    rate("kills", help="processes chosen to be killed, per second"),
    total("kills", importance=1),
    mean("rss_bytes", "kills", Unit.BYTES, title="resident", importance=2, help="memory that each of them had"),
)

PROBE = Probe(
    name="oom",
    title="OOM kills",
    question="Who is killed for want of memory, and who wanted more than there was?",
    slot=0,
    default=False,
    same=(
        "oomkill-bpfcc",
        "oomkill.bt",
    ),
    group="memory",
    ways=(
        Way("tracepoint", _HOOKS),
        Way(
            "tracepoint, pid only",
            _HOOKS,
            misses="The victim's name, user and size: older kernels (before Linux 6.9) tell its pid and nothing else.",
        ),
    ),
    views=(
        Events(
            "killed",
            "last processes killed",
            "oom_events",
            "oom_record",
            (
                Key("ns", Kind.TIME, "time"),
                Key("pid", Kind.PID),
                Key("comm", Kind.TEXT, "program"),
                Key("uid", Kind.UID, "user", importance=3),
                Key("anon_bytes", Kind.NUMBER, "anonymous", unit=Unit.BYTES),
                Key("file_bytes", Kind.NUMBER, "file", importance=2, unit=Unit.BYTES),
                Key("shmem_bytes", Kind.NUMBER, "shared", importance=2, unit=Unit.BYTES),
                Key("total_bytes", Kind.NUMBER, "virtual", importance=3, unit=Unit.BYTES),
                Key("table_bytes", Kind.NUMBER, "tables", importance=5, unit=Unit.BYTES),
                Key("adjust", Kind.NUMBER, "adj", "oom_score_adj", importance=4),
                Key("cause", Kind.NUMBER, "cause", importance=4),
                Key("cause_comm", Kind.TEXT, "cause program", "who asked for memory when there was none", importance=1),
            ),
        ),
        Table("by_program", "by program", "oom_rows", (_PROGRAM,), _COLUMNS, "kills_total"),
        Table("by_cause", "by cause and program", "oom_rows", (_CAUSE, _PROGRAM), _COLUMNS, "kills_total"),
    ),
    misses=(
        "Whether the whole machine or a control group was out of memory, and killers in user space (systemd-oomd, "
        "earlyoom): those send signals. A process is counted once for each time it is chosen."
    ),
)

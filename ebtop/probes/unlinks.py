"""Files removed, renamed, given other modes or owners: by whom, which."""

from ebtop.probes.calls import CALL, COLUMNS, PROCESS, RESULT
from ebtop.probes.fields import COMPAT
from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way

_SORT = "calls_per_second"

PROBE = Probe(
    name="unlinks",
    title="Removals and renames",
    question="Who deletes files, renames them, changes their modes and owners?",
    slot=0,
    default=False,
    same=(
        "filelife-bpfcc",
        "bpftrace -e 'tracepoint:syscalls:sys_enter_unlink* { printf(\"%s %s\\n\", comm, str(args->pathname)); }'",
    ),
    group="files",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sys_exit", "unlinks_exit"),),
            fields=COMPAT,
        ),
    ),
    views=(
        Events(
            "changed",
            "last removals, renames and changes",
            "unlinks_events",
            "unlinks_record",
            (
                Key("ns", Kind.TIME, "time"),
                PROCESS,
                Key("comm", Kind.TEXT, "program", importance=3),
                Key("uid", Kind.UID, "user", importance=4),
                CALL,
                Key("path", Kind.TEXT, "path"),
                Key(
                    "to",
                    Kind.TEXT,
                    "to",
                    "the new name, the new mode, or the new owner:group (- as it was)",
                    importance=2,
                ),
                RESULT,
            ),
        ),
        Table("by_process", "by process and call", "unlinks_rows", (PROCESS, CALL, RESULT), COLUMNS, _SORT),
        Table("by_call", "by call", "unlinks_rows", (CALL, RESULT), COLUMNS, _SORT),
    ),
    misses=(
        "io_uring, and calls of 32-bit programs. Paths are as they were given: relative ones without the folder that "
        "they start from, cut off after 127 bytes, none where the call took a descriptor (fchmod, fchown). Files that "
        "are emptied (truncate, O_TRUNC) or written over."
    ),
)

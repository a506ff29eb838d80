"""Durability: who waits until data is on disk, for which file, by which call, and how long."""

from ebtop.probes.fields import FILE_NAME
from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_CALLS = (
    ("fsync", "fsync_enter_fsync"),
    ("fdatasync", "fsync_enter_fdatasync"),
    ("sync_file_range", "fsync_enter_range"),
    ("syncfs", "fsync_enter_syncfs"),
    ("sync", "fsync_enter_sync"),
    ("msync", "fsync_enter_msync"),
)
"""Call and the function at its beginning, in the order of the numbers in the C file."""
_COLUMNS = (
    rate("calls", help="calls that returned, per second"),
    mean("ns", "calls", Unit.NS, help="from entering the call to its return"),
    largest("max_ns", Unit.NS, importance=1),
    share("ns", title="waiting", help="time in these calls, in percent of one thread's time", importance=2),
    rate("errors", title="err/s", importance=3),
    total("calls", importance=4),
    total("ns", Unit.NS, title="waited", importance=5),
)
_CODES = tuple((number, call) for number, (call, _) in enumerate(_CALLS))
_PROCESS = Key("pid", Kind.PID)
_FILE = Key("file", Kind.TEXT)
_CALL = Key("call", Kind.CODE, importance=2, codes=_CODES)

PROBE = Probe(
    name="fsync",
    title="Waits for disk",
    question="Who waits until data is on disk, for which file, and how long?",
    slot=0,
    default=False,
    same=("syncsnoop-bpfcc", "syncsnoop.bt"),
    group="files",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exit", "fsync_gone"),
                *(Hook("tracepoint", f"syscalls:sys_exit_{call}", "fsync_exit", True) for call, _ in _CALLS),
                *(Hook("tracepoint", f"syscalls:sys_enter_{call}", function, True) for call, function in _CALLS),
            ),
            fields=FILE_NAME,
        ),
    ),
    views=(
        Table("by_file", "by file", "fsync_rows", (_PROCESS, _FILE, _CALL), _COLUMNS, "ns_percent"),
        Table("by_process", "by process", "fsync_rows", (_PROCESS,), _COLUMNS, "ns_percent"),
        Table("by_call", "by call", "fsync_rows", (_CALL,), _COLUMNS, "ns_percent"),
        Histogram(
            "latency",
            "latency",
            "fsync_latency",
            Unit.NS,
            (Key("index", Kind.CODE, "call", codes=_CODES),),
            "fsync_worst",
            (_PROCESS, _FILE, _CALL),
        ),
    ),
    misses=(
        "Waits that no such call asks for: files opened with O_SYNC or O_DSYNC, io_uring, AIO; system calls of 32-bit "
        "programs. A file is named by the last part of its path, cut after 63 bytes; of sync and msync no file is "
        "known."
    ),
)

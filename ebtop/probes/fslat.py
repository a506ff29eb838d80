"""File systems: how long opening, reading, writing, syncing and listing take, by type of file system and device."""

from ebtop.probes.fields import FILE_NAME
from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_OPERATIONS = (
    ("read", ("read", "pread64", "readv", "preadv", "preadv2")),
    ("write", ("write", "pwrite64", "writev", "pwritev", "pwritev2")),
    ("open", ("openat", "openat2", "open", "creat")),
    ("sync", ("fsync", "fdatasync", "sync_file_range")),
    ("list", ("getdents64", "getdents")),
    ("truncate", ("ftruncate",)),
    ("allocate", ("fallocate",)),
)
"""In the order of the numbers in the C file, with the system calls that are it."""
_MUST = ("read", "openat")
_ENTERS = tuple(
    Hook(
        "tracepoint",
        f"syscalls:sys_enter_{call}",
        "fslat_enter_open" if operation == "open" else "fslat_enter",
        optional=call not in _MUST,
    )
    for operation, calls in _OPERATIONS
    for call in calls
)
_EXITS = tuple(
    Hook("tracepoint", f"syscalls:sys_exit_{call}", f"fslat_{operation}", optional=call not in _MUST)
    for operation, calls in _OPERATIONS
    for call in calls
)
_COLUMNS = (
    rate("calls", help="calls on files and folders, per second"),
    mean("ns", "calls", Unit.NS, help="from entering the call to its return"),
    largest("max_ns", Unit.NS, importance=1),
    rate("errors", title="err/s", importance=2),
    total("calls", importance=3),
    total("ns", Unit.NS, title="time", importance=4),
)
_PROCESS = Key("pid", Kind.PID)
_TYPE = Key("type", Kind.TEXT, "file system")
_DEVICE = Key("device", Kind.DEVICE, importance=2)
_OPERATION = Key("operation", Kind.CODE, codes=tuple((code, name) for code, (name, _) in enumerate(_OPERATIONS)))

PROBE = Probe(
    name="fslat",
    title="File systems",
    question="How slow is each file system, at reading, writing, opening, syncing?",
    slot=0,
    default=False,
    same=("ext4dist-bpfcc", "xfsdist-bpfcc", "btrfsdist-bpfcc", "nfsdist-bpfcc", "xfsdist.bt", "fileslower-bpfcc"),
    group="files",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_switch", "fslat_switch"),
                Hook("raw_tracepoint", "sched_process_exit", "fslat_gone"),
                *_EXITS,
                *_ENTERS,
            ),
            fields=(
                *FILE_NAME,
                "file.f_inode",
                "inode.i_mode",
                "inode.i_sb",
                "super_block.s_dev",
                "super_block.s_type",
                "file_system_type.name",
            ),
        ),
    ),
    views=(
        Table("by_operation", "by operation", "fslat_rows", (_TYPE, _DEVICE, _OPERATION), _COLUMNS, "calls_per_second"),
        Table("by_process", "by process", "fslat_rows", (_PROCESS, _TYPE, _OPERATION), _COLUMNS, "calls_per_second"),
        Histogram(
            "latency",
            "latency",
            "fslat_latency",
            Unit.NS,
            (_TYPE, _OPERATION),
            "fslat_worst",
            (_PROCESS, Key("file", Kind.TEXT), _OPERATION, _TYPE),
        ),
    ),
    misses=(
        "What is done by path alone: unlink, rename, stat; opens that fail. Writes that the page cache takes are fast "
        "however slow the disk is. Memory-mapped files, sendfile, copy_file_range, io_uring, AIO, system calls of "
        "32-bit programs, calls that had begun before the probe. Names of files end after 31 bytes, of types after 15."
    ),
)

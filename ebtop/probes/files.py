"""Files: which are read and written most, by whom, and how long it takes."""

from ebtop.probes.fields import FILE_NAME
from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_CALLS = (
    ("files_read", ("read", "pread64", "readv", "preadv", "preadv2")),
    ("files_write", ("write", "pwrite64", "writev", "pwritev", "pwritev2")),
)
"""Function at the end of the call, and the calls that end there."""
_MUST = ("read", "write")
_ENTERS = tuple(
    Hook("tracepoint", f"syscalls:sys_enter_{call}", "files_enter", optional=call not in _MUST)
    for _, calls in _CALLS
    for call in calls
)
_EXITS = tuple(
    Hook("tracepoint", f"syscalls:sys_exit_{call}", function, optional=call not in _MUST)
    for function, calls in _CALLS
    for call in calls
)
_COLUMNS = (
    rate("read_bytes", Unit.BYTES, title="read/s"),
    rate("write_bytes", Unit.BYTES, title="write/s"),
    rate("calls", importance=1),
    mean("ns", "calls", Unit.NS, importance=2, help="from entering the call to its return"),
    largest("max_ns", Unit.NS, importance=3),
    rate("errors", title="err/s", importance=4),
    rate("reads", importance=5),
    rate("writes", importance=5),
    total("read_bytes", Unit.BYTES, title="read", importance=6),
    total("write_bytes", Unit.BYTES, title="written", importance=6),
)
_PROCESS = Key("pid", Kind.PID)
_FILE = Key("file", Kind.TEXT)
_DEVICE = Key("device", Kind.DEVICE, importance=4)
_INODE = Key("inode", Kind.NUMBER, importance=5)

PROBE = Probe(
    name="files",
    title="Files",
    question="Which files are read and written most, by whom, and how long does it take?",
    slot=0,
    default=False,
    same=("filetop-bpfcc", "fileslower-bpfcc"),
    group="files",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_switch", "files_switch"),
                Hook("raw_tracepoint", "sched_process_exit", "files_gone"),
                *_EXITS,
                *_ENTERS,
            ),
            fields=(
                *FILE_NAME,
                "file.f_inode",
                "inode.i_mode",
                "inode.i_ino",
                "inode.i_sb",
                "super_block.s_dev",
            ),
        ),
    ),
    views=(
        Table(
            "by_process_and_file",
            "by process and file",
            "files_rows",
            (_PROCESS, _FILE, _DEVICE, _INODE),
            _COLUMNS,
            "read_bytes_per_second",
        ),
        Table("by_file", "by file", "files_rows", (_FILE, _DEVICE, _INODE), _COLUMNS, "read_bytes_per_second"),
        Table("by_process", "by process", "files_rows", (_PROCESS,), _COLUMNS, "read_bytes_per_second"),
        Histogram(
            "latency",
            "latency",
            "files_latency",
            Unit.NS,
            (Key("index", Kind.DIRECTION, "direction"),),
            "files_worst",
            (_PROCESS, _FILE, Key("direction", Kind.DIRECTION)),
        ),
    ),
    headline=("read_bytes", "write_bytes"),
    headline_unit=Unit.BYTES,
    misses=(
        "Memory-mapped files, sendfile, copy_file_range, splice, io_uring, AIO, system calls of 32-bit programs; calls "
        "that had begun before the probe; pipes, sockets and terminals, which rw has. A file goes by the last part of "
        "its path, cut after 47 bytes; its device and inode tell files of one name apart."
    ),
)

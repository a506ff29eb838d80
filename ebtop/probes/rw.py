"""Reads and writes: which process moves how many bytes through system calls, in what sizes, and how long it takes."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, mean, rate, total
from ebtop.units import Unit

_CALLS = (
    ("rw_read", ("read", "pread64", "readv", "preadv", "preadv2", "recvfrom", "recvmsg")),
    ("rw_write", ("write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg", "vmsplice")),
    ("rw_copy", ("sendfile64", "copy_file_range", "splice")),
    ("rw_receive_messages", ("recvmmsg",)),
    ("rw_send_messages", ("sendmmsg",)),
)
"""Function at the end of the call, and the calls that end there."""
_ENTERS = tuple(
    Hook("tracepoint", f"syscalls:sys_enter_{call}", "rw_enter", optional=call != "read")
    for _, calls in _CALLS
    for call in calls
)
_EXITS = tuple(
    Hook("tracepoint", f"syscalls:sys_exit_{call}", function, optional=call != "read")
    for function, calls in _CALLS
    for call in calls
)
_DIRECTION = (Key("index", Kind.DIRECTION, "direction"),)
_WORST = (Key("pid", Kind.PID), Key("direction", Kind.DIRECTION))

PROBE = Probe(
    name="rw",
    title="Reads and writes",
    question="Who reads and writes how many bytes, in what sizes, and how long does it take?",
    slot=2,
    same=("bpftrace -e 'tracepoint:syscalls:sys_exit_read /args->ret > 0/ { @[comm] = sum(args->ret); }'",),
    group="files",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_switch", "rw_switch"),
                Hook("raw_tracepoint", "sched_process_exit", "rw_gone"),
                *_EXITS,
                *_ENTERS,
            ),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "rw_calls",
            (Key("pid", Kind.PID),),
            (
                rate("read_bytes", Unit.BYTES, title="read/s", help="bytes that read calls returned, per second"),
                rate("write_bytes", Unit.BYTES, title="write/s", help="bytes that write calls took, per second"),
                rate("calls", importance=1),
                mean("read_bytes", "reads", Unit.BYTES, title="mean read", importance=2),
                mean("write_bytes", "writes", Unit.BYTES, title="mean write", importance=2),
                mean("ns", "calls", Unit.NS, title="mean", importance=3, help="from entering the call to its return"),
                rate("errors", title="err/s", importance=4),
                rate("reads", importance=5),
                rate("writes", importance=5),
                total("read_bytes", Unit.BYTES, title="read", importance=6),
                total("write_bytes", Unit.BYTES, title="written", importance=6),
            ),
            "read_bytes_per_second",
        ),
        Histogram("latency", "latency", "rw_latency", Unit.NS, _DIRECTION, "rw_latency_worst", _WORST),
        Histogram("sizes", "sizes", "rw_sizes", Unit.BYTES, _DIRECTION, "rw_sizes_worst", _WORST),
    ),
    headline=("read_bytes", "write_bytes"),
    headline_unit=Unit.BYTES,
    misses=(
        "Memory-mapped files, io_uring, AIO and tee; the bytes of recvmmsg and sendmmsg, which return a number of "
        "messages; system calls of 32-bit programs. sendfile, copy_file_range and splice are one call that counts as "
        "a read and as a write."
    ),
)

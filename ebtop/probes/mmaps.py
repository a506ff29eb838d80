"""Address space: which processes map and unmap memory, grow their heap, and by how much."""

from ebtop.probes.fields import FILE_NAME
from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import Unit

_CALLS = ("mmap", "munmap", "mremap", "brk")
"""In the order of the numbers in the C file."""
_COLUMNS = (
    rate("grown_bytes", Unit.BYTES, title="grown/s", help="address space that was added, per second"),
    rate("released_bytes", Unit.BYTES, title="released/s", help="address space that was given back, per second"),
    rate("calls", importance=1),
    rate("errors", title="err/s", importance=2),
    total("grown_bytes", Unit.BYTES, title="grown", importance=3),
    total("released_bytes", Unit.BYTES, title="released", importance=3),
    total("calls", importance=4),
)
_PROCESS = Key("pid", Kind.PID)
_CALL = Key("call", Kind.CODE, importance=2, codes=tuple(enumerate(_CALLS)))
_FILE = Key("file", Kind.TEXT)

PROBE = Probe(
    name="mmaps",
    title="Address space",
    question="Whose address space grows, by mmap or by brk, and which files are mapped?",
    slot=0,
    default=False,
    same=("bpftrace -e 'tracepoint:syscalls:sys_enter_mmap { @[comm] = sum(args->len); }'",),
    group="memory",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exit", "mmaps_gone"),
                *(Hook("tracepoint", f"syscalls:sys_exit_{call}", "mmaps_exit") for call in _CALLS),
                *(Hook("tracepoint", f"syscalls:sys_enter_{call}", f"mmaps_enter_{call}") for call in _CALLS),
            ),
            fields=(*FILE_NAME, "task_struct.mm", "mm_struct.brk"),
        ),
    ),
    views=(
        Table("by_process", "by process", "mmaps_rows", (_PROCESS,), _COLUMNS, "grown_bytes_per_second"),
        Table("by_call", "by process and call", "mmaps_rows", (_PROCESS, _CALL), _COLUMNS, "grown_bytes_per_second"),
        Table("by_file", "by file", "mmaps_rows", (_PROCESS, _FILE, _CALL), _COLUMNS, "grown_bytes_per_second"),
    ),
    headline=("grown_bytes",),
    headline_unit=Unit.BYTES,
    misses=(
        "Whether the memory is ever touched. A mapping that is put over another counts as growth all the same, and all "
        "that munmap was asked for as released. Programs being started, shmat, stacks that grow by themselves, system "
        "calls of 32-bit programs. Files go by the last part of their path, cut after 47 bytes; anonymous memory has "
        "none."
    ),
)

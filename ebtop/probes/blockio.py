"""Block I/O: who reads and writes which device, how much, and how long the device takes."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_REQUEST = ("request.__data_len", "request.cmd_flags", "gendisk.major", "gendisk.first_minor")
_QUEUE = (*_REQUEST, "request.q", "request_queue.disk")
_DISK = (*_REQUEST, "request.rq_disk")
_ISSUE = Hook("raw_tracepoint", "block_rq_issue", "blockio_issue")
_COMPLETE = Hook("raw_tracepoint", "block_rq_complete", "blockio_complete")
_INSERT = Hook("raw_tracepoint", "block_rq_insert", "blockio_start")
_AT_INSERT = "A request that goes to the driver unqueued belongs to the process that issues it, at times a kworker."
_COLUMNS: tuple[Column, ...] = (
    rate("ops", help="requests completed per second"),
    rate("read_bytes", Unit.BYTES, title="read/s"),
    rate("write_bytes", Unit.BYTES, title="write/s"),
    mean("ns", per="ops", unit=Unit.NS, importance=1, help="from the issue to the driver until the completion"),
    largest("max_ns", unit=Unit.NS, importance=3),
    rate("errors", title="err/s", importance=4),
    total("ops", importance=4),
    total("read_bytes", Unit.BYTES, title="read", importance=5),
    total("write_bytes", Unit.BYTES, title="written", importance=5),
)
_PROCESS = Key("pid", Kind.PID)
_DEVICE = Key("device", Kind.DEVICE, "device")
_DIRECTION = Key("direction", Kind.DIRECTION, "direction")

PROBE = Probe(
    name="blockio",
    title="Block I/O",
    question="Who does disk I/O, and how slow is each device?",
    slot=7,
    same=(
        "biotop-bpfcc",
        "biolatency-bpfcc -D",
        "biolatency.bt",
    ),
    group="block I/O",
    ways=(  # the third asks for two arguments: where there is only one, the kernel refuses to attach it
        Way(
            "raw_tracepoint",
            (_COMPLETE, _ISSUE, Hook("raw_tracepoint", "block_io_start", "blockio_start")),
            fields=_QUEUE,
        ),
        Way("raw_tracepoint at block_rq_insert", (_COMPLETE, _ISSUE, _INSERT), fields=_QUEUE, misses=_AT_INSERT),
        Way("raw_tracepoint with queue", (_COMPLETE, _ISSUE, _INSERT), fields=_DISK, misses=_AT_INSERT),
        Way("raw_tracepoint with rq_disk", (_COMPLETE, _ISSUE, _INSERT), fields=_DISK, misses=_AT_INSERT),
    ),
    views=(
        Table(
            "by_process_and_device",
            "by process and device",
            "blockio_rows",
            (_PROCESS, _DEVICE),
            _COLUMNS,
            "ops_per_second",
        ),
        Table("by_process", "by process", "blockio_rows", (_PROCESS,), _COLUMNS, "ops_per_second"),
        Table("by_device", "by device", "blockio_rows", (_DEVICE,), _COLUMNS, "ops_per_second"),
        Histogram(
            "latency",
            "latency",
            "blockio_latency",
            Unit.NS,
            (_DEVICE, _DIRECTION),
            "blockio_worst",
            (_PROCESS, _DEVICE, _DIRECTION),
        ),
    ),
    misses="I/O merged into another request counts once, for the process of that request. Cached writes belong to the"
    " kernel worker that writes them back, a journal's to its thread. Flushes, discards and zone operations count as"
    " writes without bytes. Devices that handle I/O without requests (md, dm, zram) show as the disks below them.",
)

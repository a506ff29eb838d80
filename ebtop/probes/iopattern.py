"""The pattern of block I/O: what share of a device's requests follows on the one before, and how large they are."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Measure, Probe, Table, Way, part, rate, total
from ebtop.units import Unit

_DEVICE = Key("device", Kind.DEVICE)
_DIRECTION = Key("direction", Kind.DIRECTION)
_COLUMNS = (
    rate("ops", help="reads and writes that completed, per second"),
    part("sequential", "ops", "sequential", "share that begins where the one before it on the device ended"),
    Column("bytes_per_second", Measure.RATE, "sum", Unit.BYTES, "", "bytes/s", importance=1),
    Column("mean_bytes", Measure.MEAN, "sum", Unit.BYTES, "ops", "mean size", importance=2),
    Column("max_bytes", Measure.MAX, "max_value", Unit.BYTES, "", "max size", importance=3),
    total("ops", importance=4),
    Column("bytes_total", Measure.TOTAL, "sum", Unit.BYTES, "", "bytes", importance=5),
)

PROBE = Probe(
    name="iopattern",
    title="I/O pattern",
    question="Is the I/O of each device sequential or random, and how large are its requests?",
    slot=0,
    default=False,
    same=("biopattern-bpfcc", "bitesize-bpfcc", "bitesize.bt"),
    group="block I/O",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "block_rq_complete", "iopattern_complete"),),
            fields=(
                "request.cmd_flags",
                "request.__sector",
                "request.q",
                "request_queue.disk|request.rq_disk",
                "gendisk.major",
                "gendisk.first_minor",
            ),
        ),
    ),
    views=(
        Table("by_device", "by device", "iopattern_rows", (_DEVICE,), _COLUMNS, "ops_per_second"),
        Table(
            "by_device_and_direction",
            "by device and direction",
            "iopattern_rows",
            (_DEVICE, _DIRECTION),
            _COLUMNS,
            "ops_per_second",
        ),
        Histogram("sizes", "sizes", "iopattern_rows", Unit.BYTES, (_DEVICE, _DIRECTION)),
    ),
    misses=(
        "Flushes, discards and zone operations. The order is that in which requests complete, all processes together, "
        "which a device with many queues may change. Devices that handle I/O without requests (md, dm, zram) show as "
        "the disks below them. Requests belong to no process here: a target does not narrow them."
    ),
)

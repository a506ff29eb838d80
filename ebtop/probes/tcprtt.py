"""TCP round-trip times: how far away each peer is, as the kernel itself measures it."""

from ebtop.probes.sockets import BOTH_ENDS, REMOTE
from ebtop.spec import Column, Histogram, Hook, Measure, Probe, Table, Way, mean, rate, total
from ebtop.units import Unit

_COLUMNS: tuple[Column, ...] = (
    rate("segments", title="seg/s", help="segments that came in per second, each with one value"),
    Column("mean_rtt_ns", Measure.MEAN, "sum", Unit.NS, "segments", "srtt", "mean of the smoothed round-trip times"),
    mean("deviation_ns", per="segments", unit=Unit.NS, title="± mean", help="mean deviation of round trips (mdev)"),
    Column("max_ns", Measure.MAX, "max_value", Unit.NS, "", "max", importance=2),
    total("segments", importance=4),
)

PROBE = Probe(
    name="tcprtt",
    title="TCP round trips",
    question="How long is the way to each peer and back?",
    slot=0,
    default=False,
    same=("tcprtt-bpfcc -A", "ss -ti"),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "tcp_probe", "tcprtt_segment"),),
            fields=(*BOTH_ENDS, "tcp_sock.srtt_us", "tcp_sock.mdev_us"),
        ),
    ),
    views=(
        Table("by_remote", "by remote end", "tcprtt_rows", (REMOTE,), _COLUMNS, "segments_per_second"),
        Histogram("rtt", "round trips", "tcprtt_rows", Unit.NS, (REMOTE,)),
    ),
    misses="Values are the kernel's own, smoothed over about eight round trips, once for each segment that comes in:"
    " connections that only wait do not show. Delayed acknowledgements are part of them. A peer's port is left out"
    " where it is higher than the own. They belong to no process: a target leaves none out.",
)

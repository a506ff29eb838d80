"""Network interfaces: packets, bytes and sizes, in and out, by queue."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Measure, Probe, Table, Way, rate, total
from ebtop.units import Unit

_INTERFACE = Key("interface", Kind.TEXT, "interface")
_NAMESPACE = Key("namespace", Kind.NUMBER, "netns", help="network namespace, as in /proc/PID/ns/net", importance=4)
_DIRECTION = Key("direction", Kind.CODE, "direction", codes=((0, "in"), (1, "out")))
_QUEUE = Key("queue", Kind.NUMBER, "queue", importance=1)
_COLUMNS: tuple[Column, ...] = (
    rate("packets", help="packets per second, as the stack sees them"),
    Column("bytes_per_second", Measure.RATE, "sum", Unit.BYTES, "", "bytes/s", "with the link's header"),
    rate("segments", title="seg/s", help="packets on the wire: GSO and GRO make one of several", importance=2),
    Column("mean_bytes", Measure.MEAN, "sum", Unit.BYTES, "packets", "mean", importance=2),
    Column("max_bytes", Measure.MAX, "max_value", Unit.BYTES, "", "max", importance=3),
    total("packets", importance=4),
    Column("bytes_total", Measure.TOTAL, "sum", Unit.BYTES, "", "bytes", importance=5),
)

PROBE = Probe(
    name="netdev",
    title="Network interfaces",
    question="How many packets go through each interface and queue, and how large are they?",
    slot=0,
    default=False,
    same=("netqtop-bpfcc", "sar -n DEV", "ip -s link"),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "netif_receive_skb", "netdev_receive"),
                Hook("raw_tracepoint", "net_dev_start_xmit", "netdev_transmit"),
            ),
            fields=(
                "sk_buff.dev",
                "sk_buff.len",
                "sk_buff.head",
                "sk_buff.end",
                "sk_buff.queue_mapping",
                "skb_shared_info.gso_segs",
                "net_device.name",
                "net_device.hard_header_len",
                "net_device.nd_net.net",
                "net.ns.inum",
            ),
        ),
    ),
    views=(
        Table(
            "by_interface_and_queue",
            "by interface, direction and queue",
            "netdev_rows",
            (_INTERFACE, _NAMESPACE, _DIRECTION, _QUEUE),
            _COLUMNS,
            "packets_per_second",
        ),
        Table(
            "by_interface",
            "by interface and direction",
            "netdev_rows",
            (_INTERFACE, _NAMESPACE, _DIRECTION),
            _COLUMNS,
            "packets_per_second",
        ),
        Histogram("sizes", "sizes", "netdev_rows", Unit.BYTES, (_INTERFACE, _NAMESPACE, _DIRECTION)),
    ),
    misses="What XDP, a raw socket's ring or the device itself takes before the stack does. Packets have no process: a"
    " target leaves none out. What a driver sends twice because it was busy counts twice.",
)

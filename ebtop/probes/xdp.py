"""XDP: what comes in by a network interface, counted at the driver, before the stack; every packet passes."""

from ebtop.probes.sockets import NETWORKS, PROTOCOLS
from ebtop.spec import Column, Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import Unit

_INTERFACE = Key("interface", Kind.INTERFACE)
_NETWORK = Key("network", Kind.CODE, codes=((0, "802.3"), *NETWORKS[1:]), importance=2)
_PROTOCOL = Key("protocol", Kind.CODE, codes=PROTOCOLS)
_PORT = Key("port", Kind.NUMBER, help="The lower of both ports; 0: there are none.")
_COLUMNS: tuple[Column, ...] = (
    rate("packets", help="frames that came in, per second"),
    rate("bytes", Unit.BYTES, help="from the Ethernet header on, per second"),
    total("packets", importance=4),
    total("bytes", Unit.BYTES, importance=5),
)

PROBE = Probe(
    name="xdp",
    title="Packets at the driver",
    question="What comes in by each network interface, before the stack: which protocols, which ports?",
    slot=0,
    default=False,
    same=("xdp-bench", "xdpdump"),
    group="network",
    ways=(Way("XDP", (Hook("xdp", "interfaces", "xdp_count"),)),),
    views=(
        Table(
            "by_interface_and_port",
            "by interface, protocol and port",
            "xdp_rows",
            (_INTERFACE, _NETWORK, _PROTOCOL, _PORT),
            _COLUMNS,
            "packets_per_second",
        ),
        Table("by_interface", "by interface", "xdp_rows", (_INTERFACE,), _COLUMNS, "packets_per_second"),
    ),
    headline=("packets",),
    misses="What goes out, and interfaces that come up later. Packets have no process: a target leaves none out. A "
    "row's port is the lower of two. Generic mode, where the driver has no other, copies what lies in pieces and "
    "switches receive offload (GRO) off; some drivers restart their queues when native mode begins and ends.",
)

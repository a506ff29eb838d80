"""XDP: what comes in by a network interface, counted at the driver, before the stack; every packet passes."""

from ebtop.spec import Column, Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import Unit

_NETWORKS = (
    (0, "802.3"),
    (0x0800, "IPv4"),
    (0x0806, "ARP"),
    (0x8100, "VLAN"),
    (0x86DD, "IPv6"),
    (0x8847, "MPLS"),
    (0x8863, "PPPoE"),
    (0x8864, "PPPoE"),
    (0x888E, "802.1X"),
    (0x88A8, "VLAN"),
    (0x88CC, "LLDP"),
    (0x88E5, "MACsec"),
    (0x88F7, "PTP"),
)
"""Types of frames, ETH_P_… of include/uapi/linux/if_ether.h."""
_PROTOCOLS = (
    (0, "-"),
    (1, "ICMP"),
    (2, "IGMP"),
    (4, "IPIP"),
    (6, "TCP"),
    (17, "UDP"),
    (33, "DCCP"),
    (41, "IPv6"),
    (47, "GRE"),
    (50, "ESP"),
    (51, "AH"),
    (58, "ICMPv6"),
    (89, "OSPF"),
    (103, "PIM"),
    (112, "VRRP"),
    (132, "SCTP"),
    (136, "UDPLite"),
)
"""Protocols above IP, as the Internet Assigned Numbers Authority numbers them."""
_INTERFACE = Key("interface", Kind.INTERFACE)
_NETWORK = Key("network", Kind.CODE, codes=_NETWORKS, importance=2)
_PROTOCOL = Key("protocol", Kind.CODE, codes=_PROTOCOLS)
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

"""What the declarations of network probes share: keys, codes and the members of sockets; declares no probe."""

from ebtop.probes.fields import FILE
from ebtop.spec import Key, Kind

PROCESS = Key("pid", Kind.PID)
LOCAL = Key("local", Kind.ADDRESS, "local")
LOCAL_LESS = Key("local", Kind.ADDRESS, "local", importance=2)
"""Where there is much else to show."""
REMOTE = Key("remote", Kind.ADDRESS, "remote")
BOTH_ENDS = (
    "sock.__sk_common.skc_family",
    "sock.__sk_common.skc_dport",
    "sock.__sk_common.skc_num",
    "sock.__sk_common.skc_daddr",
    "sock.__sk_common.skc_rcv_saddr",
    "sock.__sk_common.skc_v6_daddr",
    "sock.__sk_common.skc_v6_rcv_saddr",
)
"""Of EBTOP_REMOTE and EBTOP_LOCAL."""
PACKET = ("sk_buff.head", "sk_buff.network_header")
"""Of EBTOP_PACKET."""
DESCRIPTOR = (*FILE, "file.private_data", "socket.sk")
"""Of EBTOP_DESCRIPTOR."""
TCP_STATES = (
    (1, "ESTABLISHED"),
    (2, "SYN_SENT"),
    (3, "SYN_RECV"),
    (4, "FIN_WAIT1"),
    (5, "FIN_WAIT2"),
    (6, "TIME_WAIT"),
    (7, "CLOSE"),
    (8, "CLOSE_WAIT"),
    (9, "LAST_ACK"),
    (10, "LISTEN"),
    (11, "CLOSING"),
    (12, "NEW_SYN_RECV"),
    (13, "BOUND_INACTIVE"),
)
"""include/net/tcp_states.h."""
NETWORKS = (
    (0, "-"),
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
PROTOCOLS = (
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

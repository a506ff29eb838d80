"""What the declarations of network probes share: keys, codes and the members of sockets; declares no probe."""

from ebtop.spec import Key, Kind

PROCESS = Key("pid", Kind.PID)
LOCAL = Key("local", Kind.ADDRESS, "local")
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
PACKET = ("sk_buff.head", "sk_buff.network_header", "sk_buff.transport_header")
"""Of EBTOP_PACKET."""
DESCRIPTOR = (
    "task_struct.files",
    "files_struct.fdt",
    "fdtable.fd",
    "file.private_data",
    "socket.sk",
)
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

"""UDP: which process sends and takes how many datagrams, with whom."""

from ebtop.probes.sockets import BOTH_ENDS, LOCAL, PACKET, PROCESS, REMOTE
from ebtop.spec import Column, Hook, Probe, Table, Way, rate, total
from ebtop.units import Unit

_SOCKET = (*BOTH_ENDS, "sock.sk_protocol")
_COLUMNS: tuple[Column, ...] = (
    rate("datagrams", title="dgram/s", help="sent and taken per second"),
    rate("tx_bytes", Unit.BYTES, title="tx/s", help="payload given to the socket per second"),
    rate("rx_bytes", Unit.BYTES, title="rx/s", help="payload taken from the socket per second"),
    rate("tx_datagrams", title="sent/s", importance=2),
    rate("rx_datagrams", title="taken/s", importance=2),
    total("datagrams", importance=4),
    total("tx_bytes", Unit.BYTES, title="tx", importance=5),
    total("rx_bytes", Unit.BYTES, title="rx", importance=5),
)

PROBE = Probe(
    name="udp",
    title="UDP",
    question="Who sends and receives datagrams, how many, how much, with whom?",
    slot=0,
    default=False,
    same=("nethogs -C",),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (  # what ends a call before what begins it: nothing that is kept may stay
                Hook("tracepoint", "syscalls:sys_exit_recvfrom", "udp_return", optional=True),
                Hook("tracepoint", "syscalls:sys_exit_recvmsg", "udp_return", optional=True),
                Hook("raw_tracepoint", "sock_send_length", "udp_sent"),
                Hook("raw_tracepoint", "sock_recv_length", "udp_received"),
                Hook("raw_tracepoint", "net_dev_queue", "udp_queue"),
                Hook("tracepoint", "syscalls:sys_enter_recvfrom", "udp_recvfrom", optional=True),
                Hook("tracepoint", "syscalls:sys_enter_recvmsg", "udp_recvmsg", optional=True),
            ),
            fields=(*_SOCKET, *PACKET, "sk_buff.sk"),
            misses="Of a socket that is connected to nobody, the sender where recvmmsg, io_uring or a 32-bit program"
            " takes the datagram.",
        ),
        Way(
            "fexit",
            (
                Hook("fexit", "udp_sendmsg", "udp_sent"),
                Hook("fexit", "udp_recvmsg", "udp_received"),
                Hook("fexit", "udpv6_sendmsg", "udp_sent6", optional=True),
                Hook("fexit", "udpv6_recvmsg", "udp_received", optional=True),
            ),
            fields=(*_SOCKET, "msghdr.msg_name"),
        ),
    ),
    views=(
        Table(
            "by_process_and_ends",
            "by process, local and remote end",
            "udp_rows",
            (PROCESS, LOCAL, REMOTE),
            _COLUMNS,
            "datagrams_per_second",
        ),
        Table("by_process", "by process", "udp_rows", (PROCESS,), _COLUMNS, "datagrams_per_second"),
        Table("by_remote", "by remote end", "udp_rows", (REMOTE,), _COLUMNS, "datagrams_per_second"),
    ),
    misses="Datagrams that nobody takes, and what the kernel itself sends (tunnels). Who sent is known where the socket"
    " is connected or the call asks, else -; an ephemeral port of one's own is left out then. Of two ports the higher"
    " is left out. What one call sends in segments (UDP_SEGMENT) or takes in one piece (UDP_GRO) is one datagram.",
)

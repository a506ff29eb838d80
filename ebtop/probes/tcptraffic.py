"""TCP traffic: which process sends and receives how much, with whom."""

from ebtop.probes.sockets import BOTH_ENDS, LOCAL, PROCESS, REMOTE
from ebtop.spec import Column, Hook, Probe, Table, Way, mean, rate, total
from ebtop.units import Unit

_SOCKET = (*BOTH_ENDS, "sock.sk_protocol")
_COLUMNS: tuple[Column, ...] = (
    rate("bytes", Unit.BYTES, title="both/s", help="sent and received per second", importance=1),
    rate("tx_bytes", Unit.BYTES, title="tx/s", help="given to the socket per second"),
    rate("rx_bytes", Unit.BYTES, title="rx/s", help="taken from the socket per second"),
    rate("calls", help="calls per second that sent or received something", importance=2),
    mean("bytes", per="calls", unit=Unit.BYTES, title="mean", help="bytes of one call", importance=3),
    total("tx_bytes", Unit.BYTES, title="tx", importance=4),
    total("rx_bytes", Unit.BYTES, title="rx", importance=4),
)

PROBE = Probe(
    name="tcptraffic",
    title="TCP traffic",
    question="Which process sends and receives how much, with whom?",
    slot=0,
    default=False,
    same=("tcptop-bpfcc", "nethogs"),
    group="network",
    headline=("tx_bytes", "rx_bytes"),
    headline_unit=Unit.BYTES,
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sock_send_length", "tcptraffic_sent"),
                Hook("raw_tracepoint", "sock_recv_length", "tcptraffic_received"),
            ),
            fields=_SOCKET,
            misses="What splice(2) takes from a socket.",
        ),
        Way(
            "fexit",
            (
                Hook("fexit", "tcp_sendmsg", "tcptraffic_sent"),
                Hook("fexit", "tcp_recvmsg", "tcptraffic_received"),
            ),
            fields=_SOCKET,
            misses="MPTCP, what sendfile(2) sends and what splice(2) takes.",
        ),
        Way(
            "kprobe",
            (
                Hook("kprobe", "tcp_sendmsg", "tcptraffic_sent"),
                Hook("kprobe", "tcp_cleanup_rbuf", "tcptraffic_received"),
            ),
            fields=_SOCKET,
            misses="What a call wanted to send counts, sent or not; what is only peeked at counts as received; MPTCP"
            " and what sendfile(2) sends do not count.",
        ),
    ),
    views=(
        Table(
            "by_process_and_ends",
            "by process, local and remote end",
            "tcptraffic_rows",
            (PROCESS, LOCAL, REMOTE),
            _COLUMNS,
            "bytes_per_second",
        ),
        Table("by_process", "by process", "tcptraffic_rows", (PROCESS,), _COLUMNS, "bytes_per_second"),
        Table("by_remote", "by remote end", "tcptraffic_rows", (REMOTE,), _COLUMNS, "bytes_per_second"),
    ),
    misses="Headers and what is sent again. Of two ports the higher is left out: all connections of a client to a"
    " service are one row. What the kernel does for itself (NFS, RPC) belongs to its threads. Zero-copy"
    " receives do not count.",
)

"""TCP accepts: who is connected to, from where, and how full the listener's backlog is."""

from ebtop.probes.sockets import BOTH_ENDS, DESCRIPTOR, LOCAL, PROCESS
from ebtop.spec import Column, Events, Hook, Key, Kind, Probe, Table, Way, gauge, largest, rate, total
from ebtop.units import Unit

_SOCKET = (
    *BOTH_ENDS,
    "sock.__sk_common.skc_state",
    "sock.sk_protocol",
    "sock.sk_ack_backlog",
    "sock.sk_max_ack_backlog",
)
_COLUMNS: tuple[Column, ...] = (
    rate("accepts", help="connections taken from the backlog, per second"),
    gauge("backlog", title="queued", help="connections that still waited at the last accept"),
    gauge("backlog_limit", title="limit", help="connections that may wait: the backlog given to listen(2), bounded"),
    largest("max_backlog", unit=Unit.PLAIN, title="peak", help="the longest queue an accept has left behind"),
    total("accepts", importance=4),
)
_REMOTE = Key("remote", Kind.ADDRESS, "remote", importance=2)

PROBE = Probe(
    name="tcpaccept",
    title="TCP accepts",
    question="Who is connected to, from where, and how full is the backlog?",
    slot=6,
    same=(
        "tcpaccept-bpfcc",
        "tcpaccept.bt",
    ),
    group="network",
    ways=(
        Way("fexit", (Hook("fexit", "inet_csk_accept", "tcpaccept_fexit"),), fields=_SOCKET),
        Way(
            "kretprobe",
            (
                Hook("kretprobe", "inet_csk_accept", "tcpaccept_kretprobe"),
                Hook("kprobe", "inet_csk_accept", "tcpaccept_kprobe"),
            ),
            fields=_SOCKET,
        ),
        Way(
            "tracepoint",
            (
                Hook("tracepoint", "syscalls:sys_exit_accept", "tcpaccept_sys_exit"),
                Hook("tracepoint", "syscalls:sys_exit_accept4", "tcpaccept_sys_exit"),
                Hook("tracepoint", "syscalls:sys_enter_accept", "tcpaccept_sys_enter"),
                Hook("tracepoint", "syscalls:sys_enter_accept4", "tcpaccept_sys_enter"),
            ),
            fields=_SOCKET + DESCRIPTOR,
            misses="Connections accepted through io_uring or by 32-bit programs, and the backlog of MPTCP listeners.",
        ),
    ),
    views=(
        Table(
            "by_process_and_ends",
            "by process, local and remote end",
            "tcpaccept_rows",
            (PROCESS, LOCAL, _REMOTE),
            _COLUMNS,
            "accepts_per_second",
        ),
        Table("by_listener", "by listener", "tcpaccept_rows", (PROCESS, LOCAL), _COLUMNS, "accepts_per_second"),
        Events(
            "accepts",
            "last accepts",
            "tcpaccept_events",
            "tcpaccept_record",
            (
                Key("ns", Kind.TIME, "time"),
                Key("pid", Kind.PID),
                Key("comm", Kind.TEXT, "comm", importance=3),
                Key("remote", Kind.ADDRESS, "remote"),
                Key("local", Kind.ADDRESS, "local"),
                Key("backlog", Kind.NUMBER, "queued"),
                Key("backlog_limit", Kind.NUMBER, "limit"),
            ),
        ),
    ),
    misses="Connections that were never accepted. An accept that waited when ebtop started shows the backlog 0/0.",
)

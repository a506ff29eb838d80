"""TCP sessions: how long they lasted, what they carried, between whom."""

from ebtop.probes.sockets import BOTH_ENDS, DESCRIPTOR, LOCAL, PROCESS, REMOTE
from ebtop.spec import Column, Events, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_COLUMNS: tuple[Column, ...] = (
    rate("sessions", help="connections that ended, per second"),
    mean("ns", per="sessions", unit=Unit.NS, title="mean", help="from established to closed", importance=1),
    largest("max_ns", unit=Unit.NS, importance=3),
    rate("tx_bytes", Unit.BYTES, title="tx/s", help="sent by the sessions that ended, in their whole life"),
    rate("rx_bytes", Unit.BYTES, title="rx/s", help="received by them"),
    total("sessions", importance=4),
    total("tx_bytes", Unit.BYTES, title="tx", importance=5),
    total("rx_bytes", Unit.BYTES, title="rx", importance=5),
)

PROBE = Probe(
    name="tcplife",
    title="TCP sessions",
    question="How long do connections live, and what do they carry?",
    slot=0,
    default=False,
    same=("tcplife-bpfcc", "tcplife.bt"),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "inet_sock_set_state", "tcplife_state"),
                Hook("tracepoint", "syscalls:sys_exit_accept", "tcplife_accept", optional=True),
                Hook("tracepoint", "syscalls:sys_exit_accept4", "tcplife_accept", optional=True),
            ),
            fields=(
                *BOTH_ENDS,
                *DESCRIPTOR,
                "sock.__sk_common.skc_flags",
                "sock.sk_protocol",
                "sock.sk_lock.owned",
                "tcp_sock.bytes_sent",
                "tcp_sock.bytes_retrans",
                "tcp_sock.bytes_received",
            ),
        ),
    ),
    views=(
        Table(
            "by_process_and_ends",
            "by process, local and remote end",
            "tcplife_rows",
            (PROCESS, LOCAL, REMOTE),
            _COLUMNS,
            "sessions_per_second",
        ),
        Table("by_process", "by process", "tcplife_rows", (PROCESS,), _COLUMNS, "sessions_per_second"),
        Table("by_remote", "by remote end", "tcplife_rows", (REMOTE,), _COLUMNS, "sessions_per_second"),
        Events(
            "sessions",
            "last sessions that ended",
            "tcplife_events",
            "tcplife_record",
            (
                Key("ns", Kind.TIME, "time"),
                PROCESS,
                Key("comm", Kind.TEXT, "comm", importance=3),
                LOCAL,
                REMOTE,
                Key("tx_bytes", Kind.NUMBER, "tx", unit=Unit.BYTES),
                Key("rx_bytes", Kind.NUMBER, "rx", unit=Unit.BYTES),
                Key("duration_ns", Kind.NUMBER, "lasted", unit=Unit.NS),
            ),
        ),
        Histogram(
            "durations",
            "durations",
            "tcplife_durations",
            Unit.NS,
            (),
            "tcplife_worst",
            (PROCESS, LOCAL, REMOTE),
        ),
    ),
    misses="Sessions that began before ebtop are counted as unmatched when they end; those still open do not show. The"
    " process is who connected or accepted (through io_uring or by 32-bit programs: who closed), 0 where none was seen."
    " The port of the end that connected is left out of the rows. Time in TIME_WAIT is no part of a session.",
)

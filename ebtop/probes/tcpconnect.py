"""TCP connects: who connects where, how long it takes, what fails."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_COLUMNS: tuple[Column, ...] = (
    rate("connects", help="connection attempts per second"),
    rate("failures", title="fail/s", help="attempts per second that were refused, reset, timed out or given up"),
    mean("ns", per="established", unit=Unit.NS, importance=1, help="from the first SYN until it was established"),
    largest("max_ns", unit=Unit.NS, importance=3),
    total("connects", importance=4),
    total("failures", importance=4),
)
_PROCESS = Key("pid", Kind.PID)
_REMOTE = Key("remote", Kind.ADDRESS, "remote")

PROBE = Probe(
    name="tcpconnect",
    title="TCP connects",
    question="Who connects where, how long does it take, what fails?",
    slot=5,
    same=(
        "tcpconnect-bpfcc -c",
        "tcpconnlat-bpfcc",
    ),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "inet_sock_set_state", "tcpconnect_state"),),
            fields=(
                "sock.__sk_common.skc_family",
                "sock.__sk_common.skc_dport",
                "sock.__sk_common.skc_daddr",
                "sock.__sk_common.skc_v6_daddr",
                "sock.sk_protocol",
            ),
        ),
        Way("tracepoint", (Hook("tracepoint", "sock:inet_sock_set_state", "tcpconnect_state"),)),
    ),
    views=(
        Table(
            "by_process_and_remote",
            "by process and remote end",
            "tcpconnect_rows",
            (_PROCESS, _REMOTE),
            _COLUMNS,
            "connects_per_second",
        ),
        Table("by_process", "by process", "tcpconnect_rows", (_PROCESS,), _COLUMNS, "connects_per_second"),
        Table("by_remote", "by remote end", "tcpconnect_rows", (_REMOTE,), _COLUMNS, "connects_per_second"),
        Histogram("latency", "latency", "tcpconnect_latency", Unit.NS, (), "tcpconnect_worst", (_PROCESS, _REMOTE)),
    ),
    misses="Connects that fail before the first SYN (no route, no permission), and protocols other than TCP. A"
    " connection that is tried when ebtop starts has no time; MPTCP counts each of its TCP subflows.",
)

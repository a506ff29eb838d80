"""TCP resets: which connections are broken off or refused, by whom, in which direction, and why."""

from ebtop.probes.sockets import BOTH_ENDS, LOCAL, LOCAL_LESS, PACKET, PROCESS, REMOTE, TCP_STATES
from ebtop.spec import Column, Events, Hook, Key, Kind, Probe, Table, Way, rate, total

_DIRECTION = Key("direction", Kind.CODE, "direction", codes=((0, "sent"), (1, "received")))
_REASON = Key(
    "reason", Kind.CODE, help="why it was sent; of one received nobody knows", importance=1, enum="sk_rst_reason"
)
_STATE = Key("state", Kind.CODE, "state", importance=3, codes=((0, "-"), *TCP_STATES))
_COLUMNS: tuple[Column, ...] = (
    rate("resets", help="RST segments per second"),
    total("resets", importance=4),
)
_SOCKET = (*BOTH_ENDS, *PACKET, "sock.__sk_common.skc_state", "sock.sk_lock.owned", "inet_sock.inet_sport")
_HOOKS = (
    Hook("raw_tracepoint", "tcp_send_reset", "tcpresets_send"),
    Hook("raw_tracepoint", "tcp_receive_reset", "tcpresets_receive"),
)

PROBE = Probe(
    name="tcpresets",
    title="TCP resets",
    question="Which connections are broken off or refused, by whom and why?",
    slot=0,
    default=False,
    same=("bpftrace -e 'tracepoint:tcp:tcp_send_reset { … }'", "nstat TcpOutRsts TcpEstabResets"),
    group="network",
    ways=(
        Way("raw_tracepoint", _HOOKS, fields=_SOCKET),
        Way(
            "raw_tracepoint without reason",
            _HOOKS,
            fields=_SOCKET,
            misses="Why a reset was sent; before Linux 6.10 also every one that no socket sends, as from closed ports.",
        ),
    ),
    views=(
        Table(
            "by_process_and_ends",
            "by process, direction and ends",
            "tcpresets_rows",
            (PROCESS, _DIRECTION, LOCAL_LESS, REMOTE, _REASON, _STATE),
            _COLUMNS,
            "resets_per_second",
        ),
        Table(
            "by_reason",
            "by direction, reason and state",
            "tcpresets_rows",
            (_DIRECTION, _REASON, _STATE),
            _COLUMNS,
            "resets_per_second",
        ),
        Table("by_remote", "by remote end", "tcpresets_rows", (REMOTE, _DIRECTION), _COLUMNS, "resets_per_second"),
        Events(
            "resets",
            "last resets",
            "tcpresets_events",
            "tcpresets_record",
            (
                Key("ns", Kind.TIME, "time"),
                _DIRECTION,
                PROCESS,
                Key("comm", Kind.TEXT, "comm", importance=3),
                LOCAL,
                REMOTE,
                _REASON,
                _STATE,
            ),
        ),
    ),
    misses="The process is known only where its own call sends the reset or holds the socket just then, else 0; with a"
    " target, only those count. Of two ports the higher is left out of the rows, the events have both. The state is the"
    " socket's at that moment: one that closes is in CLOSE already.",
)

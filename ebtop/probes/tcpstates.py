"""TCP states: every change of a socket's state, and how long sockets stay in each."""

from ebtop.probes.sockets import BOTH_ENDS, LOCAL, LOCAL_LESS, PROCESS, REMOTE, TCP_STATES
from ebtop.spec import Column, Events, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_OLD = Key("oldstate", Kind.CODE, "from", codes=TCP_STATES)
_NEW = Key("newstate", Kind.CODE, "to", codes=TCP_STATES)
_COLUMNS: tuple[Column, ...] = (
    rate("changes", help="changes of state per second"),
    mean("ns", per="timed", unit=Unit.NS, title="mean", help="time in the state that was left", importance=1),
    largest("max_ns", unit=Unit.NS, importance=3, per="timed"),
    total("changes", importance=4),
)

PROBE = Probe(
    name="tcpstates",
    title="TCP states",
    question="Which states do connections go through, and where do they stay?",
    slot=0,
    default=False,
    same=("tcpstates-bpfcc",),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "inet_sock_set_state", "tcpstates_change"),),
            fields=(*BOTH_ENDS, "sock.sk_protocol", "sock.sk_lock.owned", "inet_sock.inet_sport"),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process and states",
            "tcpstates_rows",
            (PROCESS, _OLD, _NEW),
            _COLUMNS,
            "changes_per_second",
        ),
        Table(
            "by_process_and_ends",
            "by process, ends and states",
            "tcpstates_rows",
            (PROCESS, LOCAL_LESS, REMOTE, _OLD, _NEW),
            _COLUMNS,
            "changes_per_second",
        ),
        Table("by_states", "by states", "tcpstates_rows", (_OLD, _NEW), _COLUMNS, "changes_per_second"),
        Events(
            "changes",
            "last changes",
            "tcpstates_events",
            "tcpstates_record",
            (
                Key("ns", Kind.TIME, "time"),
                PROCESS,
                Key("comm", Kind.TEXT, "comm", importance=3),
                LOCAL,
                REMOTE,
                _OLD,
                _NEW,
                Key("in_state_ns", Kind.NUMBER, "after", "time in the old state; 0: unknown, or none", unit=Unit.NS),
            ),
        ),
        Histogram(
            "times",
            "time in a state",
            "tcpstates_times",
            Unit.NS,
            (Key("index", Kind.CODE, "state", codes=TCP_STATES),),
            "tcpstates_worst",
            (PROCESS, Key("oldstate", Kind.CODE, "state", codes=TCP_STATES), LOCAL, REMOTE),
        ),
    ),
    misses="TIME_WAIT, which sockets enter as CLOSE, and requests that are no sockets yet (NEW_SYN_RECV). The process"
    " is the last whose own call changed the socket's state, 0 where none was seen; with a target, only those count. Of"
    " two ports the higher is left out of the rows, the events have both. A state that began before ebtop has no time.",
)

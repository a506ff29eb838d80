"""TCP retransmits: what had to be sent again, to whom, in which state of the connection."""

from ebtop.probes.sockets import BOTH_ENDS, LOCAL, REMOTE, TCP_STATES
from ebtop.spec import Column, Events, Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import Unit

_STATE = Key("state", Kind.CODE, "state", importance=1, codes=TCP_STATES)
_COLUMNS: tuple[Column, ...] = (
    rate("segments", help="segments sent again per second"),
    rate("bytes", Unit.BYTES, help="data in them per second"),
    total("segments", importance=4),
    total("bytes", Unit.BYTES, importance=5),
)

PROBE = Probe(
    name="tcpretrans",
    title="TCP retransmits",
    question="What has to be sent again, and to whom?",
    slot=0,
    default=False,
    same=("tcpretrans-bpfcc", "tcpretrans.bt", "nstat TcpRetransSegs"),
    group="network",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "tcp_retransmit_skb", "tcpretrans_segment"),
                Hook("raw_tracepoint", "tcp_retransmit_synack", "tcpretrans_synack"),
            ),
            fields=(*BOTH_ENDS, "sock.__sk_common.skc_state", "sk_buff.len"),
        ),
    ),
    views=(
        Table(
            "by_ends_and_state",
            "by local and remote end and state",
            "tcpretrans_rows",
            (LOCAL, REMOTE, _STATE),
            _COLUMNS,
            "segments_per_second",
        ),
        Table("by_remote", "by remote end", "tcpretrans_rows", (REMOTE,), _COLUMNS, "segments_per_second"),
        Table("by_state", "by state", "tcpretrans_rows", (_STATE,), _COLUMNS, "segments_per_second"),
        Events(
            "retransmits",
            "last retransmits",
            "tcpretrans_events",
            "tcpretrans_record",
            (
                Key("ns", Kind.TIME, "time"),
                LOCAL,
                REMOTE,
                _STATE,
                Key("bytes", Kind.NUMBER, "bytes", unit=Unit.BYTES),
            ),
        ),
    ),
    misses="A retransmit has no process: a target leaves none out. Of two ports the higher is left out of the rows, the"
    " events have both. Several segments that leave as one piece (GSO) count once; from Linux 6.16 on, those count too"
    " that could not be sent.",
)

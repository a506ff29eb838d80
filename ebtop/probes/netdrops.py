"""Dropped packets: how many, why, and where in the kernel."""

from ebtop.probes.sockets import NETWORKS, PACKET, PROTOCOLS
from ebtop.spec import Column, Events, Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import Unit

_REASON = Key("reason", Kind.CODE, "reason", enum="skb_drop_reason")
_NETWORK = Key("network", Kind.CODE, "network", codes=NETWORKS, importance=2)
_PROTOCOL = Key("protocol", Kind.CODE, "protocol", codes=PROTOCOLS)
_INTERFACE = Key("interface", Kind.INTERFACE, "in by", help="the interface it came in by", importance=1)
_LOCATION = Key("location", Kind.SYMBOL, "place", help="the kernel function that dropped it")
_COLUMNS: tuple[Column, ...] = (
    rate("packets", help="packets dropped per second"),
    rate("bytes", Unit.BYTES, importance=2),
    total("packets", importance=4),
    total("bytes", Unit.BYTES, importance=5),
)
_FIELDS = (*PACKET, "sk_buff.protocol", "sk_buff.len", "sk_buff.skb_iif")
_HOOKS = (Hook("raw_tracepoint", "kfree_skb", "netdrops_free"),)

PROBE = Probe(
    name="netdrops",
    title="Dropped packets",
    question="Where are packets dropped, and why?",
    slot=0,
    default=False,
    same=("dropwatch", "pwru --filter-track-skb", "bpftrace -e 'tracepoint:skb:kfree_skb { … }'"),
    group="network",
    ways=(
        Way("raw_tracepoint", _HOOKS, fields=_FIELDS),
        Way(
            "raw_tracepoint without reason",
            _HOOKS,
            fields=_FIELDS,
            misses="The reason, which kernels before 5.17 do not tell.",
        ),
    ),
    views=(
        Table(
            "by_reason_and_place",
            "by reason, protocol, interface and place",
            "netdrops_rows",
            (_REASON, _NETWORK, _PROTOCOL, _INTERFACE, _LOCATION),
            _COLUMNS,
            "packets_per_second",
        ),
        Table("by_reason", "by reason", "netdrops_rows", (_REASON,), _COLUMNS, "packets_per_second"),
        Table("by_place", "by place", "netdrops_rows", (_LOCATION,), _COLUMNS, "packets_per_second"),
        Events(
            "drops",
            "last drops",
            "netdrops_events",
            "netdrops_record",
            (
                Key("ns", Kind.TIME, "time"),
                _REASON,
                _PROTOCOL,
                Key("source", Kind.ADDRESS, "source"),
                Key("destination", Kind.ADDRESS, "destination"),
                _INTERFACE,
                Key("bytes", Kind.NUMBER, "bytes", unit=Unit.BYTES, importance=3),
                _LOCATION,
            ),
        ),
    ),
    misses="What devices and XDP drop before there is a packet for the kernel. Not every one is a loss: a socket that"
    " closes with something unread drops it too (QUEUE_PURGE). Packets have no process: a target leaves none out."
    " Interfaces are named as in ebtop's own network namespace, - on the way out.",
)

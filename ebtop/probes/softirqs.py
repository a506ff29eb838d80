"""Soft interrupts: which of the kernel's deferred work (network, timers, block, RCU, …) runs how often and how long."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Measure, Probe, Table, Way, rate, total
from ebtop.units import Unit

_VECTORS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU")
"""In the order of their numbers: include/linux/interrupt.h, the same since Linux 2.6.36 (IRQ_POLL had another name)."""
_VECTOR = Key("index", Kind.CODE, "vector", codes=tuple(enumerate(_VECTORS)))

PROBE = Probe(
    name="softirqs",
    title="Soft interrupts",
    question="How much time do soft interrupts take, and which of them?",
    slot=0,
    default=False,
    same=("softirqs-bpfcc",),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "softirq_exit", "softirqs_exit"),
                Hook("raw_tracepoint", "softirq_entry", "softirqs_enter"),
            ),
        ),
    ),
    views=(
        Table(
            "by_vector",
            "by vector",
            "softirqs_rows",
            (_VECTOR,),
            (
                rate("runs", help="times that its handler ran, per second"),
                Column(
                    "ns_percent", Measure.SHARE, "sum", Unit.PERCENT, "", "cpu", "time in its handler, of one CPU's"
                ),
                Column("mean_ns", Measure.MEAN, "sum", Unit.NS, "runs", "mean", "time in the handler, per run", 1),
                Column("max_ns", Measure.MAX, "max_value", Unit.NS, "", "max", importance=2),
                total("runs", importance=4),
                Column("ns_total", Measure.TOTAL, "sum", Unit.NS, "", "time", importance=5),
            ),
            "runs_per_second",
        ),
        Histogram("time", "time", "softirqs_rows", Unit.NS, (_VECTOR,)),
    ),
    misses=(
        "How long a soft interrupt waited until it ran. Interrupts that come in between count as its time. They belong "
        "to no process: a target does not narrow them."
    ),
)

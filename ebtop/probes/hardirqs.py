"""Interrupt handlers: which devices interrupt, how often, and how long their handlers keep a CPU."""

from ebtop.spec import Column, Histogram, Hook, Key, Kind, Measure, Probe, Table, Way, rate, total
from ebtop.units import Unit

_LINE = Key("irq", Kind.NUMBER, "irq", importance=2)
_NAME = Key("name", Kind.TEXT, "device")

PROBE = Probe(
    name="hardirqs",
    title="Interrupts",
    question="Which devices interrupt, how often, and how long do their handlers take?",
    slot=0,
    default=False,
    same=("hardirqs-bpfcc",),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "irq_handler_exit", "hardirqs_exit"),
                Hook("raw_tracepoint", "irq_handler_entry", "hardirqs_enter"),
            ),
            fields=("irqaction.name",),
        ),
    ),
    views=(
        Table(
            "by_device",
            "by device",
            "hardirqs_rows",
            (_LINE, _NAME),
            (
                rate("interrupts", title="irq/s", help="times that its handler ran, per second"),
                Column(
                    "ns_percent", Measure.SHARE, "sum", Unit.PERCENT, "", "cpu", "time in its handler, of one CPU's"
                ),
                Column("mean_ns", Measure.MEAN, "sum", Unit.NS, "interrupts", "mean", "time in the handler", 1),
                Column("max_ns", Measure.MAX, "max_value", Unit.NS, "", "max", importance=2),
                rate("unhandled", help="times that it said the interrupt was not its own", importance=3),
                total("interrupts", importance=4),
                Column("ns_total", Measure.TOTAL, "sum", Unit.NS, "", "time", importance=5),
            ),
            "interrupts_per_second",
        ),
        Histogram("time", "time", "hardirqs_rows", Unit.NS, (_NAME,)),
    ),
    misses=(
        "Interrupts that have no handler of a device: the CPUs' own timers, those between CPUs, NMIs. What a threaded "
        "handler does later shows as its thread. Interrupts belong to no process: a target does not narrow them. "
        "Names end after 31 bytes."
    ),
)

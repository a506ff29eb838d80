"""Scheduling delay: how long threads that could run wait for a CPU."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

PROBE = Probe(
    name="runqlat",
    title="Run-queue latency",
    question="How long do threads that could run wait for a CPU?",
    slot=8,
    same=(
        "runqlat-bpfcc",
        "runqlat.bt",
    ),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sched_switch", "runqlat_switch"),
                Hook("raw_tracepoint", "sched_wakeup", "runqlat_wakeup"),
                Hook("raw_tracepoint", "sched_wakeup_new", "runqlat_wakeup"),
            ),
            fields=(
                "task_struct.__state|task_struct.state",
                "task_struct.on_cpu",
                "task_struct.tgid",
                "task_struct.comm",
            ),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "runqlat_rows",
            (Key("pid", Kind.PID),),
            (
                rate("waits", help="times that its threads got a CPU after waiting for it, per second"),
                mean("ns", "waits", Unit.NS, help="from the wake-up or the preemption until it runs"),
                largest("max_ns", Unit.NS, importance=1),
                share("ns", title="waiting", help="time spent waiting, in percent of one CPU's time", importance=2),
                total("waits", importance=3),
                total("ns", Unit.NS, title="waited", importance=4),
            ),
            "waits_per_second",
        ),
        Histogram(
            "latency",
            "latency",
            "runqlat_latency",
            Unit.NS,
            (),
            "runqlat_worst",
            (Key("pid", Kind.PID), Key("cpu", Kind.NUMBER)),
        ),
    ),
    misses=(
        "Waits that had begun when the probe started. The time a hypervisor takes away from the whole machine is not "
        "told apart from waiting. Threads of one process are summed."
    ),
)

"""Time on a CPU: how long threads run before they are switched away from."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, part, rate, share, total
from ebtop.units import Unit

PROBE = Probe(
    name="cpudist",
    title="On-CPU time",
    question="How long do threads run at a time?",
    slot=0,
    default=False,
    same=("cpudist-bpfcc",),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_switch", "cpudist_switch"),),
            fields=("task_struct.__state|task_struct.state",),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "cpudist_rows",
            (Key("pid", Kind.PID),),
            (
                rate("runs", help="times that one of its threads was switched away from, per second"),
                mean("ns", "runs", Unit.NS, help="time that it had run by then"),
                largest("max_ns", Unit.NS, importance=2),
                share("ns", importance=1, help="time on a CPU, in percent of one CPU's time; threads add up"),
                part(
                    "preempted",
                    "runs",
                    title="preempted",
                    importance=2,
                    help="of its runs, those that ended while it wanted more",
                ),
                total("runs", importance=3),
                total("ns", Unit.NS, title="ran", importance=4),
            ),
            "ns_percent",
        ),
        Histogram(
            "times",
            "time on a CPU",
            "cpudist_times",
            Unit.NS,
            (),
            "cpudist_worst",
            (Key("pid", Kind.PID), Key("cpu", Kind.NUMBER)),
        ),
    ),
    misses=(
        "What still runs: a run is counted as it ends. Interrupts, and the time that a hypervisor takes away, are part "
        "of the run that they fall into. Threads of one process are summed."
    ),
)

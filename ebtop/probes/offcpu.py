"""Time off the CPU: threads that sleep, for how long, in which state, and where."""

from ebtop.spec import Flame, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_STATES = (
    (0, "other"),
    (1, "S sleep"),
    (2, "D block"),
    (3, "I idle"),
    (4, "T stop"),
    (5, "t trace"),
    (6, "P park"),
)
"""offcpu_named in offcpu.c; letters as in ps(1)."""
_HELP = (
    "S can be woken by a signal, D cannot (disk, lock), I is an idle kernel thread, T and t are stopped, P is parked"
)

PROBE = Probe(
    name="offcpu",
    title="Off-CPU time",
    question="Who sleeps, how long, in which state, and where in the code?",
    slot=0,
    default=False,
    same=(
        "offcputime-bpfcc",
        "offwaketime-bpfcc",
        "offcputime.bt",
    ),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_switch", "offcpu_switch"),),
            fields=(
                "task_struct.__state|task_struct.state",
                "task_struct.flags",
                "task_struct.comm",
            ),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "offcpu_rows",
            (Key("pid", Kind.PID), Key("state", Kind.CODE, help=_HELP, importance=1, codes=_STATES)),
            (
                rate("sleeps", help="times that one of its threads slept and ran again, per second"),
                mean("ns", "sleeps", Unit.NS, help="from the switch away until it runs again"),
                largest("max_ns", Unit.NS, importance=2),
                share("ns", title="asleep", help="sleeps that ended, in percent of one thread's time"),
                total("sleeps", importance=4),
                total("ns", Unit.NS, title="slept", importance=3),
            ),
            "sleeps_per_second",
        ),
        Table(
            "functions",
            "functions",
            "offcpu_rows",
            (Key("function", Kind.FUNCTION), Key("module", Kind.MODULE, "in", importance=3)),
            (
                share("self_ns", title="self %", help="asleep in the function itself, percent of one thread's time"),
                share("all_ns", title="total %", help="in it and in all that it called", importance=2),
                total("self_ns", Unit.NS, "self", "asleep in the function itself since the start", importance=1),
                total("all_ns", Unit.NS, "total", "in it and in all that it called, since the start", importance=1),
            ),
            "self_ns_total",
            "offcpu_stacks",
        ),
        Table(
            "stacks",
            "folded stacks",
            "offcpu_rows",
            (Key("stack", Kind.STACK),),
            (
                share("ns", title="asleep", help="in percent of one thread's time"),
                total("sleeps", importance=1),
                total("ns", Unit.NS, title="slept", importance=2),
            ),
            "ns_total",
            "offcpu_stacks",
        ),
        Flame("flame", "flame graph", "offcpu_rows", "offcpu_stacks", "ns", Unit.NS),
        Histogram(
            "latency",
            "sleeps",
            "offcpu_latency",
            Unit.NS,
            (Key("index", Kind.CODE, "state", codes=_STATES),),
            "offcpu_worst",
            (Key("pid", Kind.PID), Key("state", Kind.CODE, codes=_STATES)),
        ),
    ),
    misses=(
        "Sleeps that had begun when the probe started, and those that have not ended: they count when the thread runs "
        "again. The wait for a CPU after the wake-up is part of a sleep (runqlat tells it apart); waits of threads "
        "that could run are not. Stacks are walked along frame pointers: a function without one hides its caller or "
        "ends the stack, which is said where it shows."
    ),
)

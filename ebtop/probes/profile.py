"""Where CPU time goes: stacks of what each CPU is doing, looked at 49 times a second."""

from ebtop.spec import Flame, Hook, Key, Kind, Probe, Table, Way, rate, share, total
from ebtop.units import Unit

PROBE = Probe(
    name="profile",
    title="CPU profile",
    question="Where does CPU time go: which functions, called by which?",
    slot=0,
    default=False,
    same=(
        "profile-bpfcc -F 49",
        "bpftrace -e 'profile:hz:49 { @[kstack, ustack, comm] = count(); }'",
        "perf record -F 49 -e cpu-clock -g -a",
    ),
    group="scheduler and interrupts",
    ways=(
        Way(
            "perf_event",
            (Hook("perf_event", "cpu-clock:49", "profile_sample"),),
            fields=("task_struct.flags",),
        ),
    ),
    views=(
        Table(
            "functions",
            "hottest functions",
            "profile_rows",
            (Key("function", Kind.FUNCTION), Key("module", Kind.MODULE, "in", importance=3)),
            (
                share("self_ns", title="self %", help="in the function itself, in percent of one CPU's time"),
                share("all_ns", title="total %", help="in it and in all that it called", importance=2),
                total("self_ns", Unit.NS, "self", "in the function itself since the start", importance=1),
                total("all_ns", Unit.NS, "total", "in it and in all that it called, since the start", importance=1),
            ),
            "self_ns_total",
            "profile_stacks",
        ),
        Table(
            "by_process",
            "by process",
            "profile_rows",
            (Key("pid", Kind.PID),),
            (
                rate("samples", help="times that a CPU was found at it, per second"),
                share("ns", help="CPU time, in percent of one CPU's, as far as samples tell"),
                total("samples", importance=3),
                total("ns", Unit.NS, title="time", importance=4),
            ),
            "ns_percent",
        ),
        Table(
            "stacks",
            "folded stacks",
            "profile_rows",
            (Key("stack", Kind.STACK),),
            (
                share("ns", title="cpu %", help="in percent of one CPU's time"),
                total("samples", title="samples", importance=1),
                total("ns", Unit.NS, title="time", importance=2),
            ),
            "ns_total",
            "profile_stacks",
        ),
        Flame("flame", "flame graph", "profile_rows", "profile_stacks", "ns", Unit.NS),
    ),
    misses=(
        "What runs while interrupts are off is seen where they are let in again. Stacks are walked along frame "
        "pointers: a function without one hides its caller or ends the stack, which is said where it shows. CPUs that "
        "come online later are not looked at."
    ),
)

"""Who makes processes and threads."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total

PROBE = Probe(
    name="example",
    title="Processes and threads made",
    question="Who makes processes and threads, and how many?",
    slot=0,  # no digit; F2 gives it one
    default=True,  # runs when nothing was chosen with --probes
    ways=(  # in order of preference: the first that works on this kernel wins, EXAMPLE_WAY in C is its number
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_process_fork", "example_made"),),  # `ebtop hooks 'rawtracepoint:*'`
            fields=("task_struct.pid", "task_struct.tgid"),  # what C reads of the kernel's structs
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "example_rows",
            (Key("pid", Kind.PID),),
            (
                rate("processes", help="made per second"),
                rate("threads", help="made per second"),
                total("processes"),
                total("threads"),
            ),
            sort="processes_per_second",
        ),
    ),
    misses="Tasks that the kernel makes for itself before the first process runs.",
)

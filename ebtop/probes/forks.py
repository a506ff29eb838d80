"""New processes and threads: who makes them."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total

PROBE = Probe(
    name="forks",
    title="Forks",
    question="Who makes new processes and threads?",
    slot=0,
    default=False,
    same=("bpftrace -e 'tracepoint:sched:sched_process_fork { @[comm] = count(); }'",),
    group="processes and system calls",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_process_fork", "forks_fork"),),
            fields=("task_struct.pid", "task_struct.tgid"),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "forks_rows",
            (Key("pid", Kind.PID),),
            (
                rate("clones", title="new/s", help="processes and threads made, per second"),
                rate("processes", title="fork/s", importance=1, help="processes made, per second"),
                rate("threads", title="thread/s", importance=2, help="threads made, per second"),
                total("clones", title="new", importance=3),
                total("processes", importance=4),
                total("threads", importance=5),
            ),
            "clones_per_second",
        ),
    ),
    misses="Attempts that failed (the probe errors has them, under clone and fork), and the tasks that io_uring makes.",
)

"""Threads that move between CPUs: whose, from which CPU to which."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total

PROBE = Probe(
    name="migrations",
    title="Migrations",
    question="Whose threads does the scheduler move from CPU to CPU?",
    slot=0,
    default=False,
    same=(
        "perf stat -e migrations",
        "bpftrace -e 'tracepoint:sched:sched_migrate_task { @[args->comm] = count(); }'",
    ),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sched_migrate_task", "migrations_migrate"),),
            fields=("task_struct.tgid", "task_struct.comm", "task_struct.thread_info.cpu|task_struct.cpu"),
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "migrations_rows",
            (Key("pid", Kind.PID),),
            (
                rate("migrations", help="times that one of its threads was given to another CPU, per second"),
                total("migrations", importance=1),
            ),
            "migrations_per_second",
        ),
        Table(
            "by_cpu",
            "by CPU",
            "migrations_cpus",
            (Key("cpu", Kind.NUMBER, "cpu"),),
            (
                rate("arrivals", help="threads that came to it, per second"),
                rate("departures", help="threads that left it, per second"),
                total("arrivals", importance=1),
                total("departures", importance=2),
            ),
            "arrivals_per_second",
        ),
    ),
    misses=(
        "Why it moved: a wake-up, an idle CPU that looks for work, or a change of affinity are all one. Threads of one "
        "process are summed."
    ),
)

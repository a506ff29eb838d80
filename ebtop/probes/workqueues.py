"""Workqueues: what the kernel puts off until later, how long that waits, and how long it takes."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_COLUMNS = (
    rate("works", help="work that began to run, per second"),
    mean("delay_ns", "works", Unit.NS, title="delay", help="from being queued until it runs"),
    largest("max_delay_ns", Unit.NS, title="max delay", importance=1),
    mean("run_ns", "runs", Unit.NS, title="runs for", help="from the first line of its function to the last"),
    largest("max_run_ns", Unit.NS, title="max run", importance=2, per="runs"),
    share("run_ns", title="busy", help="time it ran or slept, in percent of one worker's", importance=3),
    total("works", importance=4),
    total("run_ns", Unit.NS, title="time", importance=5),
)
_QUEUE = Key("queue", Kind.TEXT, "queue")
_FUNCTION = Key("function", Kind.SYMBOL, "function")
_STAGE = Key("stage", Kind.CODE, "stage", codes=((0, "waits"), (1, "runs")))

PROBE = Probe(
    name="workqueues",
    title="Workqueues",
    question="Which of the kernel's workqueues are busy, how long does work wait in them, and how long does it take?",
    slot=0,
    default=False,
    same=("wqlat-bpfcc",),
    group="scheduler and interrupts",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "workqueue_execute_end", "workqueues_end"),
                Hook("raw_tracepoint", "workqueue_execute_start", "workqueues_start"),
                Hook("raw_tracepoint", "workqueue_queue_work", "workqueues_queue"),
            ),
            fields=("pool_workqueue.wq", "workqueue_struct.name", "work_struct.func"),
        ),
    ),
    views=(
        Table("by_queue", "by queue", "workqueues_rows", (_QUEUE,), _COLUMNS, "works_per_second"),
        Table(
            "by_function", "by queue and function", "workqueues_rows", (_FUNCTION, _QUEUE), _COLUMNS, "works_per_second"
        ),
        Histogram("times", "waits and runs", "workqueues_times", Unit.NS, (_QUEUE, _STAGE)),
    ),
    misses=(
        "Work that was queued before the probe started. A flush puts work of its own behind what it waits for, which "
        "no event says was queued: it is unmatched. The time that a worker sleeps or waits for a CPU is part of how "
        "long its work runs. Kernel threads of their own (kthread_worker) are no workqueues. Work belongs to no "
        "process: a target does not narrow it."
    ),
)

"""Run-queue length: how many threads of each CPU want to run at a time."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, part, rate, total
from ebtop.units import Unit

_CPU = Key("cpu", Kind.NUMBER)
_FIELDS = (
    "task_struct.se.cfs_rq",
    "cfs_rq.rq",
    "rq.nr_running",
    "rq.cfs.h_nr_queued|rq.nr_running",
    "rq.cfs.h_nr_runnable|rq.cfs.h_nr_delayed|rq.nr_running",
)
"""Threads that sleep but are still queued: h_nr_delayed in Linux 6.12, from 6.14 on h_nr_queued less h_nr_runnable."""

PROBE = Probe(
    name="runqlen",
    title="Run-queue length",
    question="How many threads of each CPU want to run at a time?",
    slot=0,
    default=False,
    same=("runqlen-bpfcc", "runqlen.bt"),
    group="scheduler and interrupts",
    ways=(Way("perf_event", (Hook("perf_event", "cpu-clock:99", "runqlen_sample"),), fields=_FIELDS),),
    views=(
        Table(
            "by_cpu",
            "by CPU",
            "runqlen_rows",
            (_CPU,),
            (
                rate("samples", help="how often the queue was looked at, per second"),
                mean("waiting", "samples", title="waiting", help="threads that waited for the CPU, on average"),
                part("queued", "samples", title="queued %", help="of the time, some thread waited"),
                largest("max_waiting", Unit.PLAIN, help="the longest queue that was seen"),
                total("samples", importance=4),
            ),
            "mean_waiting",
        ),
        Histogram(
            "tasks",
            "threads that want to run, the running one included",
            "runqlen_rows",
            Unit.COUNT,
            (_CPU,),
            "runqlen_worst",
            (Key("pid", Kind.PID), _CPU),
        ),
    ),
    headline=("queued",),
    misses="What happens between two looks, 99 times a second: those wake idle CPUs. CPUs that come online later. "
    "Queues have no process: a target leaves none out, and ebtop's own threads count. Examples name who ran.",
)

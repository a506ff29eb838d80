"""Added nanoseconds per system call, counting and with a latency histogram; knows nothing of screens."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median

from benchmarks import rivals, workload
from benchmarks.figure import Figure

_COUNT = "tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }"
_LATENCY = (
    "tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; } "
    "tracepoint:raw_syscalls:sys_exit /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }"
)
_SETTLE_S = 3.0
"""Every one of them is attached by then, the slowest after about one."""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Both comparisons: counting with --counts-only; timing with the probe as it ships, which also counts."""
    program = workload.build(folder)
    tracers = {
        "ebtop count": rivals.ebtop("syscalls", "--counts-only"),
        "ebtop latency": rivals.ebtop("syscalls"),
        "bpftrace count": rivals.bpftrace("bpftrace `@[pid] = count()`", _COUNT),
        "syscount": rivals.syscount(folder, "-P", "-i", "1"),
        "bpftrace latency": rivals.bpftrace("bpftrace latency histogram", _LATENCY),
        "syscount latency": rivals.syscount(folder, "-L", "-i", "1"),
    }
    added: dict[str, list[float]] = {name: [] for name in tracers}
    for _ in range(rounds):
        for name, tracer in tracers.items():
            if tracer.installed:
                added[name].append(_added(program, tracer))
    ns = {name: median(values) if values else float("nan") for name, values in added.items()}
    return [
        Figure("added per system call, --counts-only", ns["ebtop count"], "ns", tracers[name].name, ns[name], bound)
        for name, bound in (("bpftrace count", 0.5), ("syscount", 0.8))
    ] + [
        Figure("added per system call, as it ships", ns["ebtop latency"], "ns", tracers[name].name, ns[name], bound)
        for name, bound in (("bpftrace latency", 0.5), ("syscount latency", 0.6))
    ]


def _added(program: Path, tracer: rivals.Rival) -> float:
    before = workload.cost_ns(program)
    with tracer.session() as session:
        session.settle(_SETTLE_S)
        traced = mean(workload.cost_ns(program) for _ in range(2))
    return traced - (before + workload.cost_ns(program)) / 2

"""What all probes of one hook cost together, beside bpftrace with the same set and beside what each costs alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from benchmarks import rivals, workload
from benchmarks.figure import Figure

_SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class _Hook:
    """Probes that hang on the same place."""

    what: str
    cost_ns: Callable[[Path], float]
    """Of one event of the known load."""
    probes: tuple[str, ...]
    same: str
    """What bpftrace does with the same questions."""


_HOOKS = (
    _Hook(
        "system call",
        workload.cost_ns,
        ("syscalls", "errors"),
        "tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; } "
        "tracepoint:raw_syscalls:sys_exit /@start[tid]/ "
        "{ @calls[pid, args->id] = count(); @ns = hist(nsecs - @start[tid]); delete(@start[tid]); } "
        "tracepoint:raw_syscalls:sys_exit /args->ret < 0/ { @errors[pid, args->id, args->ret] = count(); }",
    ),
    _Hook(
        "change of threads",
        workload.switch_ns,
        ("runqlat", "offcpu", "cpudist"),
        "tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new { @woken[args->pid] = nsecs; } "
        "tracepoint:sched:sched_switch { "
        "if (args->prev_state == 0) { @woken[args->prev_pid] = nsecs; } "
        "if (@woken[args->next_pid]) "
        "{ @waits[args->next_pid] = hist(nsecs - @woken[args->next_pid]); delete(@woken[args->next_pid]); } "
        "if (@on[args->prev_pid]) { @runs = hist(nsecs - @on[args->prev_pid]); } @on[args->next_pid] = nsecs; "
        "if (@off[args->next_pid]) { @sleeps[args->next_pid] = hist(nsecs - @off[args->next_pid]); } "
        "@off[args->prev_pid] = nsecs; @stacks[pid, kstack, ustack] = sum(nsecs - @on[args->prev_pid]); }",
    ),
)


def measure(folder: Path, rounds: int) -> list[Figure]:
    """For each hook: all together against bpftrace, and against the sum of each alone."""
    program = workload.build(folder)
    figures = []
    for hook in _HOOKS:
        together = rivals.ebtop(",".join(hook.probes))
        bpftrace = rivals.bpftrace("bpftrace, the same set", hook.same)
        tracers = [together, bpftrace, *(rivals.ebtop(probe) for probe in hook.probes)]
        added: list[list[float]] = [[] for _ in tracers]
        for _ in range(rounds):
            for tracer, measured in zip(tracers, added, strict=True):
                if tracer.installed:
                    measured.append(_added(hook, program, tracer))
        ours, theirs, *alone = [median(measured) if measured else float("nan") for measured in added]
        what = f"added per {hook.what}, {' and '.join(hook.probes)}"
        figures += [
            Figure(what, ours, "ns", bpftrace.name, theirs, 0.5),
            Figure(what, ours, "ns", "each alone, added up", sum(alone), 1),
        ]
    return figures


def _added(hook: _Hook, program: Path, tracer: rivals.Rival) -> float:
    before = hook.cost_ns(program)
    with tracer.session() as session:
        session.settle(_SETTLE_S)
        traced = mean(hook.cost_ns(program) for _ in range(2))
    return traced - (before + hook.cost_ns(program)) / 2

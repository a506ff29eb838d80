"""Memory, processor time and bytes to the terminal of programs left alone for a while, all from the same sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import rivals
from benchmarks.figure import Figure
from benchmarks.sessions import Use

_SETTLE_S, _LOOK_S = 6.0, 20.0
_COUNT = "tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }"
_MEGA = 1e6


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Three figures of ebtop with six probes at one second, on a machine with nothing else to do."""
    programs = {
        "ebtop": rivals.ebtop(),
        "glances": rivals.glances(),
        "btop": rivals.btop(folder),
        "syscount": rivals.syscount(folder, "-P", "-i", "1"),
        "bpftrace": rivals.bpftrace("bpftrace one-liner", _COUNT),
    }
    uses: dict[str, list[Use]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            if program.installed:
                uses[name].append(look(program))

    def middle(name: str, what: Callable[[Use], float]) -> float:
        return median(map(what, uses[name])) if uses[name] else float("nan")

    def figure(what: str, unit: str, rival: str, bound: float, of: Callable[[Use], float]) -> Figure:
        return Figure(what, middle("ebtop", of), unit, programs[rival].name, middle(rival, of), bound)

    memory, cpu, written = "memory of all its processes", "user-space CPU at 1 s, six probes", "to the terminal"
    return [
        figure(memory, "MB", "syscount", 0.5, lambda use: use.pss_bytes / _MEGA),
        figure(memory, "MB", "bpftrace", 0.75, lambda use: use.pss_bytes / _MEGA),
        figure(cpu, "%", "glances", 0.5, lambda use: use.cpu_percent),
        figure(cpu, "%", "btop", 2.0, lambda use: use.cpu_percent),
        figure(written, "B/s", "btop", 0.5, lambda use: use.bytes_per_second),
    ]


def look(program: rivals.Rival) -> Use:
    """What `program` uses once it has settled."""
    with program.session() as session:
        session.settle(_SETTLE_S)
        return session.use(_LOOK_S)

"""ebtop's own processor time with ten thousand rows that all change; knows nothing of rivals."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks import rivals, workload
from benchmarks.figure import Figure
from benchmarks.steady import look

KEYS = 10_000


def measure(folder: Path, rounds: int) -> list[Figure]:
    """With KEYS (process, system call) pairs, each of them active in every interval, against few."""
    program = workload.build(folder)
    few, many = [], []
    for _ in range(rounds):
        few.append(look(rivals.ebtop()).cpu_percent)
        with workload.running(program, "keys", str(KEYS // workload.KEYS_PER_PROCESS)):
            many.append(look(rivals.ebtop()).cpu_percent)
    return [Figure(f"the same with {KEYS:,} live keys", median(many), "%", "itself with few keys", median(few), 2.5)]

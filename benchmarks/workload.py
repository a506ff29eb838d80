"""The known loads, compiled from workload.c; knows nothing of who measures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("workload.c")
KEYS_PER_PROCESS = 80
"""KEYS in workload.c."""


def build(folder: Path) -> Path:
    """The compiled program, in `folder`."""
    program = folder / "workload"
    subprocess.run(["cc", "-O2", "-pthread", "-o", str(program), str(SOURCE)], check=True)
    return program


def cost_ns(program: Path, calls: int = 2_000_000) -> float:
    """Nanoseconds of CPU time of one getppid() on the last CPU, mean over `calls`."""
    cpu = max(os.sched_getaffinity(0))
    words = [str(program), "cost", str(cpu), str(calls)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def switch_ns(program: Path, turns: int = 200_000) -> float:
    """Nanoseconds of CPU time of one change between two threads on the last CPU, system calls included, mean."""
    cpu = max(os.sched_getaffinity(0))
    words = [str(program), "switch", str(cpu), str(turns)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


@contextmanager
def running(program: Path, *words: str, name: str = "workload") -> Iterator[None]:
    """The load `words` runs as process `name` inside the block."""
    alias = program.with_name(name)
    if not alias.exists():
        os.link(program, alias)
    process = subprocess.Popen([str(alias), *words])
    try:
        yield
    finally:
        process.kill()
        process.wait()

"""The parts of the benchmark by name; measures nothing itself, and imports none of them before it is measured."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from benchmarks.figure import Figure

PARTS = (
    "syscall_cost",
    "one_hook",
    "startup",
    "reading",
    "steady",
    "keys",
    "many_keys",
    "many_rows",
    "many_stacks",
    "frames",
    "history",
    "memory",
)
"""Modules with a function measure(folder, rounds)."""


def measure(part: str, folder: Path, rounds: int) -> list[Figure]:
    """The figures of one part; only its module is imported."""
    figures: list[Figure] = import_module(f"benchmarks.{part}").measure(folder, rounds)
    return figures

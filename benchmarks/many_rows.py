"""Scrolling and sorting a table of ten thousand rows that all change; knows nothing of rivals."""

from __future__ import annotations

from pathlib import Path

from benchmarks import rivals, workload
from benchmarks.figure import Figure
from benchmarks.keys import figures, pressed
from benchmarks.many_keys import KEYS

_SETTLE_S = 8.0
_DOWN, _UP, _PAGE_DOWN, _END, _HOME = "j", "k", "\x1b[6~", "\x1b[F", "\x1b[H"
_SCROLL = (_DOWN, _PAGE_DOWN, _PAGE_DOWN, _DOWN, _UP, _END, _UP, _HOME)
_SORT = (*("s", "s", "s", "r") * 3, "r")


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Keys in the maximised table of system calls by process, against 50 ms."""
    program = workload.build(folder)
    with (
        workload.running(program, "keys", str(KEYS // workload.KEYS_PER_PROCESS)),
        rivals.ebtop("syscalls").session() as session,
    ):
        session.settle(_SETTLE_S)
        session.press("m")
        scrolled, sorted_ = pressed(session, _SCROLL * rounds), pressed(session, _SORT * rounds)
    rows = f"{KEYS:,} rows"
    return [*figures(f"scrolling {rows}", scrolled), *figures(f"sorting {rows}", sorted_)]

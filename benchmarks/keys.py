"""From a key to the last byte of what it changes on the terminal, with six probes over a machine at work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median

from benchmarks import recorded, rivals
from benchmarks.figure import Figure
from benchmarks.sessions import Session

_SETTLE_S = 8.0
_TOGETHER = 3
"""Keys that are pressed between two refreshes."""
_BOUND_MS = 50.0
_TAB, _BACK = "\t", "\x1b[Z"
_TOUR = (
    *("j", "j", "k", _TAB, "j", _TAB, "s", "s", _BACK, "s", _BACK, "s"),
    *("/", "s", "h", "\x7f", "\x7f", "\r"),
    *("m", "j", "j", "s", "H", "H", "H", "H", "m"),
    *("[", "[", "[", "]", "."),
)
"""Cursor, panels, sorting; a filter as it is typed; a probe alone and its shapes; back in time and to now."""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The middle and the worst of many keys of several kinds, against 50 ms."""
    with recorded.shop(folder), rivals.ebtop().session() as session:
        session.settle(_SETTLE_S)
        return figures("key to screen, six probes at work", pressed(session, _TOUR * rounds))


def pressed(session: Session, keys: Iterable[str]) -> list[float]:
    """Milliseconds of each of `keys`, one after the other."""
    times = []
    for number, key in enumerate(keys):
        if number % _TOGETHER == 0:
            session.await_refresh()
        times.append(session.press(key) * 1e3)
    return times


def figures(what: str, times: list[float]) -> list[Figure]:
    """The middle and the worst of `times`."""
    return [
        Figure(f"{what}, {which} of {len(times)}", ms, "ms", "50 milliseconds", _BOUND_MS, 1)
        for which, ms in (("median", median(times)), ("worst", max(times)))
    ]

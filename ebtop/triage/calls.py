"""Rules about system calls, reads and writes, opens, and programs that are started."""

from __future__ import annotations

import errno

import numpy as np

from ebtop.cells import cells
from ebtop.frame import Frame, Numbers
from ebtop.triage.check import Look, Measured, Rule
from ebtop.triage.rows import named, seconds, share, summed, table, worst
from ebtop.units import Unit, text

_ERRORS = 100
"""Failed calls per second of one process that are worth a look."""
_MANY = 10_000
"""Calls per second."""
_SMALL = 64
"""Bytes."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE)
_REFUSED = (errno.EACCES, errno.EPERM)


def _calls_fail(frame: Frame) -> list[Measured]:
    rows = table(frame, "syscalls", "by_process")
    if rows is None:
        return []
    errors = rows.columns["errors_per_second"]
    shares = share(errors, rows.columns["calls_per_second"])
    places = np.flatnonzero(errors >= _ERRORS)
    places = places[np.argsort(-shares[places], kind="stable")]
    return [Measured(float(shares[place]), _failing(frame, int(rows.keys["pid"][place]))) for place in places[:3]] or [
        Measured(0)
    ]


def _failing(frame: Frame, pid: int) -> str:
    """The process, and the call of it that fails most."""
    rows = table(frame, "syscalls", "by_process_and_call")
    if rows is None:
        return str(pid)
    errors = np.where(rows.keys["pid"] == pid, rows.columns["errors_per_second"], -1.0)
    return named(frame, rows, int(errors.argmax()))


def _one_caller(frame: Frame) -> list[Measured]:
    rows = table(frame, "syscalls", "by_process")
    if rows is None:
        return []
    calls = rows.columns["calls_per_second"]
    whole = float(calls.sum())
    return worst(frame, rows, share(calls, np.full(calls.size, whole)), calls > 0)[:1] if whole >= _MANY else []


def _small(frame: Frame) -> list[Measured]:
    rows = table(frame, "rw", "by_process")
    if rows is None:
        return []
    found = []
    for word, calls, size in (
        ("read", "reads_per_second", "mean_read_bytes"),
        ("write", "writes_per_second", "mean_write_bytes"),
    ):
        sizes, rates = rows.columns[size], rows.columns[calls]
        for place in np.flatnonzero((sizes < _SMALL) & (rates > 0)).tolist():
            mean = text(float(sizes[place]), Unit.BYTES)
            found.append((float(rates[place]), place, f"{mean} a {word}"))
    found.sort(reverse=True)
    return [Measured(rate, f"{named(frame, rows, place)}, {what}") for rate, place, what in found[:3]]


def _opens(frame: Frame, errors: tuple[int, ...]) -> tuple[float, str]:
    """How many opens end with one of `errors`, per second, and whose most are: process and file."""
    rows = table(frame, "opens", "by_file")
    if rows is None:
        return 0.0, ""
    ended: Numbers = np.where(np.isin(rows.keys["errno"], errors), rows.columns["opens_per_second"], 0.0)
    if not ended.any():
        return 0.0, ""
    places, _ = summed(rows.keys["pid"], ended)
    return float(ended.sum()), named(frame, rows, int(places[0]), "pid", "path")


def _descriptors(frame: Frame) -> list[Measured]:
    rate, who = _opens(frame, _EXHAUSTED)
    return [Measured(float(round(rate * seconds(frame, "opens"))), who)]


def _not_found(frame: Frame) -> list[Measured]:
    return [Measured(*_opens(frame, (errno.ENOENT,)))]


def _not_allowed(frame: Frame) -> list[Measured]:
    return [Measured(*_opens(frame, _REFUSED))]


def _execs(frame: Frame) -> list[Measured]:
    rows = table(frame, "exec", "by_parent")
    if rows is None:
        return [Measured(0)]
    rates = rows.columns["execs_per_second"]
    place = int(rates.argmax())
    program = cells(frame, rows.view.keys[1], rows.keys, [place])[0].rpartition("/")[2]
    return [Measured(float(rates.sum()), f"{program}, by {named(frame, rows, place, 'pid')}" if rates.any() else "")]


RULES = (
    Rule(
        "descriptors",
        "Opens, no free descriptor",
        _descriptors,
        1,
        "open(2): EMFILE and ENFILE say that the limit on open files has been reached",
        probe="opens",
        look=Look("opens", "by_result", "failures_per_second"),
    ),
    Rule(
        "calls_fail",
        "System calls that fail",
        _calls_fail,
        50,
        f"ebtop's own: half of one process's calls, and {_ERRORS}/s",
        Unit.PERCENT,
        probe="syscalls",
        times=True,
        look=Look("syscalls", "by_process_and_call", "errors_per_second"),
    ),
    Rule(
        "one_caller",
        "Calls of one process",
        _one_caller,
        80,
        f"ebtop's own: of all system calls, at least {_MANY:,}/s",
        Unit.PERCENT,
        probe="syscalls",
        look=Look("syscalls", "by_process", "calls_per_second"),
    ),
    Rule(
        "small",
        "Tiny reads and writes",
        _small,
        _MANY,
        f"ebtop's own: {_MANY:,} calls/s of less than {_SMALL} bytes, a cache line",
        per_second=True,
        probe="rw",
        look=Look("rw", "by_process", "calls_per_second"),
    ),
    Rule(
        "not_found",
        "Opens of missing files",
        _not_found,
        1000,
        "ebtop's own; open(2): ENOENT",
        per_second=True,
        probe="opens",
        look=Look("opens", "by_file", "failures_per_second"),
    ),
    Rule(
        "not_allowed",
        "Opens not allowed",
        _not_allowed,
        10,
        "ebtop's own; open(2): EACCES, EPERM",
        per_second=True,
        probe="opens",
        look=Look("opens", "by_file", "failures_per_second"),
    ),
    Rule(
        "execs",
        "Programs started",
        _execs,
        100,
        "ebtop's own: at a millisecond each, a tenth of a CPU",
        per_second=True,
        probe="exec",
        look=Look("exec", "by_parent", "execs_per_second"),
    ),
)

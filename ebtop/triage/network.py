"""Rules about TCP connections, those that are made and those that are accepted."""

from __future__ import annotations

import numpy as np

from ebtop.frame import Frame
from ebtop.triage.check import Look, Measured, Rule
from ebtop.triage.rows import histogram, seconds, share, table, worst
from ebtop.units import Unit

_SECOND = 29
"""The bucket from 2**29 ns (0.54 s) to 2**30 (1.07 s), where a connect ends whose first SYN was lost."""
_FAILURES = 2
"""One may fail by chance."""


def _connects_fail(frame: Frame) -> list[Measured]:
    rows = table(frame, "tcpconnect", "by_process_and_remote")
    if rows is None:
        return []
    failures = rows.columns["failures_per_second"]
    several = failures * seconds(frame, "tcpconnect") >= _FAILURES - 0.5
    tried = np.maximum(rows.columns["connects_per_second"], failures)  # some were begun before the interval
    return worst(frame, rows, share(failures, tried), several) or [Measured(0)]


def _connects_slow(frame: Frame) -> list[Measured]:
    data = histogram(frame, "tcpconnect", "latency")
    if data is None:
        return []
    counts = data.counts.sum(axis=0)
    return [Measured(100 * float(counts[_SECOND:].sum()) / float(counts.sum()), _slowest(frame))]


def _slowest(frame: Frame) -> str:
    rows = table(frame, "tcpconnect", "by_process_and_remote")
    if rows is None:
        return ""
    found = worst(frame, rows, rows.columns["mean_ns"], rows.columns["connects_per_second"] > 0)
    return f"slowest: {found[0].who}" if found else ""


def _backlog(frame: Frame) -> list[Measured]:
    """By listener: the queue that its last accept left, as a share of what it may hold."""
    rows = table(frame, "tcpaccept", "by_process_and_ends")
    if rows is None:
        return []
    limit = rows.columns["backlog_limit"]
    accepted = (rows.columns["accepts_per_second"] > 0) & (limit > 0)
    found = worst(frame, rows, share(rows.columns["backlog"], limit), accepted, "pid", "local")
    return list({one.who: one for one in reversed(found)}.values())[::-1]


RULES = (
    Rule(
        "connects_fail",
        "TCP connects that fail",
        _connects_fail,
        5,
        "ebtop's own: one in twenty to one peer, and more than one",
        Unit.PERCENT,
        probe="tcpconnect",
        look=Look("tcpconnect", "by_process_and_remote", "failures_per_second"),
    ),
    Rule(
        "connects_slow",
        "TCP connects of a second",
        _connects_slow,
        1,
        "RFC 6298, 2.1: a SYN that was lost is sent again after 1 s; counted from 0.54 s, where that bucket begins",
        Unit.PERCENT,
        probe="tcpconnect",
        look=Look("tcpconnect", "by_process_and_remote", "mean_ns"),
    ),
    Rule(
        "backlog",
        "Accept backlog",
        _backlog,
        70,
        "listen(2): beyond the backlog, connections are refused or ignored; USE method: 70 %",
        Unit.PERCENT,
        probe="tcpaccept",
        look=Look("tcpaccept", "by_listener", "backlog"),
    ),
)

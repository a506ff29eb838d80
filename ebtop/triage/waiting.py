"""Rules about waiting for a CPU and for a disk."""

from __future__ import annotations

import math

import numpy as np

from ebtop.cells import cells
from ebtop.frame import Frame
from ebtop.quantiles import percentile
from ebtop.triage.check import Look, Measured, Rule
from ebtop.triage.rows import histogram, seconds, table, worst
from ebtop.units import Unit

_ENOUGH = 10
"""Requests from which a device's latency says something."""
_DEAN = "Dean, Numbers Everyone Should Know: a disk seek takes 10 ms"
_WAITING = Look("runqlat", "by_process", "ns_percent")
_SLOW = Look("blockio", "by_device", "mean_ns")


def sched_latency_ns(frame: Frame) -> float:
    """6 ms for one CPU, 12 for two, 24 from eight on: what CFS aimed at on a machine of so many."""
    return 6e6 * (1 + math.floor(math.log2(max(1, min(8, frame.sample.host.cpus)))))


def _run_queue(frame: Frame) -> list[Measured]:
    waits = histogram(frame, "runqlat", "latency")
    if waits is None:
        return []
    p99 = percentile(waits.counts.sum(axis=0), 0.99, float(waits.largest.max()))
    return [Measured(p99, _most_waiting(frame))]


def _most_waiting(frame: Frame) -> str:
    rows = table(frame, "runqlat", "by_process")
    if rows is None:
        return ""
    first = worst(frame, rows, rows.columns["ns_percent"], np.ones(rows.keys.size, np.bool_))
    return f"most: {first[0].who}" if first and first[0].value > 0 else ""


def _runnable(frame: Frame) -> list[Measured]:
    """Threads that run or wait for a CPU, a mean over the interval, for each CPU."""
    rows, cpus = table(frame, "runqlat", "by_process"), max(1, frame.sample.host.cpus)
    waiting = float(rows.columns["ns_percent"].sum()) if rows is not None else 0.0
    return [Measured((frame.cpu_percent + waiting / cpus) / 100, _most_waiting(frame))]


def _disk_mean(frame: Frame) -> list[Measured]:
    rows = table(frame, "blockio", "by_device")
    if rows is None:
        return []
    enough = rows.columns["ops_per_second"] * seconds(frame, "blockio") >= _ENOUGH
    return worst(frame, rows, rows.columns["mean_ns"], enough)


def _disk_p99(frame: Frame) -> list[Measured]:
    data = histogram(frame, "blockio", "latency")
    if data is None:
        return []
    devices, group = np.unique(data.keys["device"], return_inverse=True)
    found = []
    for place in range(devices.size):
        counts, first = data.counts[group == place].sum(axis=0), int(np.flatnonzero(group == place)[0])
        if counts.sum() >= _ENOUGH:
            name = cells(frame, data.view.by[0], data.keys, [first])[0]
            found.append(Measured(percentile(counts, 0.99, float(data.largest[group == place].max())), name))
    return sorted(found, key=lambda one: -one.value)


def _disk_errors(frame: Frame) -> list[Measured]:
    rows = table(frame, "blockio", "by_process_and_device")
    if rows is None:
        return []
    errors = rows.columns["errors_per_second"] * seconds(frame, "blockio")
    return worst(frame, rows, np.round(errors), errors > 0) or [Measured(0)]


RULES = (
    Rule(
        "run_queue_p99",
        "Wait for a CPU, ~p99",
        _run_queue,
        sched_latency_ns,
        "kernel/sched/fair.c up to 6.5, sched_latency: 6 ms × (1 + log2 CPUs), in which each thread runs once",
        Unit.NS,
        probe="runqlat",
        look=_WAITING,
    ),
    Rule(
        "runnable",
        "Runnable threads per CPU",
        _runnable,
        1,
        "USE method, Linux checklist: more runnable threads than CPUs is saturation (vmstat, r)",
        probe="runqlat",
        look=_WAITING,
    ),
    Rule("disk_mean", "Disk latency, mean", _disk_mean, 10e6, _DEAN, Unit.NS, probe="blockio", look=_SLOW),
    Rule(
        "disk_p99",
        "Disk latency, ~p99",
        _disk_p99,
        100e6,
        f"{_DEAN}; this is ten of them",
        Unit.NS,
        probe="blockio",
        look=Look("blockio", "by_process_and_device", "max_ns"),
    ),
    Rule(
        "disk_errors",
        "Disk errors",
        _disk_errors,
        1,
        "USE method: error counters above zero should be investigated",
        probe="blockio",
        look=Look("blockio", "by_process_and_device", "errors_per_second"),
    ),
)

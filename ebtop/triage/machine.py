"""Rules about the machine as a whole, and about ebtop itself: they need no probe."""

from __future__ import annotations

from ebtop.brake import BOUND_PERCENT
from ebtop.frame import Frame
from ebtop.spec import Table
from ebtop.triage.check import Look, Measured, Rule
from ebtop.units import Unit, text

_PSI = "kernel documentation, accounting/psi.rst: its example of a trigger, 150 ms of stall in 1 s"
_WAITING = Look("runqlat", "by_process", "ns_percent")
_PAGED = Look("blockio", "by_process", "read_bytes_per_second")


def _cpu_busy(frame: Frame) -> list[Measured]:
    return [Measured(frame.cpu_percent, f"{frame.sample.host.cpus} CPUs")]


def _load(frame: Frame) -> list[Measured]:
    host = frame.sample.host
    return [Measured(host.load1 / max(1, host.cpus), f"load {host.load1:.2f} on {host.cpus} CPUs")]


def _memory_used(frame: Frame) -> list[Measured]:
    host = frame.sample.host
    used, whole = host.memory_used_bytes, host.memory_total_bytes
    who = f"{text(used, Unit.BYTES)} of {text(whole, Unit.BYTES)}"
    return [Measured(100 * used / whole if whole else float("nan"), who)]


def _own_cost(frame: Frame) -> list[Measured]:
    user, kernel = frame.self_user_percent, frame.self_kernel_percent
    known = kernel if kernel == kernel else 0.0
    costs = {name: probe.cpu_percent for name, probe in frame.probes.items() if probe.cpu_percent > 0}
    dearest = max(costs, key=costs.__getitem__, default="")
    return [Measured(user + known, f"dearest probe: {dearest}" if dearest else "", _first(frame, dearest))]


def _lost(frame: Frame) -> list[Measured]:
    """By probe: drops and lost records since it started."""
    lost = {name: probe.sample.totals.drops + probe.sample.totals.lost for name, probe in frame.probes.items()}
    names = sorted((name for name in lost if lost[name]), key=lambda name: -lost[name])
    return [Measured(lost[name], name, _first(frame, name)) for name in names] or [Measured(0)]


def _first(frame: Frame, probe: str) -> Look | None:
    """The first table of `probe`."""
    views = frame.probes[probe].probe.views if probe else ()
    return next((Look(probe, view.name, view.sort) for view in views if isinstance(view, Table)), None)


RULES = (
    Rule(
        "cpu_busy",
        "CPU busy",
        _cpu_busy,
        70,
        "USE method (Gregg): utilisation beyond 70 % can begin to be a problem",
        Unit.PERCENT,
        look=_WAITING,
    ),
    Rule(
        "load",
        "Load per CPU, last minute",
        _load,
        1,
        "uptime(1): 1 for each CPU means that it was loaded all the time",
        look=_WAITING,
    ),
    Rule(
        "cpu_pressure",
        "CPU pressure",
        lambda frame: [Measured(frame.cpu_pressure_percent)],
        15,
        _PSI,
        Unit.PERCENT,
        look=_WAITING,
    ),
    Rule(
        "memory_used",
        "Memory used",
        _memory_used,
        90,
        "oomd.conf(5), SwapUsedLimit=: systemd-oomd acts from 90 % of memory on (when swap is as full)",
        Unit.PERCENT,
    ),
    Rule(
        "memory_pressure",
        "Memory pressure",
        lambda frame: [Measured(frame.memory_pressure_percent)],
        15,
        _PSI,
        Unit.PERCENT,
        look=_PAGED,
    ),
    Rule(
        "swapping",
        "Swapping, in and out",
        lambda frame: [Measured(frame.swapped_bytes_per_second)],
        1e6,
        "USE method, Linux checklist: swapping is memory saturation; the bound is ebtop's own",
        Unit.BYTES,
        per_second=True,
        look=_PAGED,
    ),
    Rule(
        "io_pressure",
        "I/O pressure",
        lambda frame: [Measured(frame.io_pressure_percent)],
        15,
        _PSI,
        Unit.PERCENT,
        look=Look("blockio", "by_device", "mean_ns"),
    ),
)
OWN = (
    Rule("lost", "Events ebtop lost", _lost, 1, "ebtop's own: they are missing in every figure of that probe"),
    Rule(
        "own_cost",
        "Cost of ebtop itself",
        _own_cost,
        BOUND_PERCENT,
        "ebtop's own: what --max-overhead is unless it is given",
        Unit.PERCENT,
    ),
)

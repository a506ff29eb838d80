"""A frame as one JSON document, everything in it, by the schema beside this file; knows nothing of files or screens."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime

from ebtop import __version__, cells
from ebtop.export.jsonviews import UNSEEN, Document, iso, number, view_document
from ebtop.frame import Frame, ProbeFrame

VERSION = 1
"""Of the schema; a new one where something that was there changes its meaning, not where something is added."""


def snapshot(frame: Frame) -> Document:
    """Everything that was collected, as the schema has it; rates are per second of the frame's interval.

    Numbers that were not measured are null. Raw numbers carry their unit in their names, rows carry numbers and the
    names that this machine has for them (program, user, container or unit, call, device, address).
    """
    return {
        "schema": "ebtop.snapshot",
        "version": VERSION,
        "ebtop_version": __version__,
        "host": _host(frame),
        "time": _time(frame),
        "self": _self(frame),
        "target": {**asdict(frame.sample.target), "pids": list(frame.sample.target.pids)},
        "messages": list(frame.sample.messages),
        "probes": {name: _probe(frame, probe) for name, probe in frame.probes.items()},
        "processes": {str(pid): _process(frame, pid) for pid in sorted(frame.sample.details)},
    }


def encode(frame: Frame) -> bytes:
    """The snapshot as JSON text in ASCII, so that no terminal, pager or editor can be led astray by it."""
    return json.dumps(snapshot(frame), allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def default_name(frame: Frame, suffix: str = ".json") -> str:
    """A file name that says where and when: ebtop-HOST-20261123-140321.json, in the machine's own time."""
    host = re.sub(r"[^A-Za-z0-9._-]+", "-", frame.sample.host.hostname)[:64].strip("-.") or "host"
    return f"ebtop-{host}-{datetime.fromtimestamp(frame.sample.wall_ns // 10**9):%Y%m%d-%H%M%S}{suffix}"


def _host(frame: Frame) -> Document:
    host = frame.sample.host
    return {
        "name": host.hostname,
        "kernel": host.kernel,
        "architecture": host.architecture,
        "bcc_version": host.bcc,
        "cpus": host.cpus,
        "cpu_percent": number(frame.cpu_percent),
        "load1": host.load1,
        "memory_used_bytes": host.memory_used_bytes,
        "memory_total_bytes": host.memory_total_bytes,
        "cpu_pressure_percent": number(frame.cpu_pressure_percent),
        "io_pressure_percent": number(frame.io_pressure_percent),
        "memory_pressure_percent": number(frame.memory_pressure_percent),
        "swapped_bytes_per_second": number(frame.swapped_bytes_per_second),
    }


def _time(frame: Frame) -> Document:
    sample = frame.sample
    return {
        "wall": iso(sample.wall_ns),
        "wall_ns": sample.wall_ns,
        "monotonic_ns": sample.monotonic_ns,
        "interval_seconds": sample.interval_s,
        "measured_seconds": number(frame.seconds),
    }


def _self(frame: Frame) -> Document:
    return {
        "user_percent": number(frame.self_user_percent),
        "kernel_percent": number(frame.self_kernel_percent),
        "cpu_seconds": frame.sample.host.self_cpu_s,
        "memory_bytes": frame.sample.host.self_memory_bytes,
        "lost": frame.lost,
    }


def _process(frame: Frame, pid: int) -> Document:
    """What there is to say of a process besides what it did."""
    detail, process = frame.sample.details[pid], frame.sample.processes.get(pid, UNSEEN)
    return {
        "program": process.name,
        "user": process.user,
        "unit": process.unit,
        "container": process.container,
        "command": detail.command,
        "ppid": detail.ppid,
        "parent_program": detail.parent,
        "started": iso(round(detail.started_s * 1e9)),
        "threads": detail.threads,
        "memory_bytes": detail.memory_bytes,
        "cgroup": detail.cgroup,
    }


def _probe(frame: Frame, given: ProbeFrame) -> Document:
    probe, sample = given.probe, given.sample
    started = sample.started_ns
    return {
        "title": probe.title,
        "question": probe.question,
        "state": sample.state.value,
        "hook": sample.hook,
        "targets": list(sample.targets),
        "error": sample.error,
        "log": sample.log,
        "misses": [text for text in (probe.misses, sample.misses) if text],
        "started": iso(cells.wall_ns(frame, started)) if started else None,
        "started_monotonic_ns": started or None,
        "rate_per_second": number(given.rate),
        "rate_unit": probe.headline_unit.value,
        "events_per_second": number(given.events_per_second),
        "totals": {name: getattr(sample.totals, name) for name in ("total", "drops", "lost", "unmatched", "pruned")},
        "cost": {
            "slice_ns": sample.cost.slice_ns,
            "runs": sample.cost.runs,
            "run_ns": sample.cost.run_ns,
            "ns_per_event": number(given.ns_per_event),
            "cpu_percent": number(given.cpu_percent),
        },
        "views": {name: view_document(frame, view, sample) for name, view in given.views.items()},
    }

"""A frame as one JSON document, everything in it, by the schema beside this file; knows nothing of files or screens."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ebtop import __version__, cells, rows
from ebtop.frame import EventsFrame, FlameFrame, Frame, HistogramFrame, ProbeFrame, TableFrame, ViewFrame, fields_of
from ebtop.quantiles import percentile
from ebtop.sample import BUCKETS, MapRows, ProbeSample, Process, Records, bucket_edges
from ebtop.spec import Column, Histogram, Key, Kind, Measure, Table

VERSION = 1
"""Of the schema; a new one where something that was there changes its meaning, not where something is added."""
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
_UNSEEN = Process("")
_WHOLE = (Measure.TOTAL, Measure.MAX, Measure.GAUGE)
Document = dict[str, Any]
Columns = dict[str, list[Any]]


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


def iso(wall_ns: int) -> str:
    """ISO 8601 in UTC, to the nanosecond."""
    return f"{datetime.fromtimestamp(wall_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{wall_ns % 10**9:09d}Z"


def _host(frame: Frame) -> Document:
    host = frame.sample.host
    return {
        "name": host.hostname,
        "kernel": host.kernel,
        "architecture": host.architecture,
        "bcc_version": host.bcc,
        "cpus": host.cpus,
        "cpu_percent": _number(frame.cpu_percent),
        "load1": host.load1,
        "memory_used_bytes": host.memory_used_bytes,
        "memory_total_bytes": host.memory_total_bytes,
        "cpu_pressure_percent": _number(frame.cpu_pressure_percent),
        "io_pressure_percent": _number(frame.io_pressure_percent),
        "memory_pressure_percent": _number(frame.memory_pressure_percent),
        "swapped_bytes_per_second": _number(frame.swapped_bytes_per_second),
    }


def _time(frame: Frame) -> Document:
    sample = frame.sample
    return {
        "wall": iso(sample.wall_ns),
        "wall_ns": sample.wall_ns,
        "monotonic_ns": sample.monotonic_ns,
        "interval_seconds": sample.interval_s,
        "measured_seconds": _number(frame.seconds),
    }


def _self(frame: Frame) -> Document:
    return {
        "user_percent": _number(frame.self_user_percent),
        "kernel_percent": _number(frame.self_kernel_percent),
        "cpu_seconds": frame.sample.host.self_cpu_s,
        "memory_bytes": frame.sample.host.self_memory_bytes,
        "lost": frame.lost,
    }


def _process(frame: Frame, pid: int) -> Document:
    """What there is to say of a process besides what it did."""
    detail, process = frame.sample.details[pid], frame.sample.processes.get(pid, _UNSEEN)
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
        "rate_per_second": _number(given.rate),
        "rate_unit": probe.headline_unit.value,
        "events_per_second": _number(given.events_per_second),
        "totals": {name: getattr(sample.totals, name) for name in ("total", "drops", "lost", "unmatched", "pruned")},
        "cost": {
            "slice_ns": sample.cost.slice_ns,
            "runs": sample.cost.runs,
            "run_ns": sample.cost.run_ns,
            "ns_per_event": _number(given.ns_per_event),
            "cpu_percent": _number(given.cpu_percent),
        },
        "views": {name: _view(frame, view, sample) for name, view in given.views.items()},
    }


def _view(frame: Frame, view: ViewFrame, sample: ProbeSample) -> Document:
    if isinstance(view, TableFrame):
        return _table(frame, view, sample.maps[view.view.map])
    if isinstance(view, HistogramFrame):
        examples = _examples(frame, view.view, sample.worst.get(view.view.name))
        return {**_histograms(frame, view, sample.maps[view.view.map]), "worst": examples}
    if isinstance(view, FlameFrame):
        return _flame(frame, view)
    return _events(frame, view)


def _table(frame: Frame, given: TableFrame, behind: MapRows) -> Document:
    view = given.view
    named = _keys(frame, view.keys, given.keys, given.comm)
    measured = {column.name: _column(column, given.columns[column.name]) for column in view.columns}
    return {
        "kind": "table",
        "title": view.title,
        "map": view.map,
        "map_rows": int(behind.keys.size),
        "map_capacity": behind.capacity,
        "columns": [
            {"name": column.name, "measure": column.measure.value, "unit": column.unit.value} for column in view.columns
        ],
        "rows": _records({**named, **_cumulative(view, behind), **measured}, given.keys.size),
    }


def _cumulative(view: Table, behind: MapRows) -> Columns:
    """FIELD_total of every counter that a column is made from: what rates are differences of."""
    measures = (Measure.RATE, Measure.MEAN, Measure.PART, Measure.SHARE)
    if view.stacks:  # a row is made of parts of several rows; what it has counted is among its columns
        return {}
    counters = [field for column in view.columns if column.measure in measures for field in (column.field, column.per)]
    keys, place = rows.group(behind.keys, tuple(key.field for key in view.keys))
    return {
        f"{field}_total": rows.add(behind.values[field], place, keys.size).tolist()
        for field in dict.fromkeys(counters)
        if field
    }


def _column(column: Column, numbers: Any) -> list[Any]:
    if column.measure in _WHOLE and not np.isnan(numbers).any():
        return [int(number) for number in numbers.tolist()]
    return [_number(number) for number in numbers.tolist()]


def _histograms(frame: Frame, given: HistogramFrame, behind: MapRows) -> Document:
    view = given.view
    lower, upper = _edges(view)
    unit = view.unit.value
    counted = {
        "count": given.totals.sum(axis=1).tolist(),
        f"sum_{unit}": [_whole(number) for number in given.sums.tolist()],
        f"max_{unit}": [_whole(number) for number in given.largest.tolist()],
        **{f"{name}_{unit}": _percentiles(given, share) for name, share in _QUANTILES.items()},
        "interval_counts": given.counts.tolist(),
        "total_counts": given.totals.tolist(),
    }
    keys = _keys(frame, view.by, given.keys, None, view) if view.by else {}
    return {
        "kind": "histograms",
        "title": view.title,
        "map": view.map,
        "map_capacity": behind.capacity,
        "unit": unit,
        f"lower_{unit}": lower,
        f"upper_{unit}": upper,
        "histograms": _records({**keys, **counted}, len(given.totals)),
    }


def _edges(view: Histogram) -> tuple[list[int | None], list[int | None]]:
    """Lower and upper edges of all buckets, None where one has none, or is never used."""
    if not view.edges:
        edges: list[int | None] = bucket_edges().tolist()
        return edges[:-1], [*edges[1:-1], None]
    rest: list[int | None] = [None] * (BUCKETS - len(view.edges))
    return [None, *view.edges, *rest[1:]], [*view.edges, *rest]


def _examples(frame: Frame, view: Histogram, records: Records | None) -> list[Document]:
    """The worst example of each bucket in the interval, over all keys, with the lower edge of its bucket."""
    if records is None:
        return []
    unit, edges = view.unit.value, bucket_edges()
    comm = records["comm"] if "comm" in fields_of(records) else None
    values = {
        f"lower_{unit}": edges[records["bucket"]].tolist(),
        f"value_{unit}": records["value"].tolist(),
    }
    return _records({**values, **_keys(frame, view.worst_keys, records, comm)}, records.size)


def _percentiles(given: HistogramFrame, share: float) -> list[float | None]:
    pairs = zip(given.totals, given.largest.tolist(), strict=True)
    return [_number(percentile(totals, share, largest, given.view.edges)) for totals, largest in pairs]


def _flame(frame: Frame, given: FlameFrame) -> Document:
    unit = given.view.unit.value
    functions = [[cells.function(frame, number) for number in path if number] for path in given.paths.tolist()]
    counted = {f"total_{unit}": given.counts.tolist(), f"interval_{unit}": given.recent.tolist()}
    return {
        "kind": "flame graph",
        "title": given.view.title,
        "map": given.view.map,
        "unit": unit,
        "stacks": _records({"functions": functions, **counted}, len(functions)),
    }


def _events(frame: Frame, given: EventsFrame) -> Document:
    comm = given.records["comm"] if "comm" in fields_of(given.records) else None
    return {
        "kind": "events",
        "title": given.view.title,
        "map": given.view.map,
        "seen": given.seen,
        "records": _records(_keys(frame, given.view.keys, given.records, comm), given.records.size),
    }


def _keys(
    frame: Frame, keys: Iterable[Key], records: Records, comm: Any, histogram: Histogram | None = None
) -> Columns:
    """The members that name a row, by column; an array's "index" goes by what it means."""
    members: Columns = {}
    for key in keys:
        name = key.kind.value if histogram and key.field == "index" else key.field
        members |= _named(frame, key, name, records, comm)
    return members


def _named(frame: Frame, key: Key, name: str, records: Records, comm: Any) -> Columns:
    texts = cells.cells(frame, key, records)
    if key.kind in (Kind.TEXT, Kind.NUMBERED, Kind.DIRECTION, Kind.FUNCTION, Kind.MODULE, Kind.STACK):
        return {name: texts}
    if key.kind is Kind.ADDRESS:
        pairs = cells.addresses(records[key.field])
        parts: Columns = {
            f"{name}_ip": [cells.ip_text(ip) for ip, _ in pairs],
            f"{name}_port": [port for _, port in pairs],
        }
        return {name: texts, **parts}
    numbers = records[key.field].tolist()
    if key.kind is Kind.SYMBOL:  # as text: most readers of JSON keep 53 bits of a number
        return {name: [f"{number:#x}" for number in numbers], f"{name}_name": texts}
    if key.kind is Kind.TIME:
        return {name: [iso(cells.wall_ns(frame, at)) for at in numbers], f"{name}_monotonic_ns": numbers}
    if key.kind is Kind.PID:
        before = "" if name == "pid" else f"{name}_"
        names = comm.tolist() if comm is not None and not before else [b""] * len(numbers)
        programs = [frame.name_of(pid, said) for pid, said in zip(numbers, names, strict=True)]
        seen = [frame.sample.processes.get(pid, _UNSEEN) for pid in numbers]
        return {
            name: numbers,
            f"{before}program": programs,
            f"{before}user": [process.user for process in seen],
            f"{before}unit": [process.unit for process in seen],
            f"{before}container": [process.container for process in seen],
        }
    if key.kind in (Kind.NUMBER, Kind.OBJECT):
        return {name: numbers}
    return {name: numbers, f"{name}_name": texts}


def _records(columns: Columns, count: int) -> list[Document]:
    if not columns:
        return [{} for _ in range(count)]
    return [dict(zip(columns, record, strict=True)) for record in zip(*columns.values(), strict=True)]


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

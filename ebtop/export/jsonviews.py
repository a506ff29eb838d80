"""The views of a probe for the JSON document: their rows as records; knows nothing of the rest of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ebtop import cells, rows
from ebtop.frame import EventsFrame, FlameFrame, Frame, HistogramFrame, TableFrame, ViewFrame, fields_of
from ebtop.quantiles import percentile
from ebtop.sample import BUCKETS, MapRows, ProbeSample, Process, Records, bucket_edges
from ebtop.spec import Column, Histogram, Key, Kind, Measure, Table

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
UNSEEN = Process("")
_WHOLE = (Measure.TOTAL, Measure.MAX, Measure.GAUGE)
Document = dict[str, Any]
Columns = dict[str, list[Any]]


def iso(wall_ns: int) -> str:
    """ISO 8601 in UTC, to the nanosecond."""
    return f"{datetime.fromtimestamp(wall_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{wall_ns % 10**9:09d}Z"


def view_document(frame: Frame, view: ViewFrame, sample: ProbeSample) -> Document:
    """One view, whatever it is; `sample` is what it was derived from."""
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
    return [number(value) for value in numbers.tolist()]


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
    return [number(percentile(totals, share, largest, given.view.edges)) for totals, largest in pairs]


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
        seen = [frame.sample.processes.get(pid, UNSEEN) for pid in numbers]
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


def number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

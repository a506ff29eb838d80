"""A sample as one nested document of plain values, and what changes in it; knows nothing of files or arrays' bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from ebtop import dtypes
from ebtop.sample import (
    Cost,
    Detail,
    EventTail,
    HostSample,
    MapRows,
    ProbeSample,
    Process,
    Sample,
    State,
    Target,
    Totals,
)
from ebtop.spec import Probe
from ebtop.text import clean

_LARGEST = 1e18
"""No clock, no size and no share that was ever measured reaches it, and sums of such stay finite."""


def _int(value: Any) -> int:
    number = int(value)
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError("a number does not fit in 64 bits")
    return number


def _float(value: Any) -> float:
    number = float(value)
    if abs(number) > _LARGEST:
        raise ValueError("a number is out of bounds")
    return number


_SCALARS: dict[str, Callable[[Any], Any]] = {"str": str, "int": _int, "float": _float, "bool": bool}
_LOG = "log"
"""ProbeSample.log: the one text of several lines."""

Document = dict[str, Any]
Path = list[str]
Arrays = dict[tuple[str, str, str], MapRows | EventTail]
"""By probe, "maps", "events" or "worst", and name of the map or, for worst examples, the view."""
Labels = dict[str, dict[int, str]]
Kind = TypeVar("Kind")


def document_of(sample: Sample) -> Document:
    """Everything in `sample` that is not an array; map contents leave layout, number of rows and capacity."""
    return {
        "sample": _scalars(sample),
        "messages": list(sample.messages),
        "host": _scalars(sample.host),
        "processes": {str(pid): _scalars(process) for pid, process in sample.processes.items()},
        "details": {str(pid): _scalars(detail) for pid, detail in sample.details.items()},
        "target": {**_scalars(sample.target), "pids": list(sample.target.pids)},
        "labels": {
            kind: {str(number): name for number, name in names.items()} for kind, names in sample.labels.items()
        },
        "probes": {name: _probe_document(probe) for name, probe in sample.probes.items()},
        "declared": _written(sample.declared) if sample.declared else {},
    }


def _probe_document(probe: ProbeSample) -> Document:
    return {
        "state": probe.state.value,
        "targets": list(probe.targets),
        "scalars": _scalars(probe),
        "totals": _scalars(probe.totals),
        "cost": _scalars(probe.cost),
        "maps": {
            name: {
                "capacity": content.capacity,
                "rows": int(content.keys.size),
                "key": dtypes.layout(content.keys.dtype),
                "value": dtypes.layout(content.values.dtype),
            }
            for name, content in probe.maps.items()
        },
        "events": {
            name: {"seen": tail.seen, "rows": int(tail.records.size), "record": dtypes.layout(tail.records.dtype)}
            for name, tail in probe.events.items()
        },
        "worst": {
            view: {"seen": 0, "rows": int(examples.size), "record": dtypes.layout(examples.dtype)}
            for view, examples in probe.worst.items()
        },
    }


def _scalars(record: Any) -> Document:
    """Its plain members; what is not known (NaN) is left out, and so is what it is by default when read."""
    members = ((field.name, getattr(record, field.name)) for field in fields(record) if field.type in _SCALARS)
    return {name: value for name, value in members if value == value}


def _build(kind: type[Kind], content: Mapping[str, Any], **others: Any) -> Kind:
    """A dataclass from its scalars; those the file does not know keep their defaults, those unknown here are left."""
    known = {field.name: str(field.type) for field in fields(kind) if field.type in _SCALARS}  # type: ignore[arg-type]  # all are dataclasses
    return kind(**{name: _SCALARS[type_](content[name]) for name, type_ in known.items() if name in content}, **others)


def labels_of(document: Document, before: Labels) -> Labels:
    """The names of numbers; where some have only been added, in the dictionary of the one before, as in live ones."""
    labels: Labels = {}
    for kind, names in document.items():
        now, known = {int(number): str(name) for number, name in names.items()}, before.get(kind, {})
        if known.items() <= now.items():
            known.update(now)
            labels[kind] = known
        else:
            labels[kind] = now
    return labels


def sample_of(document: Document, arrays: Arrays, labels: Labels) -> Sample:
    """The sample of which these are the parts."""
    return _build(
        Sample,
        document["sample"],
        host=_build(HostSample, document["host"]),
        probes={name: _probe(name, content, arrays) for name, content in document["probes"].items()},
        processes={int(pid): _process(content) for pid, content in document["processes"].items()},
        details={int(pid): _build(Detail, content) for pid, content in document.get("details", {}).items()},
        target=_target(document.get("target", {})),
        labels=labels,
        messages=tuple(str(message) for message in document["messages"]),
        declared=_declared(document["declared"]) if document.get("declared") else {},
    )


def _written(probes: Mapping[str, Probe]) -> dict[str, str]:
    from ebtop.declarations import written  # which most sessions have no use for

    return {name: written(probe) for name, probe in probes.items()}


def _declared(texts: Mapping[str, str]) -> dict[str, Probe]:
    from ebtop.declarations import declarations

    return declarations(texts)


def _process(content: Any) -> Process:
    """Recordings of before have a list of name and user."""
    return Process(str(content[0]), str(content[1])) if isinstance(content, list) else _build(Process, content)


def _target(content: Document) -> Target:
    return _build(Target, content, pids=tuple(int(pid) for pid in content.get("pids", ())))


def _probe(name: str, content: Document, arrays: Arrays) -> ProbeSample:
    return _build(
        ProbeSample,
        content["scalars"],
        state=State(content["state"]),
        targets=tuple(str(target) for target in content["targets"]),
        totals=_build(Totals, content["totals"]),
        cost=_build(Cost, content["cost"]),
        maps={map_name: arrays[name, "maps", map_name] for map_name in content["maps"]},
        events={map_name: arrays[name, "events", map_name] for map_name in content["events"]},
        worst={
            view: tail.records
            for view in content.get("worst", {})
            if isinstance(tail := arrays[name, "worst", view], EventTail)
        },
    )


def changes(before: Document, now: Document, path: Path) -> Iterator[list[Any]]:
    """What turns `before` into `now`: [path, value] for what is new or other, [path] for what is gone."""
    for name, value in now.items():
        there = before.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            yield from changes(there, value, [*path, name])
        elif name not in before or value != there:
            yield [[*path, name], value]
    yield from ([[*path, name]] for name in before if name not in now)


def applied(document: Document, news: list[Any]) -> Document:
    """`document` after such changes, of which every text is cleaned; what is raised for nonsense may be anything."""
    for path, *value in news:
        *way, last = map(clean, path)
        place = document
        for name in way:
            place = place[name]
        if value:
            place[last] = _cleaned(value[0], last)
        else:
            del place[last]
    return document


def _cleaned(value: Any, name: str) -> Any:
    """`value`, called `name`, with every text in it clean; logs keep their lines."""
    if isinstance(value, str):
        return "\n".join(map(clean, value.split("\n"))) if name == _LOG else clean(value)
    if isinstance(value, list):
        return [_cleaned(item, "") for item in value]
    if isinstance(value, dict):
        return {clean(inner): _cleaned(item, inner) for inner, item in value.items()}
    return value

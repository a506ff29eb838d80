"""Samples in a file: raw and cumulative, each as what changed since the one before; knows nothing of rates or time.

Magic, then one block for each sample: two little-endian u32 (compressed and plain length) and a zlib stream of a JSON
part (what changed in the dataclasses, as path and value) and the arrays, each after its length, as `planes` packs them.
No code is ever read from a file: no pickle, no object dtypes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, BinaryIO, TypeVar

from ebtop import dtypes, planes
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
from ebtop.text import clean

MAGIC = b"ebtop recording 1\n"
PLAIN_LIMIT = 256 << 20
"""Bytes that one sample may have, uncompressed."""
_BLOCK = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
_SCALARS: dict[str, Callable[[Any], Any]] = {"str": str, "int": int, "float": float, "bool": bool}
_DAMAGE = (
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    ValueError,
    OverflowError,
    RecursionError,
    struct.error,
    zlib.error,
)

Document = dict[str, Any]
Path = list[str]
Arrays = dict[tuple[str, str, str], MapRows | EventTail]
"""By probe, "maps", "events" or "worst", and name of the map or, for worst examples, the view."""
Labels = dict[str, dict[int, str]]
Kind = TypeVar("Kind")


class Writer:
    """Writes samples to `file` as they come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._document: Document = {}
        self._arrays: Arrays = {}
        file.write(MAGIC)

    def write(self, sample: Sample) -> None:
        """Append `sample`; ValueError if it is larger than a reader would take, OSError if the file cannot take it."""
        document, arrays = _document(sample), _arrays(sample)
        head = json.dumps(list(_changes(self._document, document, [])), separators=(",", ":")).encode()
        parts = [_pack(array, self._arrays.get(name)) for name, array in arrays.items()]
        plain = b"".join([_LENGTH.pack(len(head)), head, *(_LENGTH.pack(len(part)) + part for part in parts)])
        if len(plain) > PLAIN_LIMIT:
            raise ValueError(f"a sample of {len(plain)} bytes is too large to be recorded")
        packed = zlib.compress(plain, 9)
        self._file.write(_BLOCK.pack(len(packed), len(plain)) + packed)
        self._document, self._arrays = document, arrays


def read(file: BinaryIO) -> Iterator[Sample]:
    """The samples of `file`; ValueError where it is damaged or cut off, after all that stand before the damage.

    Text is cleaned again, for a file may come from anywhere.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("not an ebtop recording, or one of another version")
    document: Document = {}
    arrays: Arrays = {}
    labels: Labels = {}
    count = 0
    while header := file.read(_BLOCK.size):
        try:
            plain = _block(file, header)
            split = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
            document = _apply(document, json.loads(plain[_LENGTH.size : split]))
            arrays = _unpack(document, arrays, memoryview(plain)[split:])
            labels = _labels(document["labels"], labels)
            sample = _sample(document, arrays, labels)
        except _DAMAGE as error:
            raise ValueError(f"the recording is damaged after {count} samples: {clean(str(error))}") from error
        yield sample
        count += 1


def _block(file: BinaryIO, header: bytes) -> bytes:
    if len(header) != _BLOCK.size:
        raise ValueError("it ends in the middle of a sample")
    packed_size, size = _BLOCK.unpack(header)
    if size > PLAIN_LIMIT or packed_size > PLAIN_LIMIT:
        raise ValueError("a length is out of bounds")
    packed = file.read(packed_size)
    if len(packed) != packed_size:
        raise ValueError("it ends in the middle of a sample")
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed, size)
    if len(plain) != size or not (inflater.eof or not inflater.decompress(inflater.unconsumed_tail, 1)):
        raise ValueError("a length is wrong")
    return plain


# --- the arrays -------------------------------------------------------------------------------------------------------


def _arrays(sample: Sample) -> Arrays:
    """All map contents, their rows in order, event tails and examples of `sample`, in the order of their names."""
    found: Arrays = {}
    for name, probe in sample.probes.items():
        found |= {(name, "maps", map_name): planes.in_order(content) for map_name, content in probe.maps.items()}
        found |= {(name, "events", map_name): tail for map_name, tail in probe.events.items()}
        found |= {(name, "worst", view): EventTail(examples, 0) for view, examples in probe.worst.items()}
    return dict(sorted(found.items()))


def _pack(now: MapRows | EventTail, before: MapRows | EventTail | None) -> bytes:
    if isinstance(now, MapRows):
        return planes.pack_map(now, before if isinstance(before, MapRows) else None)
    return planes.pack_tail(now, before if isinstance(before, EventTail) else None)


def _unpack(document: Document, before: Arrays, packed: memoryview) -> Arrays:
    """The arrays that `document` announces, from their bytes and the arrays of the sample before."""
    found: Arrays = {}
    for probe, kind, name, about in _announced(document):
        (size,) = _LENGTH.unpack_from(packed)
        part, packed = packed[_LENGTH.size : _LENGTH.size + size], packed[_LENGTH.size + size :]
        there = before.get((probe, kind, name))
        count = int(about["rows"])
        if kind == "maps":
            earlier = there if isinstance(there, MapRows) else None
            capacity = int(about["capacity"])
            found[probe, kind, name] = planes.unpack_map(part, about["key"], about["value"], count, capacity, earlier)
        else:
            tail = there if isinstance(there, EventTail) else None
            found[probe, kind, name] = planes.unpack_tail(part, about["record"], count, int(about["seen"]), tail)
    return found


def _announced(document: Document) -> list[tuple[str, str, str, Document]]:
    return sorted(
        (
            (probe, kind, name, about)
            for probe, content in document["probes"].items()
            for kind in ("maps", "events", "worst")
            for name, about in content.get(kind, {}).items()
        ),
        key=lambda item: item[:3],
    )


# --- the dataclasses as one nested document ---------------------------------------------------------------------------


def _document(sample: Sample) -> Document:
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


def _labels(document: Document, before: Labels) -> Labels:
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


def _sample(document: Document, arrays: Arrays, labels: Labels) -> Sample:
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
    )


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


def _changes(before: Document, now: Document, path: Path) -> Iterator[list[Any]]:
    """What turns `before` into `now`: [path, value] for what is new or other, [path] for what is gone."""
    for name, value in now.items():
        there = before.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            yield from _changes(there, value, [*path, name])
        elif name not in before or value != there:
            yield [[*path, name], value]
    yield from ([[*path, name]] for name in before if name not in now)


def _apply(document: Document, changes: list[Any]) -> Document:
    for path, *value in changes:
        place = document
        for name in path[:-1]:
            place = place[name]
        if value:
            place[path[-1]] = _cleaned(value[0])
        else:
            del place[path[-1]]
    return document


def _cleaned(value: Any) -> Any:
    """`value` with every text in it clean; logs keep their lines."""
    if isinstance(value, str):
        return "\n".join(clean(line) for line in value.split("\n"))
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(item) for name, item in value.items()}
    return value

"""Samples in a file: raw and cumulative, each as what changed since the one before; knows nothing of rates or time.

Magic, then one block for each sample: two little-endian u32 (compressed and plain length) and a zlib stream of a JSON
part (what changed in the dataclasses, as path and value) and the arrays, each after its length, as `planes` packs them.
No code is ever read from a file: no pickle, no object dtypes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from ebtop import planes
from ebtop.document import Arrays, Document, Labels, applied, changes, document_of, labels_of, sample_of
from ebtop.sample import EventTail, MapRows, Sample
from ebtop.text import clean

MAGIC = b"ebtop recording 1\n"
PLAIN_LIMIT = 256 << 20
"""Bytes that one sample may have, uncompressed."""
_LATEST_NS = 1 << 63
"""Of any clock: 292 years."""
_BLOCK = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
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


class Writer:
    """Writes samples to `file` as they come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._document: Document = {}
        self._arrays: Arrays = {}
        file.write(MAGIC)

    def write(self, sample: Sample) -> None:
        """Append `sample`; ValueError if it is larger than a reader would take, OSError if the file cannot take it."""
        document, arrays = document_of(sample), _arrays(sample)
        head = json.dumps(list(changes(self._document, document, [])), separators=(",", ":")).encode()
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
    count = before_ns = 0
    while header := file.read(_BLOCK.size):
        try:
            plain = _block(file, header)
            split = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
            document = applied(document, json.loads(plain[_LENGTH.size : split]))
            arrays = _unpack(document, arrays, memoryview(plain)[split:])
            labels = labels_of(document["labels"], labels)
            sample = sample_of(document, arrays, labels)
            if not before_ns <= sample.monotonic_ns < _LATEST_NS or not 0 <= sample.wall_ns < _LATEST_NS:
                raise ValueError("a time is out of bounds, or before that of the sample before")
            if not sample.interval_s >= 0:
                raise ValueError("an interval is no time")
        except _DAMAGE as error:
            raise ValueError(f"the recording is damaged after {count} samples: {clean(str(error))}") from error
        yield sample
        count, before_ns = count + 1, sample.monotonic_ns


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

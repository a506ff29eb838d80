"""The warden's answer about all BPF objects of the host, as the maps of the probe `bpf`; knows nothing of the wire."""

from __future__ import annotations

from typing import Any

import numpy as np

from ebtop import wire
from ebtop.kernel import objects
from ebtop.kernel.layout import CleanTexts, record_type
from ebtop.sample import MapRows

PROGRAMS, MAPS = "bpf_programs", "bpf_maps"
"""The maps that the probe's views name."""


def decode(answer: wire.Objects, content: bytes) -> dict[str, MapRows]:
    """Both maps from the memfd's `content`; ValueError when it is shorter than `answer` says."""
    middle = answer.programs * objects.PROGRAM_SIZE
    end = middle + answer.maps * objects.MAP_SIZE
    if len(content) < end:
        raise ValueError("the list of BPF objects was cut off")
    return {
        PROGRAMS: _rows(content[:middle], objects.PROGRAM_SIZE, objects.PROGRAM_KEY, objects.PROGRAM_VALUE),
        MAPS: _rows(content[middle:end], objects.MAP_SIZE, objects.MAP_KEY, objects.MAP_VALUE),
    }


def _rows(content: bytes, size: int, key: tuple[wire.Field, ...], value: tuple[wire.Field, ...]) -> MapRows:
    """Records as rows: keys are the bytes up to the first value member, values those from it on."""
    cut = value[0].offset
    table = np.frombuffer(content, np.uint8).reshape(-1, size)
    inner = tuple(wire.Field(field.name, field.format, field.offset - cut) for field in value)
    keys = _clean(np.ascontiguousarray(table[:, :cut]), record_type(key, cut))
    values = _clean(np.ascontiguousarray(table[:, cut:]), record_type(inner, size - cut))
    return MapRows(keys, values, len(table))


def _clean(raw: np.ndarray[Any, np.dtype[np.uint8]], layout: np.dtype[Any]) -> np.ndarray[Any, Any]:
    records = raw.copy().reshape(-1).view(layout)
    CleanTexts(layout).apply(records)
    return records

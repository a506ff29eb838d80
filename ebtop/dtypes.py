"""The type of array rows as plain data, and back; whoever wrote it, only numbers and bytes come of it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import numpy as np

_FORMAT = re.compile(r"[<|][uifSV]\d{1,6}")
_ITEM_LIMIT = 1 << 20


def layout(kind: np.dtype[Any]) -> Any:
    """A dtype as plain data: a numpy format, [format, shape] for an array, a dictionary for a struct."""
    if kind.subdtype:
        return [layout(kind.subdtype[0]), list(kind.subdtype[1])]
    if kind.names is None:
        return kind.str
    members: Any = kind.fields
    return {
        "names": list(kind.names),
        "formats": [layout(members[name][0]) for name in kind.names],
        "offsets": [members[name][1] for name in kind.names],
        "size": kind.itemsize,
    }


def record_type(plain: Any) -> np.dtype[Any]:
    """The dtype of `layout`'s plain data; ValueError (or TypeError, KeyError) for anything but numbers and bytes.

    Sample after sample says the same, and what is kept of all of them has one dtype.
    """
    return _record_type(json.dumps(plain))


@lru_cache(maxsize=256)
def _record_type(text: str) -> np.dtype[Any]:
    kind = _type(json.loads(text))
    if kind.names is None or not 0 < kind.itemsize <= _ITEM_LIMIT:
        raise ValueError("a record has no members, or is too large")
    return kind


def _type(plain: Any) -> np.dtype[Any]:
    if isinstance(plain, str):
        if not _FORMAT.fullmatch(plain):
            raise ValueError("a member is neither a number nor bytes")
        return np.dtype(plain)
    if isinstance(plain, list):
        member, shape = plain
        return np.dtype((_type(member), tuple(int(size) for size in shape)))
    formats = [_type(member) for member in plain["formats"]]
    return np.dtype(
        {"names": plain["names"], "formats": formats, "offsets": plain["offsets"], "itemsize": plain["size"]}
    )

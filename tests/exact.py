"""Whether two samples or two frames are equal to the last byte of every array; knows nothing of how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ebtop.frame import Frame


def same(left: Any, right: Any) -> bool:
    """Arrays by dtype, shape and bytes, everything else as it is; NaN equals NaN."""
    if isinstance(left, np.ndarray):
        return bool(left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes())
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if is_dataclass(left):
        return type(left) is type(right) and all(
            same(getattr(left, field.name), getattr(right, field.name)) for field in fields(left)
        )
    return bool(left == right or (left != left and right != right))


def same_frame(left: Frame, right: Frame) -> bool:
    """All numbers of all views; whether a source gave the very same objects again is not looked at."""
    names = [field.name for field in fields(left) if field.name != "probes"]
    if not all(same(getattr(left, name), getattr(right, name)) for name in names):
        return False
    parts = ("probe", "sample", "rate", "events_per_second", "ns_per_event", "cpu_percent", "views")
    return left.probes.keys() == right.probes.keys() and all(
        same(getattr(left.probes[name], part), getattr(right.probes[name], part))
        for name in left.probes
        for part in parts
    )

"""Rows of a frame's tables, picked and named for rules; knows no thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.cells import cells, programs
from ebtop.frame import Frame, HistogramFrame, Numbers, TableFrame
from ebtop.spec import Kind
from ebtop.triage.check import Measured

Mask = npt.NDArray[np.bool_]


def table(frame: Frame, probe: str, view: str) -> TableFrame | None:
    """A table with at least one row."""
    found = frame.probes[probe].views.get(view)
    return found if isinstance(found, TableFrame) and found.keys.size else None


def histogram(frame: Frame, probe: str, view: str) -> HistogramFrame | None:
    """A histogram that counted something in the interval."""
    found = frame.probes[probe].views.get(view)
    return found if isinstance(found, HistogramFrame) and found.counts.any() else None


def seconds(frame: Frame, probe: str) -> float:
    """How long `probe` was measured: the frame's interval, or less where it began in it."""
    lived = (frame.sample.monotonic_ns - frame.probes[probe].sample.started_ns) / 1e9
    return min(frame.seconds, lived) if frame.seconds == frame.seconds else lived


def named(frame: Frame, rows: TableFrame, place: int, *fields: str) -> str:
    """What names the row at `place`: process and pid, then its other keys; only `fields` if there are any."""
    parts = []
    for key in rows.view.keys:
        if fields and key.field not in fields:
            continue
        text = cells(frame, key, rows.keys, [place])[0]
        parts.append(f"{programs(frame, rows, key, [place])[0]} {text}" if key.kind is Kind.PID else text)
    return " ".join(parts)


def worst(frame: Frame, rows: TableFrame, values: Numbers, counts: Mask, *fields: str) -> list[Measured]:
    """The rows that count, by value, largest first."""
    places = np.flatnonzero(counts & np.isfinite(values))
    order = places[np.argsort(-values[places], kind="stable")]
    return [Measured(float(values[place]), named(frame, rows, place, *fields)) for place in order[:8].tolist()]


def share(part: Numbers, whole: Numbers) -> Numbers:
    """Percent, at most 100; NaN where there is no whole."""
    result: Numbers = np.divide(part, whole, out=np.full(part.size, np.nan), where=whole > 0)
    return np.minimum(100 * result, 100)


def summed(keys: npt.NDArray[Any], values: Numbers) -> tuple[npt.NDArray[np.intp], Numbers]:
    """For each distinct key the place of its largest value, and the sum of its values; the largest sum first."""
    distinct, group = np.unique(keys, return_inverse=True)
    sums: Numbers = np.bincount(group, values, distinct.size).astype(np.float64)
    by_value = np.argsort(values, kind="stable")
    place = np.zeros(distinct.size, np.intp)
    place[group[by_value]] = by_value  # the last that is written stays
    order = np.argsort(-sums, kind="stable")
    return place[order], sums[order]

"""What a histogram says: how many events there were, and where a share of them ends; knows no views."""

from __future__ import annotations

import numpy as np

from ebtop.change import Change
from ebtop.frame import Counts
from ebtop.sample import MapRows

NAN = float("nan")


def counted(now: MapRows, before: MapRows | None) -> Counts:
    """Events of one map of histograms between two samples of one run, all keys together, (BUCKETS,)."""
    counts: Counts = Change(now, before).delta("slots").sum(axis=0)
    return counts


def percentile(counts: Counts, share: float, largest: float, edges: tuple[int, ...] = ()) -> float:
    """An estimate of the `share` quantile (0…1) of one histogram (BUCKETS,); NaN when it is empty.

    Values are taken as evenly spread inside their bucket, as Prometheus's histogram_quantile does, and never above
    `largest`, the exact maximum: of a log2 histogram right to within a factor of two, exact at 1. `edges` are those of
    the view; beyond the outermost nothing is known, so that they are the answer there.
    """
    whole = float(counts.sum())
    if whole == 0:
        return NAN
    rank = share * whole
    reached = np.cumsum(counts, dtype=np.float64)
    bucket = int(np.searchsorted(reached, rank))
    lower, upper = _bounds(bucket, edges)
    below = float(reached[bucket - 1]) if bucket else 0.0
    inside = (rank - below) / float(counts[bucket]) if counts[bucket] else 1.0
    return min(lower + inside * (upper - lower), largest)


def _bounds(bucket: int, edges: tuple[int, ...]) -> tuple[float, float]:
    if not edges:
        return 0.0 if bucket == 0 else float(2**bucket), float(2 ** (bucket + 1))
    last = len(edges) - 1
    return float(edges[min(max(bucket - 1, 0), last)]), float(edges[min(bucket, last)])

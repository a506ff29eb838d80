"""The line over a histogram: events, estimated percentiles, the exact maximum; the same in a panel and maximised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop import units
from ebtop.quantiles import percentile
from ebtop.tui.shapes import summary

if TYPE_CHECKING:
    from ebtop.frame import Counts, HistogramFrame
    from ebtop.tui.pieces import Line

Said = list[tuple[str, str]]
"""Names and values."""
_EXACT, _NINETIETH = 78, 66
"""Cells from which all digits of the number of events are written, and from which there is a third percentile."""


def head(data: HistogramFrame, cells: int) -> Line:
    """In `cells` cells; how much is said depends on these alone, so that nothing comes and goes with the numbers."""
    counts = data.totals.sum(axis=0)
    events = int(counts.sum())
    said = units.exact(events) if cells >= _EXACT else units.text(float(events))
    shares = (50, 90, 99) if cells >= _NINETIETH else (50, 99)
    most = float(data.largest.max(initial=0))
    largest = [("max", units.text(most, data.view.unit))] if most == most else []  # bpftrace keeps none
    return summary([("n", said), *percentiles(data, counts, shares), *largest], cells)


def percentiles(data: HistogramFrame, counts: Counts, shares: tuple[int, ...]) -> Said:
    """Of `counts` (BUCKETS,), estimated: "~", as inside a bucket every value is as likely."""
    most, view = float(data.largest.max(initial=0)), data.view
    return [
        (f"~p{share}", units.text(percentile(counts, share / 100, most, view.edges), view.unit)) for share in shares
    ]

"""Two histograms in the same rows, as shares of their events: since the mark, and before it; pure, knows no widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop import units
from ebtop.tui.heads import percentiles
from ebtop.tui.pieces import Line, right, width
from ebtop.tui.shapes import bar, bucket_label, buckets
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.frame import Counts, HistogramFrame

MARK = "┃"
"""Where the bar of the stretch before the mark would end."""


def beside(now: HistogramFrame, before: HistogramFrame, cells: int, lines: int, ranges: bool = False) -> list[Line]:
    """A row for each step: edge, the share of events since as a bar, that before as a mark on it, and both shares.

    The two stretches are not equally long: it is shares of all events of each that stand on one scale.
    """
    since, then, unit = now.counts.sum(axis=0), before.counts.sum(axis=0), now.view.unit
    steps = buckets(since + then, lines)
    shares = [(_share(since, begin, after), _share(then, begin, after)) for begin, after, _ in steps]
    most = max((share for pair in shares for share in pair), default=0.0) or 1.0
    labels = [bucket_label(begin, after, unit, ranges, now.view.edges) for begin, after, _ in steps]
    wide = max([19 if ranges else 8, *(width(label) for label in labels)])
    room = max(4, cells - wide - 17)
    return [
        [
            (right(label, wide), "dim"),
            (" ▏", "rule"),
            *_marked(bar(one / most, room), other / most, room),
            (right(units.text(100 * one, Unit.PERCENT), 7), "text" if one else "faint"),
            (right(units.text(100 * other, Unit.PERCENT), 8), "dim" if other else "faint"),
        ]
        for label, (one, other) in zip(labels, shares, strict=True)
    ]


def both(now: HistogramFrame, before: HistogramFrame) -> list[tuple[str, str]]:
    """Estimated percentiles and events, since the mark and before it, for a summary."""
    return [(name, f"{one} {MARK} {other}") for (name, one), (_, other) in zip(_said(now), _said(before), strict=True)]


def _said(data: HistogramFrame) -> list[tuple[str, str]]:
    counts = data.counts.sum(axis=0)
    return [*percentiles(data, counts, (50, 99)), ("n", units.text(float(counts.sum())))]


def _share(counts: Counts, begin: int, after: int) -> float:
    whole = int(counts.sum())
    return int(counts[begin:after].sum()) / whole if whole else 0.0


def _marked(drawn: str, share: float, room: int) -> Line:
    """A bar with the mark laid over the cell in which `share` (0…1) ends."""
    if share <= 0:
        return [(drawn, "bar")]
    at = min(room - 1, int(share * room))
    return [(drawn[:at], "bar"), (MARK, "dim"), (drawn[at + 1 :], "bar")]

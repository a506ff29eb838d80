"""Sparklines, meters and log2 histogram bars as lines of block characters; pure, knows nothing of widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.tui.pieces import Line, left, right, width
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.frame import Counts

_RISING = "▁▂▃▄▅▆▇█"
_GROWING = " ▏▎▍▌▋▊▉"
LEVEL = "╌"
"""What a level across a trend is drawn with."""


def sparkline(values: Sequence[float], cells: int) -> str:
    """The newest `cells` of `values` as rising blocks scaled to the largest shown; blank where there are none yet."""
    shown = [value for value in values[-cells:] if value == value] if cells > 0 else []
    top = max(shown, default=0.0)
    blocks = "".join(_RISING[min(7, int(value / top * 7.999))] if top > 0 else _RISING[0] for value in shown)
    return blocks.rjust(cells)


def bar(share: float, cells: int) -> str:
    """`share` (0…1) of `cells` cells as a bar in eighths of a cell; more than nothing is at least one eighth."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_GROWING[rest] if rest else "")).ljust(cells)


def meter(name: str, percent: float, cells: int) -> Line:
    """A named bar of `cells` cells between thin brackets, and the number."""
    if percent != percent:
        return [(f"{name} ", "dim"), ("▕" + " " * cells + "▏", "rule"), ("  - ", "faint")]
    role = "warn" if percent >= 90 else "bar"
    filled = bar(percent / 100, cells)
    return [(f"{name} ", "dim"), ("▕", "rule"), (filled, role), ("▏", "rule"), (f"{percent:3.0f}%", "text")]


_TAIL = 0.005
"""Share of the events that the lowest step, and the highest, may take in besides its own."""


def buckets(counts: Counts, lines: int) -> list[tuple[int, int, int]]:
    """The used range of a log2 histogram (BUCKETS,) in at most `lines` steps.

    Each step is (first bucket, bucket after the last, events). Where the range is too long, the few events of either
    end join the step beside them, and neighbours are merged, in pairs, fours and so on: nothing is left out.
    """
    used = counts.nonzero()[0]
    if used.size == 0 or lines <= 0:
        return []
    first, after = int(used[0]), int(used[-1]) + 1
    low, high = first, after
    if after - first > lines:
        upto = counts.cumsum()
        low = int(upto.searchsorted(_TAIL * upto[-1], "right"))
        high = int(upto.searchsorted((1 - _TAIL) * upto[-1])) + 1
    step = 1
    while -(-high // step) - low // step > lines:
        step *= 2
    begins = [first, *range(low - low % step + step, high, step)]
    ends = [*begins[1:], after]
    return [(begin, end, int(counts[begin:end].sum())) for begin, end in zip(begins, ends, strict=True)]


Edges = tuple[int, ...]
"""Of a view whose buckets are not log2: spec.Histogram.edges."""


def edge(bucket: int, unit: Unit, edges: Edges = ()) -> str:
    """The lower edge of a bucket with its unit; the lowest of a view with `edges` has none."""
    if edges:
        return units.text(edges[min(bucket, len(edges)) - 1], unit) if bucket else ""
    return units.text(0.0 if bucket == 0 else float(2**bucket), unit)


def bars(
    counts: Counts, recent: Counts, unit: Unit, cells: int, lines: int, ranges: bool = False, edges: Edges = ()
) -> list[Line]:
    """A histogram's bars: lower edge (or range), bar, events; steps that grew in the interval are bright.

    `counts` is since the start, `recent` of the interval, both (BUCKETS,). `ranges` writes both edges, `edges` are
    those of the view.
    """
    steps = buckets(counts, lines)
    most = max((events for _, _, events in steps), default=0)
    labels = [bucket_label(begin, after, unit, ranges, edges) for begin, after, _ in steps]
    wide = max((width(label) for label in labels), default=0)
    least = 1 + max(7, units.number_width(unit))
    wide = max(wide, 2 * least + 3 if ranges else least)
    room = max(4, cells - wide - 11)
    return [
        [
            (right(label, wide), "dim"),
            (" ▏", "rule"),
            (bar(events / most, room), "bar" if recent[begin:after].any() else "idle"),
            (right(units.text(events), 8), "text" if events else "faint"),
        ]
        for label, (begin, after, events) in zip(labels, steps, strict=True)
    ]


def bucket_label(begin: int, after: int, unit: Unit, ranges: bool, edges: Edges = ()) -> str:
    """The lower edge of a step, or both of its edges; what it is below, where it has no lower one."""
    if edges and begin == 0:
        return f"<{edge(after, unit, edges)}" if after <= len(edges) else "all"
    if not ranges:
        return edge(begin, unit, edges)
    if edges and after > len(edges):
        return f"from {edge(begin, unit, edges)}"
    return f"{edge(begin, unit, edges)} – {edge(after, unit, edges)}"


def summary(parts: Sequence[tuple[str, str]], cells: int) -> Line:
    """`name value` pairs in one line, as many as `cells` has room for."""
    line: Line = []
    room = cells
    for name, value in parts:
        size = width(name) + width(value) + 3
        if size > room:
            break
        line += [(f" {name} ", "dim"), (value + " ", "text")]
        room -= size
    return [*line, (left("", room), "text")]

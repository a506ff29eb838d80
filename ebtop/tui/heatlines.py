"""A latency heatmap as lines: time from left to right, log2 buckets from bottom to top, density for counts; pure."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ebtop import cells as texts
from ebtop import units
from ebtop.sample import BUCKETS
from ebtop.spec import Histogram, Kind
from ebtop.tui.pieces import Line, fill, line_width, right
from ebtop.tui.ramp import ramp
from ebtop.tui.shapes import bucket_label
from ebtop.tui.tablelines import HeatCursor

if TYPE_CHECKING:
    from ebtop.frame import Frame
    from ebtop.heat import Heat

_LABEL = 9
_STEPS = 8
_LEAST_LINES = 4


def heat_lines(
    frame: Frame, view: Histogram, heat: Heat | None, cursor: HeatCursor, cells: int, lines: int
) -> list[Line]:
    """The map in `cells` x `lines`: bucket rows, a time axis, what the cursor reads out; puts `cursor` in range."""
    room, rows = cells - _LABEL - 2, lines - 2
    if heat is None or not heat.counts.any() or room < 8 or rows < _LEAST_LINES:
        words = " no heatmap yet: it fills with what the next intervals count"
        return [fill([(words, "faint")], cells)]
    first, counts = _window(heat, cursor, room)
    steps = _steps(heat.counts, rows)
    at, step = _pointed(cursor, heat, steps)
    matrix = np.stack([counts[:, begin:after].sum(axis=1) for begin, after in steps])
    body = _body(matrix, steps, view, at - first, step, room)
    read = _read_out(frame, view, heat, at, steps[step], cells)
    return [*body, _axis(frame, heat, first, counts.shape[0], room), read]


def _window(heat: Heat, cursor: HeatCursor, room: int) -> tuple[int, npt.NDArray[Any]]:
    """Place of the first column among the ticks, and their counts: the newest, or those around the cursor."""
    size = len(heat.counts)
    after = size
    if cursor.number is not None:
        cursor.number = max(int(heat.numbers[0]), min(cursor.number, int(heat.numbers[0]) + size - 1))
        at = cursor.number - int(heat.numbers[0])
        if at < size - room:
            after = min(size, at + room // 2 + 1)
            after = max(after, room)
    first = max(0, after - room)
    return first, heat.counts[first:after]


def _steps(counts: npt.NDArray[Any], rows: int) -> list[tuple[int, int]]:
    """The used buckets in at most `rows` steps, highest first; neighbours are merged where there are more."""
    used = np.flatnonzero(counts.any(axis=0))
    first, after = int(used[0]), int(used[-1]) + 1
    step = 1
    while -(-(after - first + first % step) // step) > rows:
        step *= 2
    begin = first - first % step
    return [(bucket, min(bucket + step, BUCKETS)) for bucket in range(begin, after, step)][::-1]


def _pointed(cursor: HeatCursor, heat: Heat, steps: list[tuple[int, int]]) -> tuple[int, int]:
    """Place of the tick under the cursor, and the line of its bucket."""
    at = len(heat.counts) - 1 if cursor.number is None else cursor.number - int(heat.numbers[0])
    bucket = cursor.bucket
    if bucket < 0:
        bucket = int(heat.counts[at].argmax()) if heat.counts[at].any() else steps[-1][0]
    for line, (begin, after) in enumerate(steps):
        if begin <= bucket < after:
            return at, line
    return at, 0 if bucket >= steps[0][1] else len(steps) - 1


def _body(
    matrix: npt.NDArray[Any], steps: list[tuple[int, int]], view: Histogram, column: int, row: int, room: int
) -> list[Line]:
    """Label, rule and one glyph a tick; equal neighbours are one piece."""
    shares = np.log1p(matrix) / np.log1p(matrix.max() or 1)
    levels = np.where(matrix > 0, np.maximum(1, np.ceil(shares * _STEPS)), 0).astype(np.intp)
    lines: list[Line] = []
    for line, (begin, after) in enumerate(steps):
        cells: Line = [
            (
                right(bucket_label(begin, after, view.unit, False, view.edges), _LABEL),
                "strong" if line == row else "dim",
            ),
            (" │", "rule"),
        ]
        cells.append((" " * (room - levels.shape[1]), "ramp0"))
        cells += _runs(levels[line], column if line == row else -1)
        lines.append(fill(cells, _LABEL + 2 + room))
    return lines


def _runs(levels: npt.NDArray[np.intp], column: int) -> Line:
    changes = np.flatnonzero(np.diff(levels)) + 1
    cuts = {0, *changes.tolist(), levels.size}
    if column >= 0:
        cuts |= {column, column + 1}
    edges = sorted(cuts)
    line: Line = []
    for begin, after in pairwise(edges):
        glyph, role = ramp(int(levels[begin]) / _STEPS, _STEPS)
        if begin == column:
            line.append(("◆", "pointer"))
        else:
            line.append((glyph * (after - begin), role))
    return line


def _axis(frame: Frame, heat: Heat, first: int, columns: int, room: int) -> Line:
    """Time of day of the first column and of the last."""
    begin, end = _clock(frame, heat, first), _clock(frame, heat, first + columns - 1)
    text = begin + end.rjust(columns - len(begin)) if columns > len(begin) + len(end) else end
    return fill([(" " * (_LABEL + 2) + text.rjust(room), "faint")], _LABEL + 2 + room)


def _clock(frame: Frame, heat: Heat, at: int) -> str:
    wall_ns = texts.wall_ns(frame, int(heat.monotonic_ns[at]))
    return f"{datetime.fromtimestamp(wall_ns // 10**9):%H:%M:%S}"


def _read_out(frame: Frame, view: Histogram, heat: Heat, at: int, step: tuple[int, int], cells: int) -> Line:
    """Time, range, events, and the worst example of them."""
    begin, after = step
    events = int(heat.counts[at, begin:after].sum())
    clock = _clock(frame, heat, at)
    span = bucket_label(begin, after, view.unit, True, view.edges)
    line: Line = [(" ◆ ", "pointer"), (clock, "text"), (" · ", "rule"), (span, "text"), (" · ", "rule")]
    line += [(units.exact(events), "strong"), (" event" if events == 1 else " events", "dim")]
    for piece in _worst(frame, view, heat, at, step):
        between: Line = [(" · ", "rule")] if piece[0][0] == "worst " else [(" ", "text")]
        if line_width(line) + line_width(between) + line_width(piece) <= cells:
            line += between + piece
    return fill(line, cells)


def _worst(frame: Frame, view: Histogram, heat: Heat, at: int, step: tuple[int, int]) -> list[Line]:
    """The example of the largest value among the step's buckets, a piece for each thing it says."""
    records = heat.worst[at]
    if records is None or not records.size:
        return []
    inside = records[(records["bucket"] >= step[0]) & (records["bucket"] < step[1])]
    if not inside.size:
        return []
    worst = inside[inside["value"].argmax()]
    said: list[Line] = [[("worst ", "dim"), (units.text(float(worst["value"]), view.unit), "strong")]]
    for key in view.worst_keys:
        if key.field not in (records.dtype.names or ()):
            continue
        if key.kind is Kind.PID:
            comm = worst["comm"] if "comm" in (records.dtype.names or ()) else b""
            said.append([(frame.name_of(int(worst[key.field]), bytes(comm)), "accent")])
        if key.field != "comm":
            said.append([(texts.cell(frame, key, worst), "text")])
    return said

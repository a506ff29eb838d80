"""A panel of the overview as lines: title rule, top rows, histogram; pure, one call for each frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.tui.heads import head
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line, fill, line_width
from ebtop.tui.shapes import bars, sparkline, summary
from ebtop.tui.spreads import beside, both
from ebtop.tui.states import empty_lines, state_lines
from ebtop.tui.tablelines import TableLines, ViewState, table_lines
from ebtop.tui.titles import title

if TYPE_CHECKING:
    from ebtop.frame import HistogramFrame
    from ebtop.tui.flamelines import FlameLines

_TREND = 12
"""Cells of the sparkline in a title."""
_BESIDE = 104
"""Cells from which the histogram stands beside the table instead of below it."""


@dataclass(frozen=True, slots=True)
class PanelLines:
    """Lines of exactly the panel's width, and which of them the cursor is on."""

    lines: list[Line]
    cursor: int = -1
    table: TableLines | None = None
    flame: FlameLines | None = None


def panel_title(looked: Looked, cells: int, joint: str) -> Line:
    """The title rule of a panel."""
    shown, live = looked.shown, looked.is_live
    rate = units.rate(shown.rate, looked.probe.headline_unit) if shown and live and shown.rate == shown.rate else ""
    trend = sparkline(looked.rates, min(_TREND, len(looked.rates))) if live else ""
    hook = shown.sample.hook if shown and live else ""
    notes = (f"since {looked.since}", f"since {looked.since[:5]}") if looked.since else ()
    return title(looked.slot, looked.probe.title, hook, rate, trend, cells, looked.focused, joint, notes)


def repeats(now: Looked, before: Looked) -> bool:
    """Whether the panel of `now` is that of `before`: nothing was counted in either interval, nothing else is new.

    What the user changes in the meantime is not looked for.
    """
    shown, earlier = now.shown, before.shown
    return (
        now.frame is not None
        and before.frame is not None
        and shown is not None
        and earlier is not None
        and shown.still
        and earlier.still
        and (now.focused, now.fresh, now.grouping) == (before.focused, before.fresh, before.grouping)
        and now.baseline is before.baseline
        and now.zero is before.zero
        and now.rates[-_TREND:] == before.rates[-_TREND:]
        and now.frame.sample.processes is before.frame.sample.processes
        and now.frame.sample.labels == before.frame.sample.labels
    )


def panel_lines(looked: Looked, cells: int, lines: int, joint: str) -> PanelLines:
    """The whole panel in `cells` x `lines`; `joint` joins its title rule to the panel on the left ("" at the edge)."""
    edge = 1 if joint else 0
    heading = panel_title(looked, cells, joint)
    inner = cells - edge
    body, cursor, table = _body(looked, inner, lines - 1)
    side: Line = [("│", "rule")] if edge else []
    whole = [heading] + [[*side, *fill(line, inner)] for line in body]
    whole += [[*side, (" " * inner, "text")]] * (lines - len(whole))
    return PanelLines(whole[:lines], cursor + 1 if cursor >= 0 else -1, table)


def _body(looked: Looked, cells: int, lines: int) -> tuple[list[Line], int, TableLines | None]:
    if looked.frame is not None and looked.flame is not None:
        from ebtop.tui.flamelines import flame_lines

        state = looked.state or ViewState()
        drawn = flame_lines(looked.frame, looked.flame, state.flame, cells, lines, looked.focused)
        return drawn.lines, -1, None
    rows = looked.rows
    if looked.frame is None or rows is None or not looked.is_live:
        return state_lines(looked, cells), -1, None
    beside = cells >= _BESIDE
    histogram = looked.histogram
    below = 0 if beside or histogram is None else _below(lines)
    shape = _histogram(looked, histogram, cells // 2 - 1 if beside else cells, lines if beside else below)
    if not shape:
        below = 0
    wide = cells - cells // 2 if beside and shape else cells
    headed = 1 if lines - below >= 3 else 0
    state = looked.state or ViewState()
    table = table_lines(looked.frame, rows, state, wide, max(0, lines - below - headed))
    table = replace(table, headed=bool(headed))
    empty = not table.rows
    content = ([table.heading] if headed else []) + (empty_lines(looked, wide) if empty else table.rows)
    cursor = headed + state.cursor - state.top if looked.focused and not empty else -1
    if beside and shape:
        return _side_by_side(content, shape, wide, cells, lines), cursor, table
    content = content[: lines - below] + [[]] * (lines - below - len(content))
    return content + shape, cursor, table


def _below(lines: int) -> int:
    """Lines for a histogram under the table: none in low panels, at most half."""
    return 0 if lines < 9 else min(lines // 2, max(4, lines * 2 // 5), 18)


def _histogram(looked: Looked, data: HistogramFrame | None, cells: int, lines: int) -> list[Line]:
    if data is None or lines < 3:
        return []
    name: Line = [(f" {data.view.title}", "dim"), (" ", "text")]
    room = cells - line_width(name)
    if spreads := looked.spreads(data):
        return [name + summary(both(*spreads), room), *beside(*spreads, cells - 1, lines - 1)]
    totals, recent, unit = data.totals.sum(axis=0), data.counts.sum(axis=0), data.view.unit
    return [name + head(data, room), *bars(totals, recent, unit, cells - 1, lines - 1, edges=data.view.edges)]


def _side_by_side(content: list[Line], shape: list[Line], wide: int, cells: int, lines: int) -> list[Line]:
    content = content + [[]] * (lines - len(content))
    shape = shape + [[]] * (lines - len(shape))
    pairs = zip(content[:lines], shape[:lines], strict=True)
    return [[*fill(before, wide), ("│", "rule"), *fill(after, cells - wide - 1)] for before, after in pairs]

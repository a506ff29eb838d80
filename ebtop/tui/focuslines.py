"""A maximised probe as lines: the whole table, trend and histogram under it; pure, one call for each frame."""

from __future__ import annotations

from ebtop import units
from ebtop.frame import FlameFrame, Frame, HistogramFrame, TableFrame
from ebtop.tui.heads import head
from ebtop.tui.looked import Looked
from ebtop.tui.panellines import PanelLines, panel_title
from ebtop.tui.pieces import Line, fill, left, line_width, width
from ebtop.tui.shapes import LEVEL, bars, summary
from ebtop.tui.spreads import MARK, beside, both
from ebtop.tui.states import empty_lines, state_lines
from ebtop.tui.tablelines import TableLines, ViewState, table_lines

_BOTH = 78
"""Cells from which trend and histogram stand side by side."""


def focus_lines(looked: Looked, cells: int, lines: int) -> PanelLines:
    """The whole stage in `cells` x `lines`."""
    heading = panel_title(looked, cells, "")
    frame = looked.frame
    if frame is not None and looked.flame is not None:
        return _flame(looked, frame, looked.flame, cells, lines)
    rows = looked.rows
    if frame is None or rows is None or not looked.is_live:
        return PanelLines(_exactly([heading, *state_lines(looked, cells)], cells, lines))
    state = looked.state or ViewState()
    below = _below(lines, state.shape)
    shapes = _shapes(looked, cells, below) if below else []
    table = table_lines(frame, rows, state, cells, max(1, lines - len(shapes) - 3))
    body = table.rows or empty_lines(looked, cells)
    top = [heading, _tabs(looked, table, cells), table.heading, *body]
    cursor = 3 + state.cursor - state.top if table.rows and not state.on_heat else -1
    return PanelLines(_exactly(top, cells, lines - len(shapes)) + _exactly(shapes, cells, len(shapes)), cursor, table)


def _flame(looked: Looked, frame: Frame, data: FlameFrame, cells: int, lines: int) -> PanelLines:
    """Nothing under it: a flame graph takes all the lines there are."""
    from ebtop.tui.flamelines import flame_lines

    state = looked.state or ViewState()
    drawn = flame_lines(frame, data, state.flame, cells, lines - 2)
    since = f"since {looked.since}" if looked.since else "since the start"
    heading = panel_title(looked, cells, "")
    tabs = _views(looked, [(f"{len(data.paths)} stacks {since} ", "faint")], cells)
    return PanelLines(_exactly([heading, tabs, *drawn.lines], cells, lines), flame=drawn)


def _below(lines: int, shape: str) -> int:
    if shape == "heatmap":
        return 0 if lines < 12 else max(8, min(26, lines // 2))
    return 0 if lines < 12 else max(6, min(20, lines * 2 // 5))


def _exactly(content: list[Line], cells: int, lines: int) -> list[Line]:
    content = content[:lines] + [[]] * (lines - len(content))
    return [fill(line, cells) for line in content]


def _tabs(looked: Looked, table: TableLines, cells: int) -> Line:
    """The probe's views, the chosen one bright, and how many rows are shown of how many."""
    state = looked.state
    noun = "row" if table.whole == 1 else "rows"
    words = f"{table.shown} of {table.whole} {noun}" if table.shown != table.whole else f"{table.whole} {noun}"
    tail: Line = [(words + " ", "faint")]
    if gone := _gone(looked):
        words = "not yet there" if looked.is_before_mark else "gone since the baseline"
        tail = [(f"{gone} {words}", "dim"), (" · ", "rule"), *tail]
    if state and state.filter:
        tail = [("filter ", "dim"), (state.filter, "warn"), (" · ", "rule"), *tail]
    return _views(looked, tail, cells)


def _views(looked: Looked, tail: Line, cells: int) -> Line:
    line: Line = [(" ", "text")]
    for view in looked.listed:
        chosen = view is looked.view
        line += [("▸" if chosen else " ", "accent"), (view.title, "strong" if chosen else "dim"), ("  ", "text")]
    space = cells - line_width(line) - line_width(tail)
    return [*line, (" " * space, "text"), *tail] if space >= 0 else fill(line, cells)


def _gone(looked: Looked) -> int:
    rows = looked.rows
    return rows.compared.gone if isinstance(rows, TableFrame) and rows.compared else 0


def _shapes(looked: Looked, cells: int, lines: int) -> list[Line]:
    data = looked.histogram
    shape = looked.state.shape if looked.state else "both"
    if data is not None and shape == "heatmap":
        return _heatmap(looked, data, cells, lines)
    if data is None or shape == "trend":
        return [_rule([(_rate(looked), cells)]), *_trend(looked, cells, lines - 1)]
    if cells < _BOTH or shape == "histogram":
        return [
            _rule([(_counted(looked, data, cells), cells)]),
            *_histogram(looked, data, cells, lines - 1, ranges=cells >= 60),
        ]
    before = cells // 2
    after = cells - before - 1
    pairs = zip(
        _exactly(_trend(looked, before, lines - 1), before, lines - 1),
        _exactly(_histogram(looked, data, after, lines - 1, ranges=True), after, lines - 1),
        strict=True,
    )
    rule = _rule([(_rate(looked), before), (_counted(looked, data, after), after)])
    return [rule, *([*one, ("│", "rule"), *other] for one, other in pairs)]


def _heatmap(looked: Looked, data: HistogramFrame, cells: int, lines: int) -> list[Line]:
    from ebtop.tui.heatlines import heat_lines

    assert looked.frame is not None
    assert looked.state is not None
    drawn = heat_lines(looked.frame, data.view, looked.heat, looked.state.heat, cells, lines - 1)
    name = data.view.title + (" · Tab: back to the table" if looked.state.on_heat else " · Tab: move in it")
    return [_rule([(name, cells)]), *drawn]


def _counted(looked: Looked, data: HistogramFrame, cells: int) -> str:
    """What the histogram shows of which time, in the words that `cells` has room for."""
    if looked.spreads(data):
        said = (f"share of events since the mark, {MARK} before it", f"share since {MARK} before")
    else:
        said = (f"since {looked.since}" if looked.since else "since it started", "")
    words = f"{data.view.title} · {said[0]}"
    return words if width(words) <= cells - 4 else f"{data.view.title} · {said[1]}" if said[1] else data.view.title


def _rate(looked: Looked) -> str:
    before = looked.rate_before
    if before is None:
        return "rate"
    return f"rate · {LEVEL} {units.rate(before, looked.probe.headline_unit)} before the mark"


def _rule(parts: list[tuple[str, int]]) -> Line:
    line: Line = []
    for name, cells in parts:
        if line:
            line.append(("┬", "rule"))
        name = left(name, min(width(name), cells - 4))
        line += [("─ ", "rule"), (name, "dim"), (" " + "─" * (cells - width(name) - 3), "rule")]
    return line


def _trend(looked: Looked, cells: int, lines: int) -> list[Line]:
    from ebtop.tui.trend import trend

    interval = looked.frame.sample.interval_s if looked.frame else 1.0
    return trend(looked.rates[-240:], interval, looked.probe.headline_unit, cells, lines, looked.rate_before)


def _histogram(looked: Looked, data: HistogramFrame, cells: int, lines: int, ranges: bool) -> list[Line]:
    """What is counted in it, and the bars."""
    if spreads := looked.spreads(data):
        return [summary(both(*spreads), cells), *beside(*spreads, cells, lines - 1, ranges)]
    totals, recent, unit = data.totals.sum(axis=0), data.counts.sum(axis=0), data.view.unit
    return [head(data, cells), *bars(totals, recent, unit, cells, lines - 1, ranges, data.view.edges)]

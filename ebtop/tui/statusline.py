"""The status line: which hook feeds the focused probe, what it costs, what it lost and misses; words only."""

from __future__ import annotations

from ebtop import units
from ebtop.grouping import Grouping
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line, line_width, width


def status(looked: Looked, selected: str, cells: int) -> Line:
    """One line of at most `cells` cells: parts that do not fit are left out, never cut."""
    shown = looked.shown
    if shown is None or not looked.is_live:
        return [(f" {looked.probe.question}", "dim")]
    sample, totals = shown.sample, shown.sample.totals
    gone = totals.drops + totals.lost
    parts: list[Line] = []
    if shown.ns_per_event == shown.ns_per_event:
        parts.append([(f"{shown.ns_per_event:.0f}", "text"), (" ns/event", "dim")])
    if shown.cpu_percent == shown.cpu_percent:
        parts.append([(units.hundredths(shown.cpu_percent), "text"), (" % cpu", "dim")])
    began = f"since {looked.since} " if looked.since else "total "
    whole: Line = [(began, "dim"), (units.exact(totals.total), "text"), (" = shown + ", "dim")]
    parts.append([*whole, (f"{units.exact(gone)} lost", "bad" if gone else "dim")])
    if totals.unmatched:
        parts.append([(units.exact(totals.unmatched), "text"), (" without a start", "dim")])
    if totals.pruned:
        parts.append([(units.exact(totals.pruned), "text"), (" of rows removed", "dim")])
    parts.insert(0, [(sample.hook or "no program", "text")])
    if selected and (width(selected) > 24 or looked.grouping is not Grouping.PROCESS):
        parts.insert(0, [(selected, "strong")])
    misses = " ".join(part for part in (looked.probe.misses, sample.misses) if part)
    if misses:
        parts.append([("misses: ", "dim"), (misses, "dim")])
    return _joined(parts, cells)


def _joined(parts: list[Line], cells: int) -> Line:
    line: Line = [(" ", "text")]
    for part in parts:
        between: Line = [(" · ", "rule")] if len(line) > 1 else []
        if line_width(line) + line_width(between) + line_width(part) <= cells:
            line += between + part
    return line

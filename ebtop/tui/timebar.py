"""Where in the kept past the screen is, as one line; pure, knows neither clocks nor keys' actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop import units
from ebtop.tui.pieces import Line, line_width
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.timeline import Moments

_BAR = 24
_HINTS: tuple[tuple[str, str], ...] = (("[ ]", "step"), ("{ }", "ten"), (".", "live"))


def timebar(moments: Moments, position: int | None, clock: str, ago_s: float, cells: int) -> Line:
    """A bar with the moment on it, its time of day, how long ago it was, what is kept, and the keys that move."""
    last = max(moments.first, moments.last)
    at = last if position is None else max(moments.first, min(position, last))
    share = (at - moments.first) / max(1, last - moments.first)
    here = round(share * (_BAR - 1))
    line: Line = [(" ", "text"), ("━" * here, "bar"), ("◆", "pointer"), ("━" * (_BAR - 1 - here), "rule")]
    ago = "the moment of the pause" if position is None else f"{units.text(ago_s * 1e9, Unit.NS)} ago"
    kept = f"{units.text(moments.seconds * 1e9, Unit.NS)} of {units.text(moments.most_seconds * 1e9, Unit.NS)}"
    memory = f"{units.text(moments.bytes, Unit.BYTES)} of {units.text(moments.most_bytes, Unit.BYTES)}"
    parts: list[Line] = [[(" ", "text"), (clock, "strong")], [(ago, "text")], [("kept ", "dim"), (kept, "text")]]
    parts.append([(memory, "dim")])
    for number, part in enumerate(parts):
        between: Line = [(" · ", "rule")] if number else []
        if line_width(line) + line_width(between) + line_width(part) <= cells:
            line += between + part
    for key, does in _HINTS:
        hint: Line = [("   ", "text"), (key, "key"), (" " + does, "dim")]
        if line_width(line) + line_width(hint) <= cells:
            line += hint
    return line

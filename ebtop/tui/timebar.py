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
    ago = f"{units.text(ago_s * 1e9, Unit.NS)} ago" if ago_s > 0 else "now"
    kept = f"{units.text(moments.seconds * 1e9, Unit.NS)} of {units.text(moments.most_seconds * 1e9, Unit.NS)}"
    memory = f"{units.text(moments.bytes, Unit.BYTES)} of {units.text(moments.most_bytes, Unit.BYTES)}"
    parts: list[Line] = [[(" ", "text"), (clock, "strong")], [(" · ", "rule"), (ago, "text")]]
    parts += [[("  ", "text"), (key, "key"), (" " + does, "dim")] for key, does in _HINTS]
    parts += [[("   kept ", "dim"), (kept, "text")], [(" · ", "rule"), (memory, "dim")]]
    for part in parts:
        if line_width(line) + line_width(part) <= cells:
            line += part
    return line

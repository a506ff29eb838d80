"""A rate over time with axes, drawn by plotext into lines; imported when the first probe is maximised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from plotext._figure import _figure_class as Figure  # noqa: N812 # plotext has no public name for it

from ebtop import units
from ebtop.tui.pieces import Line, fill
from ebtop.tui.shapes import LEVEL
from ebtop.units import Style, Unit

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TICKS = 4
_SPANS = (30, 60, 120, 240)
"""Intervals that the time axis may show: it keeps still while rates fill it."""


def trend(
    rates: tuple[float, ...], interval_s: float, unit: Unit, cells: int, lines: int, level: float | None = None
) -> list[Line]:
    """`rates`, oldest first, over the seconds up to now, in `cells` x `lines`; lists are shared: do not change them.

    `level` is a rate to compare them with, drawn straight across.
    """
    return _trend(rates, interval_s, unit, cells, lines, level, units.style())


@lru_cache(maxsize=4)
def _trend(
    rates: tuple[float, ...], interval_s: float, unit: Unit, cells: int, lines: int, level: float | None, _: Style
) -> list[Line]:
    if len(rates) < 2 or cells < 20 or lines < 4:
        return [[(" the trend begins with the second interval" if cells >= 43 else " no trend yet", "faint")]]
    return [_coloured(line, cells) for line in _plot(rates, interval_s, unit, cells, lines, level)]


def _plot(
    rates: Sequence[float], interval_s: float, unit: Unit, cells: int, lines: int, level: float | None
) -> list[str]:
    figure = Figure()
    figure.clear_figure()
    figure.theme("clear")
    figure.plot_size(cells - 1, lines)
    span = next((span for span in _SPANS if span >= len(rates) - 1), len(rates) - 1)
    if level is not None:
        figure.plot([-span, 0], [level, level], marker=LEVEL)
    figure.plot(list(range(1 - len(rates), 1)), list(rates), marker="braille")
    top = ceiling(max(*rates, level or 0.0))
    figure.ylim(0, top)
    figure.xlim(-span, 0)
    levels = [top * step / _TICKS for step in range(_TICKS + 1)] if lines >= 10 else [0.0, top / 2, top]
    figure.yticks(levels, [units.text(level, unit).rjust(max(7, units.number_width(unit))) for level in levels])
    times = [-span, -span / 2, 0]
    figure.xticks(times, [_ago(-time * interval_s) if time else "now" for time in times])
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    return _COLOUR.sub("", figure.build()).splitlines()


def _ago(seconds: float) -> str:
    """Whole numbers without a fraction: "30 s", "1.5 min"."""
    return units.text(seconds * 1e9, Unit.NS).replace(".0 ", " ")


def ceiling(value: float) -> float:
    """The next of 1, 2, 4, 8 times a power of ten at or above `value`, so that the axis keeps still."""
    step = 1.0
    while step * 1000 < value:
        step *= 10
    while True:
        for factor in (1, 2, 4, 8):
            for decade in (1, 10, 100, 1000):
                if step * factor * decade >= value and step * factor * decade / 2 < value:
                    return step * factor * decade
        if value <= step:
            return step
        step *= 10


def _coloured(text: str, cells: int) -> Line:
    """One line of plotext's text: braille in the accent, axes and labels in grey."""
    line: Line = []
    for character in text.ljust(cells):
        role = "bar" if "⠀" <= character <= "⣿" else "rule" if character in "│┤┼└┬─┴├" else "dim"
        if line and line[-1][1] == role:
            line[-1] = (line[-1][0] + character, role)
        else:
            line.append((character, role))
    return fill(line, cells)

"""Where panels stand on the screen: pure arithmetic on cells; knows nothing of what is in them."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = (60, 16)
"""Columns and lines below which nothing useful can be drawn."""
_IDEAL = 66
"""Columns at which a panel shows all of its important columns."""
_NARROWEST = 28
_LOWEST = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One panel's cells, and which neighbours its rules have to join."""

    x: int
    y: int
    width: int
    height: int


def grid(count: int, width: int, height: int) -> list[Place]:
    """Places of `count` panels that cover `width` x `height` cells, row by row.

    The number of columns is the one that brings panels nearest to their ideal width without making them too low;
    a last row with fewer panels gives them more width. Each has a line at least, as long as there are six to a row.
    """
    if count == 0 or width <= 0 or height <= 0:
        return []
    columns = min(range(1, min(count, 6) + 1), key=lambda tried: _strain(count, tried, width, height))
    rows = -(-count // columns)
    places = []
    heights, widths = _shares(height, rows), [_shares(width, columns)] * rows
    rest = count - columns * (rows - 1)
    widths[-1] = _shares(width, rest)
    y = 0
    for row in range(rows):
        x = 0
        for cells in widths[row]:
            places.append(Place(x, y, cells, heights[row]))
            x += cells
        y += heights[row]
    return places


def _strain(count: int, columns: int, width: int, height: int) -> float:
    rows = -(-count // columns)
    wide, high = width / columns, height / rows
    uneven = 0.3 * (columns * rows - count)
    narrow = 100.0 if wide < _NARROWEST else 0.0
    hidden = 1000.0 if high < 1 else 0.0  # a title at least, however narrow
    low = 50.0 if high < _LOWEST else max(0.0, 7 - high) * 0.35
    return abs(wide - _IDEAL) / _IDEAL * (1.6 if wide < _IDEAL else 1.0) + uneven + narrow + low + hidden


def _shares(cells: int, parts: int) -> list[int]:
    """`cells` in `parts` nearly equal whole parts, the larger ones first."""
    share, rest = divmod(cells, parts)
    return [share + (part < rest) for part in range(parts)]


def neighbour(places: list[Place], here: int, dx: int, dy: int) -> int:
    """The place that lies next to `here` in direction (`dx`, `dy`), nearest to its middle; `here` at the edge."""
    own = places[here]

    def distance(number: int) -> float:
        other = places[number]
        x = other.x + other.width / 2 - own.x - own.width / 2
        y = other.y + other.height / 2 - own.y - own.height / 2
        along, across = (x * dx, abs(y) * 3) if dx else (y * dy * 3, abs(x))
        return along + 4 * across if along > 0 else float("inf")

    best = min(range(len(places)), key=distance)
    return best if distance(best) < float("inf") else here


def joint(place: Place, places: list[Place]) -> str:
    """The box-drawing character where a panel's title rule meets the line at its left; "" at the screen's edge."""
    if place.x == 0:
        return ""
    above = any(other.x == place.x and other.y + other.height == place.y for other in places)
    return "┼" if above else "┬"

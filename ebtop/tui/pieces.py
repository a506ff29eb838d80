"""Text in terminal cells: pieces, lines, cutting and padding; knows nothing of colours, probes or Textual."""

from __future__ import annotations

import textwrap
from functools import lru_cache

from ebtop import units
from ebtop.units import Unit

Piece = tuple[str, str]
"""Text and its role, see ebtop.tui.palette."""
Line = list[Piece]
"""Pieces from left to right; what is missing to the right is blank."""

ELLIPSIS = "…"
_LEAST_ROOM = 16
"""Cells below which folding would make a column of single words."""


def width(text: str) -> int:
    """Cells that `text` takes in a terminal; wide characters count two, combining ones none."""
    return len(text) if text.isascii() else _wide(text)


@lru_cache(maxsize=1024)
def _wide(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def line_width(line: Line) -> int:
    """Cells of a whole line."""
    return sum([len(text) if text.isascii() else _wide(text) for text, _ in line])


def left(text: str, cells: int) -> str:
    """The first `cells` cells of `text`, padded with blanks to exactly that many."""
    if text.isascii():
        return text[:cells].ljust(cells)
    from rich.cells import set_cell_size

    return set_cell_size(text, cells)


def middle(text: str, cells: int) -> str:
    """`text` in exactly `cells` cells, its middle replaced by an ellipsis where it is too long."""
    if width(text) <= cells or cells < 3:
        return left(text, cells)
    head = (cells - 1) // 2
    tail = cells - 1 - head
    return left(text, head) + ELLIPSIS + _last(text, tail)


def tail_of(text: str, cells: int) -> str:
    """`text` in exactly `cells` cells, its beginning replaced by an ellipsis where it is too long."""
    if width(text) <= cells or cells < 1:
        return left(text, max(0, cells))
    return ELLIPSIS + _last(text, cells - 1)


def unit_name(text: str, cells: int) -> str:
    """The name of a unit in exactly `cells` cells; without ".service", as systemctl takes it too, if too long."""
    return middle(text if width(text) <= cells else text.removesuffix(".service"), cells)


def _last(text: str, cells: int) -> str:
    """The last `cells` cells of `text`, padded to the left where a wide character does not fit."""
    end = text[-cells:] if cells else ""
    while width(end) > cells:
        end = end[1:]
    return " " * (cells - width(end)) + end


def right(text: str, cells: int) -> str:
    """`text` at the right end of `cells` cells, cut at its end if it must be."""
    return " " * (cells - width(text)) + text if width(text) <= cells else left(text, cells)


def number(value: float, unit: Unit, cells: int, role: str = "text", signed: bool = False, gap: int = 0) -> Line:
    """`value` in exactly `cells` cells behind `gap` blanks; the list is shared: do not change it.

    Digits under digits, the unit dimmed, zero and "not measured" faint. `signed`: with a plus where it is more than
    zero.
    """
    if value != value:  # which no cache would find again
        return [(" " * gap + right("-", cells - _space(unit, "")).ljust(cells), "faint")]
    return _number(value, unit, cells, role, signed, gap, units.style().name)


@lru_cache(maxsize=2048)
def _number(value: float, unit: Unit, cells: int, role: str, signed: bool, gap: int, _: str) -> Line:
    """From one refresh to the next most numbers are what they were."""
    digits, _, suffix = units.text(value, unit).partition(" ")
    space = _space(unit, suffix)
    if width(digits) + signed > cells - space:  # "0.017": out of line before it is cut
        whole = units.text(value, unit)
        return [(" " * gap + right("+" + whole if signed and value > 0 else whole, cells), role)]
    digits = " " * gap + right("+" + digits if signed and value > 0 else digits, cells - space)
    if value == 0:
        return [(digits + " " * space, "faint")]
    return [(digits, role), (" " + suffix.ljust(space - 1), "dim")] if space else [(digits, role)]


def _space(unit: Unit, suffix: str) -> int:
    """Cells of a blank and the suffix, 0 for units without any."""
    usual = units.suffix_width(unit)
    return max(usual, len(suffix)) + 1 if usual else 0


def fill(line: Line, cells: int) -> Line:
    """`line` cut or padded to exactly `cells` cells; itself where it is just as long."""
    room = cells - line_width(line)
    if room >= 0:
        return [*line, (" " * room, "text")] if room else line
    return _cut(line, cells)


def _cut(line: Line, cells: int) -> Line:
    result: Line = []
    for text, role in line:
        size = width(text)
        if size > cells:
            return [*result, (left(text, cells), role)]
        result.append((text, role))
        cells -= size
    return result


def spread(before: Line, after: Line, cells: int, between: Piece = (" ", "text")) -> Line:
    """`before` to the left, `after` to the right, `between` repeated in the room that is left."""
    room = cells - line_width(before) - line_width(after)
    if room < 0:
        return fill(before + after, cells)
    return [*before, (between[0] * room, between[1]), *after]


def folded(line: Line, cells: int) -> list[Line]:
    """`line` in as many lines of `cells` as it takes: its last piece goes on below its beginning, broken at blanks."""
    if line_width(line) <= cells or not line:
        return [line]
    before, (text, role) = line[:-1], line[-1]
    indent = line_width(before) + width(text) - width(text.lstrip())
    room = cells - indent
    if room < _LEAST_ROOM:
        return [line]
    first, *more = textwrap.wrap(text.strip(), room) or [""]
    lead = text[: len(text) - len(text.lstrip())]
    return [[*before, (lead + first, role)], *([(" " * indent, "text"), (part, role)] for part in more)]

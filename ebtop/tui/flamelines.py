"""A flame graph as lines: a line for each depth, outermost functions first, and what the cursor reads out; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop import cells as texts
from ebtop import units
from ebtop.callers import KERNEL
from ebtop.flames import Box, Chains, Flame, Path, ordered
from ebtop.tui.pieces import ELLIPSIS, Line, fill, left, line_width, tail_of, width
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.frame import FlameFrame, Frame
    from ebtop.tui.tablelines import FlameCursor

_EDGE = "▏"
_LEAST = 3
"""Cells in which a name that is cut still tells something."""


@dataclass(frozen=True, slots=True)
class FlameLines:
    """The graph in so many cells, and the boxes in it."""

    lines: list[Line]
    levels: list[list[Box]] = field(default_factory=list)
    """Of each line, from left to right; those that are wide enough to be seen."""
    selected: Box | None = None
    """What of the cursor's path there is at this moment."""
    top: int = 0
    """Depth of the first line."""
    flame: Flame | None = None
    """All boxes, also those that are not on the screen; None where nothing is counted yet."""
    least: float = 0.0
    """The width, 0 … 1, from which a box is seen."""


def flame_lines(
    frame: Frame, data: FlameFrame, cursor: FlameCursor, cells: int, lines: int, pointing: bool = True
) -> FlameLines:
    """The graph in `cells` x `lines`: where the zoom is, boxes, and what the cursor reads out if it is `pointing`.

    Zoom and cursor stay what they are where a moment has nothing of them: what is left of them is shown meanwhile.
    """
    flame = Flame(_chains(frame, data, cursor), cursor.zoom)
    if not flame.whole or lines < 3:
        return FlameLines([fill([(" no stack yet: it fills with what the next intervals count", "faint")], cells)])
    box = flame.box(cursor.path)
    room = lines - 1 - pointing
    base = len(flame.zoom)
    top = _top(cursor.top, len(box.path) - base, flame.deepest - base, room)
    if (flame.zoom, box.path) == (cursor.zoom, cursor.path):
        cursor.top = top
    levels, narrow, least = [], 0, 1 / cells
    for depth in range(base + top, min(base + top + room, flame.deepest + 1)):
        boxes, hidden = flame.level(depth, least)
        narrow += hidden
        levels.append(boxes)
    drawn = [_level(frame, boxes, box.path if pointing else None, cells) for boxes in levels]
    drawn += [[]] * (room - len(drawn))
    below = max(0, flame.deepest - (base + top + room - 1))
    head = _head(frame, flame, top, below, narrow, data.view.unit, cells)
    said = [_read_out(frame, flame, data, box, cells)] if pointing else []
    return FlameLines(
        [head, *(fill(line, cells) for line in drawn), *said],
        levels,
        box,
        base + top,
        flame,
        least,
    )


def _chains(frame: Frame, data: FlameFrame, cursor: FlameCursor) -> Chains:
    """The stacks of `data`, which are put in order once for a frame and not at each key."""
    if cursor.kept is None or cursor.kept[0] is not data:
        cursor.kept = data, ordered(data, frame.sample.labels.get("function", {}))
    return cursor.kept[1]


def _top(top: int, selected: int, deepest: int, room: int) -> int:
    """The first of `room` depths that are seen, near `top`: the selected one is among them, none is left empty."""
    return max(0, selected - room + 1, min(top, selected, deepest - room + 1))


def role_of(frame: Frame, path: Path) -> str:
    """What kind of box it is: everything or a program, a function of the kernel, what has no name, any other."""
    if len(path) < 2:
        return "flame-program"
    if texts.function(frame, path[-1]).startswith("["):
        return "flame-none"
    return "flame-kernel" if texts.module(frame, path[-1]).startswith(KERNEL) else "flame"


def name_of(frame: Frame, path: Path) -> str:
    """What is written into a box."""
    return texts.function(frame, path[-1]) if path else "all"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A box, or neighbours that are too narrow for their names, as one."""

    boxes: tuple[Box, ...]
    begin: int
    end: int
    role: str
    text: str

    def takes(self, other: _Drawn) -> bool:
        """Whether the `other` one, to the right of it, is to be drawn with it."""
        return not self.text and not other.text and (self.end, self.role) == (other.begin, other.role)

    def with_(self, other: _Drawn) -> _Drawn:
        """Both."""
        return _Drawn(self.boxes + other.boxes, self.begin, other.end, self.role, "")


def _level(frame: Frame, boxes: list[Box], selected: Path | None, cells: int) -> Line:
    """Boxes where they stand, each at least a cell wide; what is narrower leaves its cells empty.

    Neighbours without a name are drawn as one: how many they are tells more than the lines between them.
    """
    line: Line = []
    at = 0
    for one in _merged(_places(frame, boxes, selected, cells)):
        if one.begin > at:
            line.append((" " * (one.begin - at), "text"))
        line.append((_EDGE, one.role if one.role == "flame-cursor" else f"{one.role}-edge"))
        if one.end - one.begin > 1:
            line.append((left(one.text or _together(one), one.end - one.begin - 1), one.role))
        at = one.end
    return line


def _places(frame: Frame, boxes: list[Box], selected: Path | None, cells: int) -> Iterator[_Drawn]:
    at = 0
    for box in boxes:
        begin = max(at, round(box.begin * cells))
        at = max(round(box.end * cells), begin + 1)
        if at > cells:
            break
        role = "flame-cursor" if box.path == selected else role_of(frame, box.path)
        yield _Drawn((box,), begin, at, role, _fitted(name_of(frame, box.path), at - begin - 1))


def _merged(places: Iterable[_Drawn]) -> Iterator[_Drawn]:
    before: _Drawn | None = None
    for one in places:
        if before is not None and before.takes(one):
            before = before.with_(one)
            continue
        if before is not None:
            yield before
        before = one
    if before is not None:
        yield before


def _together(one: _Drawn) -> str:
    """How many it stands for, where one function calls them all and there is room to say so."""
    callers = {box.path[:-1] for box in one.boxes}
    words = f"{len(one.boxes)} narrow" if len(one.boxes) > 1 and len(callers) == 1 else ""
    return words if width(words) < one.end - one.begin else ""


def _fitted(name: str, cells: int) -> str:
    """As much of a name as `cells` cells hold; "" where that would be less than two letters."""
    if width(name) <= cells:
        return name
    return left(name, cells - 1) + ELLIPSIS if cells >= _LEAST else ""


def _head(frame: Frame, flame: Flame, top: int, below: int, narrow: int, unit: Unit, cells: int) -> Line:
    """The way to the box that fills the width, its count, and what is not seen."""
    way = " ▸ ".join(name_of(frame, flame.zoom[:depth]) for depth in range(len(flame.zoom) + 1))
    tail: Line = [(f"{units.text(flame.whole, unit)} ", "text")]
    if flame.zoom:
        tail += [(f"{_percent(flame.whole, flame.everything)} of all ", "dim")]
    hidden = [f"{narrow} too narrow"] if narrow else []
    hidden += [f"{below} deeper"] if below else []
    hidden = [f"{top} above", *hidden] if top else hidden
    if hidden:
        tail += [("· ", "rule"), (", ".join(hidden) + " ", "faint")]
    room = cells - line_width(tail) - 2
    return fill([(" ", "text"), (tail_of(way, room), "strong"), (" ", "text"), *tail], cells)


def _read_out(frame: Frame, flame: Flame, data: FlameFrame, box: Box, cells: int) -> Line:
    """Name and count of the box under the cursor; where it is too long, the name loses its end."""
    unit = data.view.unit
    tail: Line = [(" · ", "rule"), (units.text(box.count, unit), "strong")]
    tail += [(f" {_percent(box.count, flame.everything)}", "text"), (" of all", "dim")]
    tail += [(" · ", "rule"), ("self ", "dim"), (units.text(box.own, unit), "text")]
    if unit is Unit.NS and frame.seconds == frame.seconds:
        tail += [(" · ", "rule"), ("now ", "dim"), (units.text(box.recent / frame.seconds / 1e7, Unit.PERCENT), "text")]
    module = texts.module(frame, box.path[-1]) if len(box.path) > 1 else ""
    where: Line = [(f" {module}", "dim")] if module else []
    room = cells - 3 - line_width(tail)
    if line_width(where) + 12 > room:
        where = []
    name = name_of(frame, box.path)
    name = name if width(name) <= room - line_width(where) else _fitted(name, max(4, room - line_width(where)))
    return fill([(" ◆ ", "pointer"), (name, "strong"), *where, *tail], cells)


def _percent(part: float, whole: float) -> str:
    return units.text(100 * part / whole, Unit.PERCENT) if whole else "-"

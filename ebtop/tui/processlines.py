"""One process as lines: who it is, and what every running probe knows of it; pure, one call for each frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ebtop import units
from ebtop.frame import Frame
from ebtop.ofprocess import Part, parts
from ebtop.sample import Detail, Process
from ebtop.spec import Measure
from ebtop.tui.pieces import Line, fill, line_width, middle, number, right, spread, width
from ebtop.tui.plan import Place, grid, joint
from ebtop.tui.tablelines import TableLines, ViewState, table_lines
from ebtop.tui.titles import title
from ebtop.units import Unit

_FACT = 26
"""Cells from which facts stand in one more column."""
_NUMBER = 11
NOBODY = Process("?")


@dataclass(frozen=True, slots=True)
class Looking:
    """One process as it is looked at."""

    frame: Frame | None = None
    pid: int = 0
    focused: str = ""
    """Name of the probe whose panel has the cursor."""
    slots: dict[str, str] = field(default_factory=dict)
    """Digit of each probe."""
    states: dict[str, ViewState] = field(default_factory=dict, compare=False)
    """By probe."""
    pinned: bool = False
    """The kernel counts this process only."""


@dataclass(frozen=True, slots=True)
class ProcessLines:
    """What is drawn, and where."""

    lines: list[Line]
    cursor: int = -1
    probes: tuple[str, ...] = ()
    """Names of the panels that are there, in order."""
    places: tuple[Place, ...] = ()
    """Where they stand, from the first line of the stage."""
    tables: dict[str, TableLines] = field(default_factory=dict)
    """By probe, as drawn."""


def process_lines(looking: Looking, cells: int, lines: int) -> ProcessLines:
    """The whole stage in `cells` x `lines`."""
    frame = looking.frame
    if frame is None:
        return ProcessLines([fill([(" waiting for the first frame", "dim")], cells)] + [[]] * (lines - 1))
    head = _head(looking, frame, cells)
    known = parts(frame, looking.pid)
    there = [part for part in known if not part.is_empty]
    foot = _foot([part for part in known if part.is_empty], cells)
    room = max(0, lines - len(head) - len(foot))
    there = there[: _most(len(there), cells, room)]
    places = _lifted(grid(len(there), cells, room), [_needed(part, cells) for part in there])
    tables: dict[str, TableLines] = {}
    body = _body(looking, there, places, tables, cells, room)
    names = tuple(part.probe.probe.name for part in there)
    shifted = tuple(replace(place, y=place.y + len(head)) for place in places)
    whole = [fill(line, cells) for line in [*head, *body, *foot][:lines]]
    return ProcessLines(whole + [[]] * (lines - len(whole)), -1, names, shifted, tables)


# --- who it is --------------------------------------------------------------------------------------------------------


def _head(looking: Looking, frame: Frame, cells: int) -> list[Line]:
    pid = looking.pid
    process = frame.sample.processes.get(pid, NOBODY)
    detail = frame.sample.details.get(pid)
    name: Line = [("─ ", "rule"), (process.name, "accent"), (f" {pid} ", "strong")]
    said: Line = [(" counted alone ", "warn")] if looking.pinned else []
    heading = spread(name, [*said, ("─", "rule")], cells, ("─", "rule"))
    if detail is None:
        gone = "it has ended, or is not ours to look at"
        stays = ": what was counted of it stays" if cells > 72 else ""
        return [heading, [(f" {gone}{stays}", "faint")], _facts_of(process, Detail(), 0.0, cells)]
    age = frame.sample.wall_ns / 1e9 - detail.started_s
    command: Line = [(" ", "text"), (middle(detail.command, min(width(detail.command), cells - 2)), "text")]
    return [heading, command, _facts_of(process, detail, age, cells)]


def _facts_of(process: Process, detail: Detail, age_s: float, cells: int) -> Line:
    """User, unit, parent, age, threads, memory: as many as there is room for."""
    facts = [("user", process.user), ("container" if process.container else "unit", process.unit)]
    facts.append(("parent", f"{detail.parent} {detail.ppid}" if detail.ppid else ""))
    facts.append(("up", units.text(age_s * 1e9, Unit.NS) if detail.started_s else ""))
    facts.append(("threads", str(detail.threads) if detail.threads else ""))
    facts.append(("memory", units.text(detail.memory_bytes, Unit.BYTES) if detail.memory_bytes else ""))
    line: Line = [(" ", "text")]
    for name, value in facts:
        piece: Line = [(" · ", "rule")] if len(line) > 1 else []
        piece += [(name + " ", "dim"), (value, "text")]
        if value and line_width(line) + line_width(piece) <= cells:
            line += piece
    return line


def _foot(empty: list[Part], cells: int) -> list[Line]:
    """The probes that have seen nothing of it, in one line."""
    if not empty:
        return []
    line: Line = [(" nothing yet of it: ", "faint")]
    for place, part in enumerate(empty):
        line += [(" · " if place else "", "rule"), (part.probe.probe.title.lower(), "dim")]
    return [fill(line, cells)]


def _most(count: int, cells: int, lines: int) -> int:
    """How many of `count` panels have room for a title at least."""
    while count and not all(place.height for place in grid(count, cells, lines) or [Place(0, 0, 0, 0)]):
        count -= 1
    return count


def _needed(part: Part, cells: int) -> int:
    """Lines for all that is known, and one to breathe."""
    if part.table.view.keys:
        return part.table.keys.size + 3
    return len(_facts(part, cells // 2)) + 2


def _lifted(places: list[Place], needed: list[int]) -> list[Place]:
    """The same places, but no row of panels higher than it has to be: what is empty lies below."""
    lifted: list[Place] = []
    y = 0
    for top in sorted({place.y for place in places}):
        row = [number for number, place in enumerate(places) if place.y == top]
        height = min(places[row[0]].height, max(needed[number] for number in row))
        lifted += [replace(places[number], y=y, height=height) for number in row]
        y += height
    return lifted


# --- what is known of it ----------------------------------------------------------------------------------------------


def _body(
    looking: Looking, there: list[Part], places: list[Place], tables: dict[str, TableLines], cells: int, lines: int
) -> list[Line]:
    if not there:
        words = " no running probe has seen anything of this process yet: what it does appears here"
        return [fill([(words, "faint")], cells), *([[]] * (lines - 1))]
    rows: list[Line] = [[] for _ in range(lines)]
    for part, place in zip(there, places, strict=True):
        for y, line in enumerate(_panel(looking, part, place, joint(place, places), tables)):
            rows[place.y + y] += line
    return rows


def _panel(looking: Looking, part: Part, place: Place, meets: str, tables: dict[str, TableLines]) -> list[Line]:
    """A title rule and rows or facts, exactly as large as `place`."""
    probe = part.probe.probe
    edge = 1 if place.x else 0
    focused = probe.name == looking.focused
    rate = units.rate(part.rate, probe.headline_unit)
    heading = title(
        looking.slots.get(probe.name, ""),
        probe.title,
        "",
        "" if rate == "-" else rate,
        "",
        place.width,
        focused,
        meets,
    )
    inner, lines = place.width - edge, place.height - 1
    content = _rows(looking, part, inner, lines, tables, focused) if part.table.view.keys else _facts(part, inner)
    content = content[:lines] + [[]] * (lines - len(content))
    side: Line = [("│", "rule")] if edge else []
    return [heading, *([*side, *fill(line, inner)] for line in content)]


def _rows(
    looking: Looking, part: Part, cells: int, lines: int, tables: dict[str, TableLines], focused: bool
) -> list[Line]:
    assert looking.frame is not None
    state = looking.states.setdefault(part.probe.probe.name, ViewState())
    headed = lines >= 3
    table = table_lines(looking.frame, part.table, state, cells, max(1, lines - headed))
    tables[part.probe.probe.name] = replace(table, headed=headed)
    rows = [_marked(row, focused and place == state.cursor - state.top) for place, row in enumerate(table.rows)]
    return ([table.heading] if headed else []) + rows


def _marked(row: Line, here: bool) -> Line:
    """A row with the cursor's mark before it."""
    if not here or not row:
        return row
    (text, role), *rest = row
    return [("▸" + text[1:], "accent" if not text[1:].strip() else role), *rest]


def _facts(part: Part, cells: int) -> list[Line]:
    """The one row of a table without keys, as names and numbers."""
    columns = sorted(part.table.view.columns, key=lambda column: column.measure is Measure.TOTAL)
    each = max(1, min(3, cells // _FACT))
    wide = cells // each
    pieces = [
        [
            (" ", "text"),
            (middle(column.title, min(width(column.title), wide - _NUMBER - 2)), "dim"),
            (" " * max(1, wide - _NUMBER - 2 - min(width(column.title), wide - _NUMBER - 2)), "text"),
            *number(float(part.table.columns[column.name][0]), column.unit, _NUMBER - 1),
            (" ", "text"),
        ]
        for column in columns
    ]
    rows = -(-len(pieces) // each)
    return [[piece for one in pieces[row::rows] for piece in one] for row in range(rows)]


def heading_of(looking: Looking) -> str:
    """Name and pid, for notices."""
    process = looking.frame.sample.processes.get(looking.pid, NOBODY) if looking.frame else NOBODY
    return f"{process.name} {right(str(looking.pid), 1)}"

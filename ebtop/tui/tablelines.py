"""The visible part of a table or an event list as lines; formats only what is seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from ebtop.baseline import CHANGE, RATIO
from ebtop.frame import EventsFrame, Frame, TableFrame
from ebtop.grouping import COUNT, GROUP
from ebtop.spec import Events, Kind, Table
from ebtop.tui.columns import PROGRAM, Slot, fitted, slots
from ebtop.tui.pieces import Line, middle, number, right
from ebtop.tui.rowset import Places, key_texts, names_of, newest, ordered

_PIDS = 4
"""Processes of a group that are named."""


@dataclass(slots=True)
class ViewState:
    """How the user looks at one probe: kept while frames come and go."""

    view: int = 0
    """Index into the probe's tables and event lists."""
    sorts: dict[str, str] = field(default_factory=dict)
    """By view name, where it is not the view's own."""
    backwards: bool = False
    filter: str = ""
    cursor: int = 0
    """Row under the cursor."""
    top: int = 0
    """First row shown."""

    def sort_of(self, view: Table | Events) -> str:
        """Name of the column that orders the view."""
        return sort_in(view, self.sorts.get(view.name, view.sort)) if isinstance(view, Table) else ""


def sort_in(view: Table, wanted: str) -> str:
    """The column of `view`, grouped or compared or neither, that `wanted` is in it; its own where there is none."""
    names = {slot.name for slot in slots(view)}
    if wanted in names:
        return wanted
    if wanted[:1] in (CHANGE, RATIO):
        return sort_in(view, wanted[1:])
    named = {key.field for key in view.keys if key.kind is Kind.PID} | {PROGRAM, GROUP}
    return next((name for name in (GROUP, PROGRAM) if wanted in named and name in names), view.sort)


@dataclass(frozen=True, slots=True)
class TableLines:
    """What is seen of a table."""

    heading: Line
    rows: list[Line]
    shown: int
    """Rows that pass the filter."""
    whole: int
    """Rows there are."""
    slots: tuple[Slot, ...]
    gap: int
    """Blanks before each column but the first."""
    selected: str
    """Names in the row under the cursor, in full."""
    headed: bool = True
    """Whether the heading is drawn above the rows."""

    def column_at(self, x: int) -> str:
        """Name of the column at cell `x`; "" beside them."""
        end = 1
        for slot in self.slots:
            end += slot.cells + self.gap
            if x < end:
                return slot.name
        return ""


def table_lines(frame: Frame, data: TableFrame | EventsFrame, state: ViewState, cells: int, lines: int) -> TableLines:
    """Heading and the `lines` rows from `state.top` on, in `cells` cells; puts cursor and top of `state` in range."""
    view = data.view
    sort = state.sort_of(view)
    chosen, gap = fitted(view, cells, sort)
    if isinstance(data, TableFrame):
        needed = max(state.cursor + 1, state.top + lines)
        places, shown = ordered(frame, data, sort, state.backwards, needed, state.filter)
        whole = data.keys.size
    else:
        places = newest(frame, data, state.filter)
        shown, whole = places.size, data.records.size
    _keep_in_range(state, shown, lines)
    visible = places[state.top : state.top + lines]
    columns = [_column(frame, data, slot, visible, gap if place else 1) for place, slot in enumerate(chosen)]
    rows = [[piece for cell in row for piece in cell] for row in zip(*columns, strict=True)]
    selected = _selected(frame, data, places[state.cursor : state.cursor + 1])
    return TableLines(_heading(chosen, gap, sort, state.backwards), rows, shown, whole, chosen, gap, selected)


def _keep_in_range(state: ViewState, shown: int, lines: int) -> None:
    state.cursor = max(0, min(state.cursor, shown - 1))
    state.top = max(0, min(state.top, state.cursor, shown - lines))
    state.top = max(state.top, state.cursor - lines + 1)


def _heading(chosen: tuple[Slot, ...], gap: int, sort: str, backwards: bool) -> Line:
    line: Line = []
    for place, slot in enumerate(chosen):
        before = " " * (gap if place else 1)
        mark = ("▴" if backwards else "▾") if slot.name == sort else ""
        title = slot.title + mark
        text = right(title, slot.cells) if slot.right else middle(title, slot.cells)
        line.append((before + text, "text" if mark else "faint"))
    return line


def _column(frame: Frame, data: TableFrame | EventsFrame, slot: Slot, places: Places, gap: int) -> list[Line]:
    """The cells of one column in the rows at `places`, each with the gap before it."""
    before = " " * gap
    if slot.unit is not None and isinstance(data, TableFrame):
        values = data.columns[slot.name][places].tolist()
        roles = _roles(data, slot, places)
        return [
            _after(before, number(value, slot.unit, slot.cells, role, slot.signed))
            for value, role in zip(values, roles, strict=True)
        ]
    texts = _texts(frame, data, slot, places)
    if slot.right:
        return [[(before + right(text, slot.cells), "dim")] for text in texts]
    role = "strong" if slot.name in (PROGRAM, GROUP) else "text"
    return [[(before + middle(text, slot.cells), role)] for text in texts]


def _roles(data: TableFrame, slot: Slot, places: Places) -> list[str]:
    """Numbers are text, counts of processes dimmed, changes coloured where they are large."""
    if slot.change and data.compared:
        return ["warn" if large else "text" for large in data.compared.large[places].tolist()]
    return ["dim" if slot.name == COUNT else "text"] * places.size


def _after(before: str, cell: Line) -> Line:
    (text, role), *rest = cell
    return [(before + text, role), *rest]


def _texts(frame: Frame, data: TableFrame | EventsFrame, slot: Slot, places: Places) -> list[str]:
    assert slot.key is not None
    texts = names_of if slot.name == PROGRAM else key_texts
    return texts(frame, data, slot.key, places)


def _selected(frame: Frame, data: TableFrame | EventsFrame, place: Places) -> str:
    """All that names the row at `place` (0 or 1 of them), in full."""
    keys = [slot for slot in slots(data.view) if slot.key is not None]
    names = [text for slot in keys for text in _texts(frame, data, slot, place) if text]
    if isinstance(data, TableFrame) and data.members and place.size:
        names.append(_members(data.members.pids(int(place[0]))))
    return " ".join(names)


def _members(pids: list[int]) -> str:
    """ "(pid 4121)", "(pids 911, 4121)", "(pids 1, 388, 515, 640 … of 23)"."""
    first = ", ".join(str(pid) for pid in pids[:_PIDS])
    more = f" … of {len(pids)}" if len(pids) > _PIDS else ""
    return f"(pid{'s' if len(pids) > 1 else ''} {first}{more})"

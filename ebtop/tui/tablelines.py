"""The visible part of a table or an event list as lines; formats only what is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.baseline import CHANGE, RATIO
from ebtop.frame import EventsFrame, Frame, TableFrame
from ebtop.grouping import COUNT, GROUP
from ebtop.spec import Events, Kind, Table
from ebtop.tui.columns import PROGRAM, UNIT, UNIT_FROM, Slot, fitted, slots
from ebtop.tui.filtering import Places
from ebtop.tui.pieces import ELLIPSIS, Line, left, middle, number, right, unit_name, width
from ebtop.tui.rowset import key_texts, names_of, newest, ordered, units_of

if TYPE_CHECKING:
    from ebtop.flames import Chains
    from ebtop.frame import FlameFrame

SHAPES = ("both", "heatmap", "trend", "histogram")
"""What stands under a maximised table: trend and histogram, or one alone."""


@dataclass(slots=True)
class HeatCursor:
    """Where the user points to in a heatmap."""

    number: int | None = None
    """Tick under the cursor; None: the newest, whichever that is."""
    bucket: int = -1
    """Bucket under the cursor; -1: the one that counted most in that tick."""


@dataclass(slots=True)
class FlameCursor:
    """Where the user points to in a flame graph, and which box fills the width; see flames.Path."""

    zoom: tuple[int, ...] = ()
    path: tuple[int, ...] = ()
    """Of the box under the cursor."""
    top: int = 0
    """The first depth shown, below that of the zoom."""
    kept: tuple[FlameFrame, Chains] | None = field(default=None, repr=False, compare=False)
    """What was drawn last, put in order: the next key needs it again."""


_PIDS = 4
"""Processes of a group that are named."""


@dataclass(slots=True)
class ViewState:
    """How the user looks at one probe: kept while frames come and go."""

    view: int = 0
    """Index into the probe's tables, event lists and flame graphs."""
    sorts: dict[str, str] = field(default_factory=dict)
    """By view name, where it is not the view's own."""
    backwards: bool = False
    filter: str = ""
    cursor: int = 0
    """Row under the cursor."""
    top: int = 0
    """First row shown."""
    shape: str = "both"
    """Under a maximised table: one of SHAPES."""
    heat: HeatCursor = field(default_factory=HeatCursor)
    flame: FlameCursor = field(default_factory=FlameCursor)
    on_heat: bool = False
    """The keys move the heatmap's cursor instead of the table's."""

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
class Row:
    """One row, or none, of which more is said than the table shows; made into text only when asked."""

    frame: Frame
    data: TableFrame | EventsFrame
    place: Places
    """Its place in `data`, (1,); (0,) for none."""

    @property
    def pid(self) -> int:
        """Its process; 0 where it names none, or more than one."""
        if isinstance(self.data, TableFrame) and self.data.members and self.place.size:
            pids = set(self.data.members.pids(int(self.place[0])))
            return pids.pop() if len(pids) == 1 else 0
        field = next((key.field for key in self.data.view.keys if key.kind is Kind.PID), "")
        if not field or not self.place.size:
            return 0
        records = self.data.keys if isinstance(self.data, TableFrame) else self.data.records
        return int(records[field][self.place[0]])

    @property
    def opens(self) -> int:
        """The id of what it opens a page of; 0 where it opens its process."""
        view = self.data.view
        if not isinstance(self.data, TableFrame) or not isinstance(view, Table) or not view.opens:
            return 0
        if not self.place.size or view.opens not in (self.data.keys.dtype.names or ()):  # none, or grouped
            return 0
        return int(self.data.keys[view.opens][self.place[0]])

    @property
    def names(self) -> str:
        """All that names it, in full."""
        keys = [slot for slot in slots(self.data.view) if slot.key is not None]
        names = [text for slot in keys for text in _texts(self.frame, self.data, slot, self.place) if text]
        if isinstance(self.data, TableFrame) and self.data.members and self.place.size:
            names.append(_members(self.data.members.pids(int(self.place[0]))))
        return " ".join(names)

    @property
    def cells(self) -> str:
        """Every cell, seen or not, divided by tabs: names in full, numbers as they are shown."""
        cells: list[str] = []
        for slot in slots(self.data.view) if self.place.size else ():
            if slot.unit is not None and isinstance(self.data, TableFrame):
                cells.append(units.text(float(self.data.columns[slot.name][self.place[0]]), slot.unit))
            else:
                cells += _texts(self.frame, self.data, slot, self.place)
        return "\t".join(cells)


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
    row: Row
    """The one under the cursor."""
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
    chosen, gap = fitted(view, cells, sort, cells >= UNIT_FROM and _has_units(frame))
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
    row = Row(frame, data, places[state.cursor : state.cursor + 1])
    return TableLines(_heading(chosen, gap, sort, state.backwards), rows, shown, whole, chosen, gap, row)


def _has_units(frame: Frame) -> bool:
    """Whether anything here belongs to a container or unit; there are machines without either."""
    return any(process.unit for process in frame.sample.processes.values())


def _keep_in_range(state: ViewState, shown: int, lines: int) -> None:
    state.cursor = max(0, min(state.cursor, shown - 1))
    state.top = max(0, min(state.top, state.cursor, shown - lines))
    state.top = max(state.top, state.cursor - lines + 1)


def _heading(chosen: tuple[Slot, ...], gap: int, sort: str, backwards: bool) -> Line:
    line: Line = []
    for place, slot in enumerate(chosen):
        before = " " * (gap if place else 1)
        mark = ("▴" if backwards else "▾") if slot.name == sort else ""
        title = cut_title(slot.title, mark, slot.cells)
        text = right(title, slot.cells) if slot.right else left(title, slot.cells)
        line.append((before + text, "text" if mark else "faint"))
    return line


def cut_title(title: str, mark: str, cells: int) -> str:
    """The heading in at most `cells`: its end is missing where it must, but for what makes a rate of it."""
    if width(title) + width(mark) <= cells:
        return title + mark
    kept = "/s" + mark if title.endswith("/s") else mark
    return left(title, max(0, cells - 1 - width(kept))).rstrip() + ELLIPSIS + kept


def _column(frame: Frame, data: TableFrame | EventsFrame, slot: Slot, places: Places, gap: int) -> list[Line]:
    """The cells of one column in the rows at `places`, each with the gap before it."""
    before = " " * gap
    if slot.unit is not None and isinstance(data, TableFrame):
        values = data.columns[slot.name][places].tolist()
        roles = _roles(data, slot, places)
        unit, cells, signed = slot.unit, slot.cells, slot.signed
        return [number(value, unit, cells, role, signed, gap) for value, role in zip(values, roles, strict=True)]
    texts = _texts(frame, data, slot, places)
    if slot.right:
        fitting = [text if width(text) <= slot.cells else middle(text, slot.cells) for text in texts]
        return [[(before + right(text, slot.cells), "dim")] for text in fitting]
    role = _ROLES.get(slot.name, "text")
    cut = unit_name if slot.title.endswith("unit") else left if slot.key and slot.key.kind is Kind.TIME else middle
    return [[(before + cut(text, slot.cells), role)] for text in texts]


_ROLES = {PROGRAM: "strong", GROUP: "strong", UNIT: "dim"}


def _roles(data: TableFrame, slot: Slot, places: Places) -> list[str]:
    """Numbers are text, counts of processes dimmed, changes coloured where they are large."""
    if slot.change and data.compared:
        return ["warn" if large else "text" for large in data.compared.large[places].tolist()]
    return ["dim" if slot.name == COUNT else "text"] * places.size


def _texts(frame: Frame, data: TableFrame | EventsFrame, slot: Slot, places: Places) -> list[str]:
    assert slot.key is not None
    texts = _SOURCES.get(slot.name, key_texts)
    return texts(frame, data, slot.key, places)


_SOURCES = {PROGRAM: names_of, UNIT: units_of}
"""Of the texts of columns that are not the key's own."""


def _members(pids: list[int]) -> str:
    """ "(pid 4121)", "(pids 911, 4121)", "(pids 1, 388, 515, 640 … of 23)"."""
    first = ", ".join(str(pid) for pid in pids[:_PIDS])
    more = f" … of {len(pids)}" if len(pids) > _PIDS else ""
    return f"(pid{'s' if len(pids) > 1 else ''} {first}{more})"

"""Which columns of a view fit in how many cells, and how wide each is; knows nothing of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from ebtop import units
from ebtop.grouping import COUNT, GROUP
from ebtop.spec import Column, Events, Key, Kind, Measure, Table
from ebtop.tui.pieces import width
from ebtop.units import Style, Unit

PROGRAM, UNIT = "a process's program", "a process's unit"
"""Names of the second and third column of a process key, which no key's field has: one may be called `program`."""
UNIT_FROM = 84
"""Cells from which a table has room for units; below, names of programs would pay for it."""
_UNIT_IMPORTANCE = 4
_CELLS = {
    Kind.TEXT: (10, 18, 120),
    Kind.SYSCALL: (8, 10, 20),
    Kind.DEVICE: (9, 9, 9),
    Kind.INTERFACE: (8, 8, 15),
    Kind.ADDRESS: (11, 15, 26),
    Kind.ERRNO: (8, 8, 12),
    Kind.UID: (8, 9, 12),
    Kind.DIRECTION: (5, 5, 5),
    Kind.NUMBER: (7, 7, 10),
    Kind.TIME: (8, 12, 12),
    Kind.OBJECT: (7, 7, 10),
    Kind.NUMBERED: (10, 18, 120),
    Kind.POINTER: (10, 14, 18),
    Kind.SYMBOL: (10, 14, 40),
    Kind.FUNCTION: (10, 18, 120),
    Kind.MODULE: (8, 8, 22),
    Kind.STACK: (10, 18, 600),
    Kind.CODE: (7, 8, 24),
    Kind.FLAGS: (8, 8, 40),
}
"""Of a key by kind: cells it can do with, cells at which it is read with ease, cells it can make use of."""
_MEASURED = 8
"""Cells of a number with a unit: "15.8 min"."""
_STORY = 24
"""Cells that a text of an event is given before what is less important: it is what the event tells."""
_PROGRAM, _UNIT, _COMM, _GROUP = (8, 10, 18), (10, 10, 28), (8, 10, 16), (8, 8, 28)
_COUNT = (5, 5, 5)
_PID = (7, 7, 7)
"""pid_max is at most 4194304 (include/linux/threads.h)."""
_HEADED = 8
"""Cells of a number at which enough is left of any heading: "conn…/s▾"."""
_DENSE = 44
"""Cells below which gaps are of one cell, and names that are read with ease come before a second number."""
_NAMED, _NUMBER, _PLAIN, _KEY, _TEXT, _ORDER, _ONLY_KEY = range(7)
"""How much is lost without a column."""
_NUMERIC = (Kind.NUMBER, Kind.OBJECT)


@dataclass(frozen=True, slots=True)
class Slot:
    """One column as drawn."""

    name: str
    """Column name; the key's field; PROGRAM or UNIT."""
    title: str
    least: int
    """Cells it can do with."""
    cells: int
    """Those it has; at first, those at which it is read with ease."""
    most: int
    """Cells it can make use of."""
    right: bool
    importance: int
    unit: Unit | None = None
    """Of a number; None for a key."""
    change: bool = False
    """It says how another column stands to the baseline."""
    signed: bool = False
    key: Key | None = None


def slots(view: Table | Events, belonging: bool = True) -> tuple[Slot, ...]:
    """All columns of a view in order, as narrow as they are read with ease; those of units only where `belonging`."""
    return _slots(view, belonging, units.style())


@lru_cache(maxsize=64)
def _slots(view: Table | Events, belonging: bool, _: Style) -> tuple[Slot, ...]:
    of_event = isinstance(view, Events)
    result = [slot for key in view.keys for slot in _of_key(key, of_event) if belonging or slot.name != UNIT]
    comm = next((slot for slot in result if slot.name == "comm"), None)
    if comm is not None:  # the kernel's own name of the program, with the unit beside it
        behind = [slot for slot in result if slot.name == UNIT]
        result = [slot for slot in result if slot.name not in (PROGRAM, UNIT)]
        result[result.index(comm) + 1 : 0] = behind
    if isinstance(view, Table):
        result += [_of_column(column) for column in view.columns if column.name != COUNT]
    return tuple(result)


def _of_column(column: Column) -> Slot:
    signed = column.measure is Measure.CHANGE
    number = units.number_width(column.unit) + signed
    cells = max(width(column.title) + 1, number)
    least = max(number, min(cells, _HEADED))
    change = column.measure in (Measure.CHANGE, Measure.RATIO)
    name, title, importance = column.name, column.title, column.importance
    return Slot(name, title, least, cells, cells, True, importance, column.unit, change=change, signed=signed)


def _of_key(key: Key, of_event: bool) -> list[Slot]:
    title = key.title or key.field
    if key.kind is Kind.PID:
        before = "" if title == "pid" else f"{title} "
        return [
            Slot(key.field, title, *_PID, True, key.importance, key=key),
            Slot(PROGRAM, before + "program", *_PROGRAM, False, key.importance, key=key),
            Slot(UNIT, before + "unit", *_UNIT, False, _UNIT_IMPORTANCE, key=key),
        ]
    if key.field == GROUP:
        return [
            Slot(GROUP, title, *_GROUP, False, key.importance, key=key),
            Slot(COUNT, "n", *_COUNT, True, key.importance, Unit.PLAIN),
        ]
    least, cells, most = _COMM if key.field == "comm" else _CELLS[key.kind]
    if key.unit is not Unit.PLAIN:
        least = cells = most = _MEASURED
    elif of_event and key.kind in (Kind.TEXT, Kind.NUMBERED) and key.field != "comm":
        cells = _STORY
    right = key.kind in _NUMERIC
    if right or least == most:  # as a heading over numbers, or over what is always as short, is read whole
        cells = max(cells, width(title))
    return [Slot(key.field, title, least, cells, max(cells, most), right, key.importance, key=key)]


def fitted(view: Table | Events, cells: int, sort: str, belonging: bool = True) -> tuple[tuple[Slot, ...], int]:
    """The columns of `view` that fit into `cells`, widened where they can use it, and the gap before each.

    The least important are dropped first, of those the rightmost; then the number of a process whose program and
    something else are named. Then all columns become narrow, and only then more is dropped: numbers that the rows are
    not ordered by (in a dense table before that), then keys. What they are ordered by stays, beside one key at least.
    """
    return _fitted(view, cells, sort, belonging or sort == UNIT, units.style())


@lru_cache(maxsize=64)
def _fitted(view: Table | Events, cells: int, sort: str, belonging: bool, _: Style) -> tuple[tuple[Slot, ...], int]:
    chosen = list(slots(view, belonging))
    dense = cells < _DENSE
    gap = 1 if dense else 2
    while _taken(chosen, gap) > cells and (spare := _spare(chosen, sort)):
        chosen.pop(max(spare, key=lambda place: (chosen[place].importance, place)))
    _drop(chosen, gap, cells, sort, _NUMBER if dense else _NAMED)
    if _taken(chosen, gap) > cells:
        chosen = [replace(slot, cells=slot.least, most=_narrowed(slot)) for slot in chosen]
    _drop(chosen, gap, cells, sort, _ONLY_KEY)
    rest = cells - _taken(chosen, gap)
    while rest > 0 and any(slot.cells < slot.most for slot in chosen):
        for place, slot in enumerate(chosen):
            if rest > 0 and slot.cells < slot.most:
                chosen[place] = replace(slot, cells=slot.cells + 1)
                rest -= 1
    return tuple(chosen), min(gap + max(0, rest // max(1, len(chosen))), gap + 2)


def _spare(chosen: list[Slot], sort: str) -> list[int]:
    """Places of what is not important; the last key there is always is."""
    lone = sum(slot.key is not None for slot in chosen) == 1
    return [
        place
        for place, slot in enumerate(chosen)
        if slot.importance > 0 and slot.name not in (sort, PROGRAM) and not (lone and slot.key is not None)
    ]


def _narrowed(slot: Slot) -> int:
    """Cells that a narrow column can make use of: a time of day has its milliseconds or has not."""
    return slot.least if slot.key is not None and slot.key.kind is Kind.TIME else slot.most


def _drop(chosen: list[Slot], gap: int, cells: int, sort: str, upto: int) -> None:
    """Take columns of a weight up to `upto` away until the others fit, the lightest first, of those the rightmost."""
    while len(chosen) > 1 and _taken(chosen, gap) > cells:
        weight, place = min((_weight(chosen, slot, sort), -place) for place, slot in enumerate(chosen))
        if weight > upto:
            return
        chosen.pop(-place)


def _weight(chosen: list[Slot], slot: Slot, sort: str) -> int:
    if slot.key is None:
        return _ORDER if slot.name == sort else _NAMED if slot.name == COUNT else _NUMBER
    keys = {other.key for other in chosen if other.key is not None}
    if sum(other.key is not None for other in chosen) == 1:
        return _ONLY_KEY
    if slot.key.kind is Kind.PID and slot.name != PROGRAM:
        return _NAMED if len(keys) > 1 and any(other.name == PROGRAM for other in chosen) else _PLAIN
    if slot.key.kind is Kind.NUMBER and not sort:  # what an event measured; of a table's row it says which one it is
        return _NUMBER
    return {Kind.TIME: _PLAIN, Kind.TEXT: _TEXT, Kind.NUMBERED: _TEXT}.get(slot.key.kind, _KEY)


def _taken(chosen: list[Slot], gap: int) -> int:
    return 1 + sum(slot.cells for slot in chosen) + gap * (len(chosen) - 1)

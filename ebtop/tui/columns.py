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
_FIXED = {
    Kind.ERRNO: 12,
    Kind.DIRECTION: 5,
    Kind.NUMBER: 7,
    Kind.TIME: 12,
    Kind.POINTER: 14,
    Kind.OBJECT: 7,
    Kind.UID: 9,
    Kind.DEVICE: 9,
}
_MEASURED = 8
"""A number with a unit: "15.8 min"."""
_NARROW, _WIDE = 10, 120
_FLEXIBLE = {
    Kind.TEXT: (18, _WIDE),
    Kind.SYSCALL: (10, 20),
    Kind.ADDRESS: (15, 26),
    Kind.INTERFACE: (8, 15),
    Kind.CODE: (8, 24),
    Kind.FLAGS: (8, 40),
    Kind.NUMBERED: (18, _WIDE),
    Kind.SYMBOL: (14, 40),
    Kind.FUNCTION: (18, _WIDE),
    Kind.MODULE: (8, 22),
    Kind.STACK: (18, 600),
}
_COMM, _GROUP = (8, 16), (8, 28)
_COUNT_WIDTH = 5
_PID_WIDTH = 7
"""pid_max is at most 4194304 (include/linux/threads.h)."""
_NUMERIC = (Kind.NUMBER, Kind.OBJECT)


@dataclass(frozen=True, slots=True)
class Slot:
    """One column as drawn."""

    name: str
    """Column name; the key's field; PROGRAM or UNIT."""
    title: str
    cells: int
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
    """All columns of a view in order, each as narrow as it can be; those of units only where `belonging` is wanted."""
    return _slots(view, belonging, units.style())


@lru_cache(maxsize=64)
def _slots(view: Table | Events, belonging: bool, _: Style) -> tuple[Slot, ...]:
    result = [slot for key in view.keys for slot in _of_key(key) if belonging or slot.name != UNIT]
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
    cells = max(width(column.title) + 1, units.number_width(column.unit) + signed)
    change = column.measure in (Measure.CHANGE, Measure.RATIO)
    return Slot(
        column.name, column.title, cells, cells, True, column.importance, column.unit, change=change, signed=signed
    )


def _of_key(key: Key) -> list[Slot]:
    title = key.title or key.field
    if key.kind is Kind.PID:
        before = "" if title == "pid" else f"{title} "
        return [
            Slot(key.field, title, _PID_WIDTH, _PID_WIDTH, True, key.importance, key=key),
            Slot(PROGRAM, before + "program", 8, 18, False, key.importance, key=key),
            Slot(UNIT, before + "unit", 10, 28, False, _UNIT_IMPORTANCE, key=key),
        ]
    if key.field == GROUP:
        return [
            Slot(GROUP, title, *_GROUP, False, key.importance, key=key),
            Slot(COUNT, "n", _COUNT_WIDTH, _COUNT_WIDTH, True, key.importance, Unit.PLAIN),
        ]
    if key.kind in _FLEXIBLE:
        least, most = _COMM if key.field == "comm" else _FLEXIBLE[key.kind]
        return [Slot(key.field, title, least, most, False, key.importance, key=key)]
    cells = max(width(title), _FIXED[key.kind] if key.unit is Unit.PLAIN else _MEASURED)
    return [Slot(key.field, title, cells, cells, key.kind in _NUMERIC, key.importance, key=key)]


def fitted(view: Table | Events, cells: int, sort: str, belonging: bool = True) -> tuple[tuple[Slot, ...], int]:
    """The columns of `view` that fit into `cells`, widened where they can use it, and the gap before each.

    The least important are dropped first, of those the rightmost; then texts become narrow, and only then more is
    dropped: the number of a process whose program is named, last of all what the rows are about or ordered by.
    """
    return _fitted(view, cells, sort, belonging or sort == UNIT, units.style())


@lru_cache(maxsize=64)
def _fitted(view: Table | Events, cells: int, sort: str, belonging: bool, _: Style) -> tuple[tuple[Slot, ...], int]:
    chosen = list(slots(view, belonging))
    gap = 1 if cells < 44 else 2
    while _taken(chosen, gap) > cells and any(_is_spare(slot, sort) for slot in chosen):
        spare = [place for place, slot in enumerate(chosen) if _is_spare(slot, sort)]
        chosen.pop(max(spare, key=lambda place: (chosen[place].importance, place)))
    if _taken(chosen, gap) > cells:
        chosen = [replace(slot, cells=_NARROW) if slot.most == _WIDE else slot for slot in chosen]
    while len(chosen) > 1 and _taken(chosen, gap) > cells:
        chosen.pop(min(range(len(chosen)), key=lambda place: _weight(chosen, place, sort)))
    rest = cells - _taken(chosen, gap)
    while rest > 0 and any(slot.cells < slot.most for slot in chosen):
        for place, slot in enumerate(chosen):
            if rest > 0 and slot.cells < slot.most:
                chosen[place] = replace(slot, cells=slot.cells + 1)
                rest -= 1
    return tuple(chosen), min(gap + max(0, rest // max(1, len(chosen))), gap + 2)


def _is_spare(slot: Slot, sort: str) -> bool:
    return slot.importance > 0 and slot.name not in (sort, PROGRAM)


def _weight(chosen: list[Slot], place: int, sort: str) -> tuple[int, int]:
    """How much is lost without the column at `place`."""
    slot = chosen[place]
    named = any(other.name == PROGRAM for other in chosen)
    if slot.name == COUNT or (slot.key is not None and slot.key.kind is Kind.PID and slot.name != PROGRAM and named):
        return 1, -place
    if slot.key is not None:
        return 4 if slot.key.kind in (Kind.TEXT, Kind.NUMBERED) else 3, -place
    return (2 if slot.name == sort else 0), -place


def _taken(chosen: list[Slot], gap: int) -> int:
    return 1 + sum(slot.cells for slot in chosen) + gap * (len(chosen) - 1)

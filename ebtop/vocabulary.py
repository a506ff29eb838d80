"""What has to hold for every declaration by itself, whoever made it: types, names, views; knows no C and no kernel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain, pairwise
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ebtop.sample import BUCKETS
from ebtop.spec import ALL, SELF, STACK, Flame, Histogram, Key, Kind, Measure, Probe, Table, View, keys_of, stacks_of
from ebtop.units import Unit

_LONGEST = 11
"""Lists have room for so many."""
NAME = re.compile(rf"[a-z][a-z0-9]{{0,{_LONGEST - 1}}}")
"""No underscore: what belongs to a probe is known by the part before the first one."""
RESERVED = frozenset({"all", "ebtop"})
SIGNS, MEMBERS = 4096, 512
"""Most characters of a text, and most members of a tuple."""
_DIVIDED = (Measure.MEAN, Measure.PART)
_DERIVED = (Measure.CHANGE, Measure.RATIO)
_SUMMED = (Measure.RATE, Measure.TOTAL, Measure.SHARE, *_DIVIDED)
"""What is known of rows that are sums of others: those of stacks."""
_FUNCTIONS = (("function", Kind.FUNCTION), ("module", Kind.MODULE))
_STACK = ((STACK, Kind.STACK),)


def flaws(probe: object) -> Iterator[str]:
    """All that is wrong with a declaration, a line each; nothing for what is right."""
    if not isinstance(probe, Probe):
        yield f"PROBE is no ebtop.spec.Probe but {type(probe).__name__}"
        return
    mistyped = list(_mistyped(probe, Probe, "PROBE"))
    if mistyped:  # the rest would stumble over it
        yield from mistyped
    else:
        yield from chain(_of_words(probe), _of_views(probe))


def name_flaw(name: str) -> str:
    """What is wrong with the name of a probe, "" for nothing."""
    if not NAME.fullmatch(name):
        return f"{name!r} is no name for a probe: a small letter, then small letters and digits, {_LONGEST} at most"
    return f"{name!r} means something else to ebtop: take another name" if name in RESERVED else ""


# --- types ------------------------------------------------------------------------------------------------------------


def _mistyped(value: object, hint: Any, where: str) -> Iterator[str]:
    """Where a frozen declaration holds something else than its vocabulary says: Python itself does not look."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if get_origin(hint) is tuple:
        yield from _mistyped_tuple(value, get_args(hint), where)
    elif not any(type(value) is kind for kind in kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        yield f"{where} is {type(value).__name__}, not {wanted}"
    elif isinstance(value, str):
        yield from _unfit(value, where)
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        yield f"{where} does not fit in 64 bits"
    elif is_dataclass(value):
        kind: Any = type(value)
        for field in fields(kind):
            yield from _mistyped(getattr(value, field.name), hints(kind)[field.name], f"{where}.{field.name}")


def _unfit(text: str, where: str) -> Iterator[str]:
    if not text.isprintable():
        yield f"{where} has signs that cannot be shown: {text[:_LONGEST]!r}"
    elif len(text) > SIGNS:
        yield f"{where} is longer than {SIGNS} characters"


def _mistyped_tuple(value: object, inner: tuple[Any, ...], where: str) -> Iterator[str]:
    if not isinstance(value, tuple):
        hint = ": a comma is missing before the last bracket" if not isinstance(value, list) else ": write ( ), not [ ]"
        yield f"{where} is {type(value).__name__}, not tuple{hint}"
    elif len(value) > MEMBERS:
        yield f"{where} has more than {MEMBERS} members"
    elif inner[-1] is Ellipsis:
        for place, one in enumerate(value):
            yield from _mistyped(one, inner[0], f"{where}[{place}]")
    elif len(value) != len(inner):
        yield f"{where} has {len(value)} members, not {len(inner)}"
    else:
        for place, (one, hint) in enumerate(zip(value, inner, strict=True)):
            yield from _mistyped(one, hint, f"{where}[{place}]")


@cache
def hints(kind: Any) -> dict[str, Any]:
    """The types of the members of a dataclass, by name."""
    return get_type_hints(kind)


# --- words and views --------------------------------------------------------------------------------------------------


def _of_words(probe: Probe) -> Iterator[str]:
    if flaw := name_flaw(probe.name):
        yield flaw
    for word in ("title", "question", "misses"):
        if not getattr(probe, word).strip():
            yield f"{word} is empty"
    yield from twice("names of ways", (way.name for way in probe.ways))
    for way in probe.ways:
        if not way.name or not way.hooks:
            yield f"way {way.name!r} has no {'hooks' if way.name else 'name'}"


def _of_views(probe: Probe) -> Iterator[str]:
    if not probe.views:
        yield "it has no views: name one Table, Histogram or Events"
    yield from twice("names of views", (view.name for view in probe.views))
    first = probe.first_table
    if first is not None and not first.counter:
        yield f"view {first.name}: none of its columns is a rate of plain events, by which rows are counted"
    if probe.headline and first is None:
        yield "headline needs a table, of which it adds up members"
    histograms = [view for view in probe.views if isinstance(view, Histogram) and view.worst]
    yield from twice("maps of worst examples", (view.worst for view in histograms))
    for view in probe.views:
        yield from _of_view(view)


def _of_view(view: View) -> Iterator[str]:
    where = f"view {view.name}"
    if not view.title:
        yield f"{where} has no title"
    named = (view.name, *(column.name for column in getattr(view, "columns", ())))
    for name in named:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"{where}: {name!r} is no name for a column or view: small letters, digits and _"
    yield from _of_keys(view, where)
    if isinstance(view, Histogram):
        yield from _of_histogram(view, where)
    if isinstance(view, Table):
        yield from _of_table(view, where)


def _of_keys(view: View, where: str) -> Iterator[str]:
    keys = view.by if isinstance(view, Histogram) else keys_of(view)
    if any((key.kind is Kind.NUMBERED) != bool(key.texts) for key in keys):
        yield f"{where}: a key of Kind.NUMBERED, and no other, names the map of its texts"
    yield from twice(f"{where}, keys", (key.field for key in keys))
    for key in keys_of(view):
        if key.unit is not Unit.PLAIN and key.kind is not Kind.NUMBER:
            yield f"{where}: key {key.field} has a unit, which only a Kind.NUMBER has"
    if not stacks_of(view) and any(_is_of_stacks(key) for key in keys_of(view)):
        yield f"{where}: functions, modules and stacks are keys only of a Table that names its stacks"
    if not keys and not isinstance(view, Histogram | Flame):
        yield f"{where} has no keys"


def _is_of_stacks(key: Key) -> bool:
    return key.kind in (Kind.FUNCTION, Kind.MODULE, Kind.STACK)


def _of_histogram(view: Histogram, where: str) -> Iterator[str]:
    if view.worst and (not view.worst_keys or view.worst_keys[0].kind is not Kind.PID):
        yield f"{where}: the first of worst_keys is not a process (Kind.PID)"
    if len(view.edges) >= BUCKETS or any(after <= before for before, after in pairwise(view.edges)):
        yield f"{where}: edges do not rise, or are more than {BUCKETS - 1}"


def _of_table(view: Table, where: str) -> Iterator[str]:
    names = [column.name for column in view.columns]
    yield from twice(f"{where}, names of columns", names)
    if view.sort not in names:
        yield f"{where} is sorted by {view.sort!r}, which is none of its columns: {', '.join(names)}"
    for column in view.columns:
        if column.measure in _DERIVED:
            yield f"{where}: column {column.name} is a {column.measure.value}, which only ebtop itself makes"
        if column.measure in _DIVIDED and not column.per:
            yield f"{where}: column {column.name} does not say what it is divided by"
    if view.stacks:
        yield from _of_stacks(view, where)


def _of_stacks(view: Table, where: str) -> Iterator[str]:
    keys = tuple((key.field, key.kind) for key in view.keys)
    if keys != _STACK and not set(keys) <= set(_FUNCTIONS):
        yield f"{where}: rows of stacks have the keys function and module, or the key stack"
    for column in view.columns:
        if column.measure not in _SUMMED:
            yield f"{where}: column {column.name} is a {column.measure.value}, which is not known of stacks"
        within = column.field.startswith((SELF, ALL)) and (not column.per or column.per.startswith((SELF, ALL)))
        if within == (keys == _STACK):
            yield f"{where}: column {column.name}: of functions there are {SELF}… and {ALL}…, of stacks there are not"


def twice(what: str, names: Iterable[str]) -> Iterator[str]:
    """A line for each of `names` that there is more than once."""
    listed = list(names)
    for name in dict.fromkeys(listed):
        if listed.count(name) > 1:
            yield f"{what}: {name!r} is there twice"

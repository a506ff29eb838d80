"""What has to hold for every declaration of a probe and for its C, built in or not; compiles and loads nothing.

What only the compiler and the kernel know, such as the members of a map, is looked at when the probe goes live.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ebtop import registry
from ebtop.kernel import programs
from ebtop.own import cnames
from ebtop.spec import Events, Histogram, Kind, Measure, Probe, Table, View, Way, keys_of

_LONGEST = 11
"""Lists have room for so many."""
NAME = re.compile(rf"[a-z][a-z0-9]{{0,{_LONGEST - 1}}}")
"""No underscore: what belongs to a probe is known by the part before the first one."""
RESERVED = frozenset({"all", "ebtop"})
_PLAIN = ("index", "value")
"""What members.fields calls the key of an array, and a value, that is no struct."""
_DIVIDED = (Measure.MEAN, Measure.PART)
_DERIVED = (Measure.CHANGE, Measure.RATIO)


def flaws(probe: object, c: str, name: str) -> Iterator[str]:
    """All that is wrong with what a file `name`.py declares and with its C, a line each; nothing for what is right."""
    if not isinstance(probe, Probe):
        yield f"PROBE is no ebtop.spec.Probe but {type(probe).__name__}"
        return
    mistyped = list(_mistyped(probe, Probe, "PROBE"))
    if mistyped:  # the rest would stumble over it
        yield from mistyped
    else:
        code = cnames.plain(c)
        yield from chain(_of_name(probe, name), _of_ways(probe, code), _of_views(probe, code), _of_c(probe, code))


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
    elif isinstance(value, str) and not value.isprintable():
        yield f"{where} has signs that cannot be shown: {value!r}"
    elif is_dataclass(value):
        kind: Any = type(value)
        hints = _hints(kind)
        for field in fields(kind):
            yield from _mistyped(getattr(value, field.name), hints[field.name], f"{where}.{field.name}")


def _mistyped_tuple(value: object, inner: tuple[Any, ...], where: str) -> Iterator[str]:
    if not isinstance(value, tuple):
        hint = ": a comma is missing before the last bracket" if not isinstance(value, list) else ": write ( ), not [ ]"
        yield f"{where} is {type(value).__name__}, not tuple{hint}"
    elif inner[-1] is Ellipsis:
        for place, one in enumerate(value):
            yield from _mistyped(one, inner[0], f"{where}[{place}]")
    elif len(value) != len(inner):
        yield f"{where} has {len(value)} members, not {len(inner)}"
    else:
        for place, (one, hint) in enumerate(zip(value, inner, strict=True)):
            yield from _mistyped(one, hint, f"{where}[{place}]")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


# --- names and ways ---------------------------------------------------------------------------------------------------


def _of_name(probe: Probe, name: str) -> Iterator[str]:
    if flaw := name_flaw(probe.name):
        yield flaw
    if probe.name != name:
        yield f"the probe is called {probe.name!r} and its files {name!r}: call both the same"
    for word in ("title", "question", "misses"):
        if not getattr(probe, word).strip():
            yield f"{word} is empty"


def _of_ways(probe: Probe, c: str) -> Iterator[str]:
    yield from _twice("names of ways", (way.name for way in probe.ways))
    for way in probe.ways:
        yield from _of_way(probe, way, c)


def _of_way(probe: Probe, way: Way, c: str) -> Iterator[str]:
    if not way.name or not way.hooks:
        yield f"way {way.name!r} has no {'hooks' if way.name else 'name'}"
    for hook in way.hooks:
        place = f"way {way.name}, hook {hook.target}"
        if hook.kind not in programs.KINDS:
            yield f"{place}: there is no kind {hook.kind!r}; they are {', '.join(programs.KINDS)}"
        if not hook.function.startswith(f"{probe.name}_"):
            yield f"{place}: the function {hook.function!r} does not begin with {probe.name}_"
        elif not re.search(rf"\b{re.escape(hook.function)}\b", c):
            yield f"{place}: the C file has no function {hook.function}"
    for member in way.fields:
        if not all(re.fullmatch(r"(?:enum )?\w+(\.\w+)+", one) for one in member.split("|")):
            yield f"way {way.name}: {member!r} is no struct.member"


# --- views ------------------------------------------------------------------------------------------------------------


def _of_views(probe: Probe, c: str) -> Iterator[str]:
    if not probe.views:
        yield "it has no views: name one Table, Histogram or Events"
    yield from _twice("names of views", (view.name for view in probe.views))
    first = next((view for view in probe.views if isinstance(view, Table)), None)
    if first is not None and not first.counter:
        yield f"view {first.name}: none of its columns is a rate of plain events, by which rows are counted"
    if probe.headline and first is None:
        yield "headline needs a table, of which it adds up members"
    histograms = [view for view in probe.views if isinstance(view, Histogram) and view.worst]
    yield from _twice("maps of worst examples", (view.worst for view in histograms))
    named = [(f"view {view.name}", name) for view in probe.views for name in _maps_of(view)]
    for where, name in named:
        if not name.startswith(f"{probe.name}_"):
            yield f"{where}: the map {name!r} does not begin with {probe.name}_"
    if probe.ways:  # the others are made up of what the warden reads
        yield from _missing(probe, c)
    for view in probe.views:
        yield from _of_view(view)


def _missing(probe: Probe, c: str) -> Iterator[str]:
    """Words of the declaration that are none of the C, as they are spelled otherwise; but for what macros paste."""
    shared = c + cnames.plain((registry.FOLDER / "ebtop.h").read_text("utf-8"))
    words = [("headline", field, shared) for field in probe.headline]
    for view in probe.views:
        where = f"view {view.name}"
        words += [(where, view.map, c), *((where, field, shared) for field in _members_of(view))]
        if isinstance(view, Histogram) and view.worst:
            words.append((where, view.worst, c))
    for where, word, text in dict.fromkeys(words):
        if not re.search(rf"\b{re.escape(word)}\b", text):
            yield f"{where}: the C file has no {word!r}"


def _maps_of(view: View) -> tuple[str, ...]:
    """Every map of the C file that a view names."""
    beside = {Events: "record", Histogram: "worst"}.get(type(view), "")
    named = (view.map, getattr(view, beside, ""), *(key.texts for key in keys_of(view)))
    return tuple(name for name in named if name)


def _members_of(view: View) -> Iterator[str]:
    """Members of C structs that a view reads; keys and values that are plain numbers have no name in C."""
    fields = [key.field for key in keys_of(view)]
    if isinstance(view, Table):
        fields += (name for column in view.columns for name in (column.field, column.per) if name)
    yield from (field for field in fields if field not in _PLAIN)


def _of_view(view: View) -> Iterator[str]:
    where = f"view {view.name}"
    if not view.title:
        yield f"{where} has no title"
    named = (view.name, *(column.name for column in getattr(view, "columns", ())))
    for name in named:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"{where}: {name!r} is no name for a column or view: small letters, digits and _"
    keys = view.by if isinstance(view, Histogram) else view.keys
    if any((key.kind is Kind.NUMBERED) != bool(key.texts) for key in keys):
        yield f"{where}: a key of Kind.NUMBERED, and no other, names the map of its texts"
    yield from _twice(f"{where}, keys", (key.field for key in keys))
    if isinstance(view, Histogram):
        if view.worst and (not view.worst_keys or view.worst_keys[0].kind is not Kind.PID):
            yield f"{where}: the first of worst_keys is not a process (Kind.PID)"
        return
    if not keys:
        yield f"{where} has no keys"
    if isinstance(view, Table):
        names = [column.name for column in view.columns]
        yield from _twice(f"{where}, names of columns", names)
        if view.sort not in names:
            yield f"{where} is sorted by {view.sort!r}, which is none of its columns: {', '.join(names)}"
        for column in view.columns:
            if column.measure in _DERIVED:
                yield f"{where}: column {column.name} is a {column.measure.value}, which only ebtop itself makes"
            if column.measure in _DIVIDED and not column.per:
                yield f"{where}: column {column.name} does not say what it is divided by"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    listed = list(names)
    for name in dict.fromkeys(listed):
        if listed.count(name) > 1:
            yield f"{what}: {name!r} is there twice"


# --- C ----------------------------------------------------------------------------------------------------------------


def _of_c(probe: Probe, c: str) -> Iterator[str]:
    """All probes are compiled as one text, so what one declares must not be what another declares."""
    if not probe.ways:
        return
    prefixes = (f"{probe.name}_", f"{probe.name.upper()}_")
    for found in cnames.declared(c):
        names = found.split()
        if not any(name.startswith(prefixes) or name == probe.name for name in names):
            yield f"{probe.name}.c declares {found}: a name that does not begin with {probe.name}_"
    if not re.search(rf"\b{probe.totals}\b", c):
        yield f"{probe.name}.c keeps no books: EBTOP_COUNTERS(struct ebtop_totals, {probe.totals}, 1)"

"""A bpftrace program as a probe: one declaration from its text alone, so that a recording needs no more than its name.

The name of such a probe is "bt:", the name of its file and a colon if it came from one, and the text itself, in which
line breaks and tabs are control pictures, as in every text that is shown.
"""

from __future__ import annotations

import re
from functools import cache

from ebtop.bpftrace import PREFIX
from ebtop.bpftrace.program import NUMBER, TEXT, Map, is_text, program
from ebtop.spec import OWN, Column, Events, Histogram, Key, Kind, Probe, Table, View, gauge, mean, rate, total
from ebtop.text import clean
from ebtop.units import Unit

OUTPUT = "output"
"""Map of the lines that the program prints."""
COUNTERS, AVERAGES, VALUES = "counters", "averages", "values"
"""Tables of all maps without a key."""
NAME = "map"
"""The key there."""
LONGEST = 16_384
"""Characters of a program."""
EXAMPLE = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
_BREAKS = str.maketrans({"\u240a": "\n", "\u2409": "\t"})
BUCKETS = 40
"""sample.BUCKETS, which is not below this."""
_TITLE, _QUESTION = 44, 400
_MISSES = (
    "bpftrace runs the program as it stands: ebtop and bpftrace are counted too, and a target does not reach it."
    " What finds a map full (4,096 keys unless BPFTRACE_MAP_KEYS_MAX says more) is not counted, and not told of."
    " Texts are cut at 64 bytes (BPFTRACE_STRLEN)."
)
_NUMBERS = frozenset(("tid", "cpu", "gid", "numaid"))
"""Small enough for a column of numbers; others are as long as they please, and so are texts."""


def named(text: str, file: str = "") -> str:
    """The name of the probe that runs `text`, of a `file` if it came from one. ValueError where that cannot be run."""
    text = text.strip().replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise ValueError(f"the program is longer than {LONGEST} characters")
    shown = clean(text)
    if whole(shown) != text:
        raise ValueError("the program holds control characters")
    program(text)
    file = re.sub(r"[^\w.+-]+", "_", file)
    return f"{PREFIX}{file}:{shown}" if file.endswith(".bt") else f"{PREFIX}{shown}"


def text_of(name: str) -> str:
    """The text that the probe of that name runs."""
    return _parts(name)[1]


def _parts(name: str) -> tuple[str, str]:
    found = re.match(r"bt:(?:([\w.+-]+\.bt):)?", name)
    if found is None:
        raise KeyError(name)
    return found[1] or "", whole(name[found.end() :])


def whole(shown: str) -> str:
    """A text with control pictures as it is without."""
    return shown.translate(_BREAKS)


@cache
def declared(name: str) -> Probe:
    """The probe of that name; KeyError where it is no program."""
    if clean(name) != name:
        raise KeyError(name)
    file, text = _parts(name)
    try:
        parsed = program(text)
    except ValueError:
        raise KeyError(name) from None
    title = file or " ".join(text.split())
    views = _views(parsed.maps, parsed.tells)
    first = views[0]
    head = first.columns[0] if isinstance(first, Table) and first.columns[0].name.endswith("_per_second") else None
    return Probe(
        name=name,
        title=_cut(title, _TITLE),
        question=f"what {file} of bpftrace finds" if file else _cut(title, _QUESTION),
        ways=(),
        views=views,
        misses=_MISSES,
        slot=0,
        headline=(head.field,) if head else (),
        default=False,
        same=("bpftrace",),
        group=OWN,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def targets(name: str) -> tuple[str, ...]:
    """What the program says that it is attached to."""
    return program(text_of(name)).points


@cache
def maps_of(name: str) -> dict[str, Map]:
    """The maps of the program, by their names."""
    return {one.name: one for one in program(text_of(name)).maps}


def _views(maps: tuple[Map, ...], tells: bool) -> tuple[View, ...]:
    """Counters and what is aggregated first, then what is printed, then the maps that are only written to."""
    views: list[View] = []
    seen = [one for one in maps if not one.scratch]
    for one in seen:
        if one.keys or one.holds in ("hist", "lhist"):
            views += _of_map(one)
    families = {family(one) for one in seen if not one.keys and one.holds not in ("hist", "lhist")}
    views += [_FAMILIES[name] for name in (COUNTERS, AVERAGES, VALUES) if name in families]
    if any(not one.keys and one.holds == TEXT for one in seen):
        views.append(_texts("texts", "texts", (Key(NAME, Kind.TEXT, "map"),)))
    if tells or not (views or maps):
        time, text = Key("time_ns", Kind.TIME, "read at"), Key("text", Kind.TEXT, "output")
        views.append(Events(OUTPUT, "what it printed", OUTPUT, OUTPUT, (time, text)))
    for one in maps:
        if one.scratch:
            views += _of_map(one)
    return tuple(views)


def family(one: Map) -> str:
    """The table that a map without a key stands in, "" for texts."""
    if one.holds == TEXT:
        return ""
    if one.holds == "stats" and not one.cleared:
        return AVERAGES
    return COUNTERS if one.holds in ("count", "sum") and not one.cleared else VALUES


_FAMILIES = {
    COUNTERS: Table(
        COUNTERS,
        "counters",
        COUNTERS,
        (Key(NAME, Kind.TEXT, "map"),),
        (rate("value", title="/s"), total("value", title="total")),
        "value_total",
    ),
    AVERAGES: Table(
        AVERAGES,
        "averages",
        AVERAGES,
        (Key(NAME, Kind.TEXT, "map"),),
        (rate("count", title="/s"), mean("total", "count"), total("count"), total("total")),
        "count_total",
    ),
    VALUES: Table(
        VALUES, "values", VALUES, (Key(NAME, Kind.TEXT, "map"),), (gauge("value", Unit.COUNT, "value"),), "value"
    ),
}


def keys_of(one: Map) -> tuple[Key, ...]:
    """Its key's parts; a map without has its name for one."""
    if not one.keys:
        return (Key(NAME, Kind.TEXT, "map"),)
    return tuple(_key(f"k{place}", expression, one) for place, expression in enumerate(one.keys))


def _key(field: str, expression: str, one: Map) -> Key:
    title = clean(expression.replace("args->", "").replace("args.", ""))[:18]
    if expression == "pid":
        return Key("pid" if one.keys.count("pid") == 1 else field, Kind.PID, "pid")
    if expression == "uid":
        return Key(field, Kind.UID, "user")
    if expression in ("args->id", "args.id") and all("raw_syscalls:" in point for point in one.points):
        return Key(field, Kind.SYSCALL, "call")
    if expression == "comm":
        return Key(field, Kind.TEXT, "comm")
    if is_text(expression) is None and (expression in _NUMBERS or expression.isdecimal()):
        return Key(field, Kind.NUMBER, title)
    return Key(field, Kind.TEXT, title)


def _title(one: Map) -> str:
    return clean(f"{one.name}[{', '.join(one.keys)}]"[:_TITLE]) if one.keys else one.name


def _of_map(one: Map) -> list[View]:
    keys, title = keys_of(one), _title(one)
    if one.holds == TEXT:
        return [_texts(one.name, title, keys)]
    if is_ranged(one):
        ranges = (*keys, Key("bucket", Kind.NUMBER, "#"), Key("range", Kind.TEXT, "range"))
        return [_table(one, ranges if one.keys else ranges[1:], title)]
    if one.holds in ("hist", "lhist"):
        columns = (*_counted("count"), total("negative", title="<0"))
        table = Table(
            f"{one.name} rows", title, one.name, keys, columns[: 3 if one.holds == "hist" else 2], "count_total"
        )
        by = keys if one.keys else ()
        return [table, Histogram(one.name, title, one.name, Unit.COUNT, by, edges=edges_of(one))]
    return [_table(one, keys, title)]


def is_ranged(one: Map) -> bool:
    """Whether a histogram is a table of its ranges: its counts may fall, or its edges are not known beforehand."""
    return one.holds in ("hist", "lhist") and (one.cleared or (one.holds == "lhist" and one.linear is None))


def edges_of(one: Map) -> tuple[int, ...]:
    """What divides the buckets of a linear histogram: as many of bpftrace's are one as have to be; () of a log2 one."""
    if one.linear is None:
        return ()
    least, most, step = one.linear
    inner = -(-(most - least) // step)
    wide = step * -(-inner // (BUCKETS - 2))
    return (*range(least, most, wide), most)


def _counted(field: str) -> tuple[Column, Column]:
    return rate(field, title="/s"), total(field, title=field)


def _table(one: Map, keys: tuple[Key, ...], title: str) -> Table:
    field = value_of(one)
    if one.cleared or one.holds in ("avg", "min", "max", NUMBER):
        words = "since the program cleared it; it clears it itself, so there is no rate" if one.cleared else ""
        return Table(one.name, title, one.name, keys, (gauge(field, Unit.COUNT, field, words),), field)
    if one.holds == "stats":
        columns = (rate("count", title="/s"), mean("total", "count"), total("count"), total("total"))
        return Table(one.name, title, one.name, keys, columns, "count_total")
    return Table(one.name, title, one.name, keys, _counted(field), f"{field}_total")


def value_of(one: Map) -> str:
    """The member of its values that a table without a mean shows."""
    known = {"count": "count", "sum": "sum", "avg": "average", "min": "min", "max": "max", "stats": "count"}
    return "count" if one.holds in ("hist", "lhist") else known.get(one.holds, "value")


def _texts(name: str, title: str, keys: tuple[Key, ...]) -> Events:
    return Events(name, title, name, name, (*keys, Key("value", Kind.TEXT, "value")))

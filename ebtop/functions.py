"""A probe made from a line of text that names a function or an event: what may be said, and the declaration of it.

The text alone decides, so that every process and every recording makes the same probe of it. Nothing that was typed
reaches the compiler: conditions become numbers, names are looked up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ebtop.spec import OWN, Column, Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

PREFIX = "func"
"""What such a probe's name begins with, before a colon."""
MOST = 40
"""Places that a pattern may stand for: six descriptors each, and a packet of the wire carries 253."""
CONDITIONS = 4
_LONGEST = 240
_EXAMPLE = "for instance k:tcp_v4_connect, u:libc:malloc or t:sched:sched_switch"
_KINDS = {
    "k": ("k", "kr", "kprobe", "kretprobe"),
    "f": ("f", "fx", "fentry", "fexit"),
    "u": ("u", "ur", "uprobe", "uretprobe"),
    "usdt": ("U", "usdt"),
    "t": ("t", "tracepoint"),
    "rt": ("rt", "rawtracepoint", "raw_tracepoint"),
}
_SHORT = {word: kind for kind, words in _KINDS.items() for word in words}
_TIMED = frozenset({"k", "f", "u"})
_FUNCTION = re.compile(r"[\w.*$@]+")
"""Also of C++ and Rust as the linker has them, and of clones: foo.constprop.0."""
_PLACES = {
    "k": (_FUNCTION, "k:FUNCTION"),
    "f": (_FUNCTION, "f:FUNCTION"),
    "u": (re.compile(r"[^:*|]+:[\w.*$@]+"), "u:libc:FUNCTION or u:/path:FUNCTION"),
    "usdt": (re.compile(r"[^:*|]+:[\w.*-]+(:[\w.*-]+)?"), "usdt:/path:PROVIDER:NAME"),
    "t": (re.compile(r"[\w*]+:[\w*]+"), "t:CATEGORY:EVENT"),
    "rt": (re.compile(r"[\w*]+"), "rt:EVENT"),
}
_CONDITION = re.compile(
    r"(?:\((?P<cast>[a-z0-9 ]+)\) ?)?(?P<what>[A-Za-z_]\w*) ?(?P<sign>==|!=|<=|>=|<|>|&) ?"
    r"(?P<value>-?(?:0x[0-9a-fA-F]+|[0-9]+))(?= |$)(?: ?&&)? ?"
)
_ARGUMENT = re.compile("arg[1-6]")
_SIGNS = {"==": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5, "&": 6}
_TYPES = {
    "long": 0,
    "unsigned long": 1,
    "int": 2,
    "unsigned int": 3,
    "short": 4,
    "unsigned short": 5,
    "char": 6,
    "unsigned char": 7,
}
"""FUNC_LONG and so on in func.c."""
_TYPES |= {"unsigned": 3, "s64": 0, "u64": 1, "s32": 2, "u32": 3, "s16": 4, "u16": 5, "s8": 6, "u8": 7}
AS_DECLARED = 8
"""FUNC_AS_DECLARED."""
_RETURN, _FIELD = 7, 8
"""FUNC_RETURN and FUNC_FIELD; 1 to 6 are arguments, 0 is no condition."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison that an event must pass to be counted."""

    what: str
    """arg1 to arg6, ret, or a field of a tracepoint."""
    sign: str
    value: int
    cast: str = ""
    where: int = 0
    """The number by which func.c knows `what`."""

    def __str__(self) -> str:
        return f"{f'({self.cast})' if self.cast else ''}{self.what}{self.sign}{self.value}"


@dataclass(frozen=True, slots=True)
class Function:
    """What a line asks for."""

    kind: str
    """A key of _KINDS."""
    target: str
    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        """The line, as it is always written."""
        return " ".join([f"{self.kind}:{self.target}", *map(str, self.conditions)])

    @property
    def name(self) -> str:
        """That of its probe."""
        return f"{PREFIX}:{self}"


def parse(text: str) -> Function:
    """What `text` ("u:libc:malloc arg1>4096") asks for; ValueError, with the remedy, if it makes no sense."""
    words = " ".join(text.split())
    place, _, rest = words.partition(" ")
    word, colon, target = place.partition(":")
    if not words or len(words) > _LONGEST or not words.isprintable() or not colon:
        raise ValueError(f"{text.strip()!r} names no function: say {_EXAMPLE}")
    kind = _SHORT.get(word)
    if kind is None:
        raise ValueError(f"{word!r} is no kind of hook: they are k, f, u, usdt, t and rt, {_EXAMPLE}")
    form, example = _PLACES[kind]
    if not form.fullmatch(target):
        raise ValueError(f"{place!r} is not written as in {example}")
    if kind == "usdt" and target.count(":") == 1:
        target = target.replace(":", ":*:")
    return Function(kind, target, _conditions(kind, target, rest))


def _conditions(kind: str, target: str, text: str) -> tuple[Condition, ...]:
    found, at = [], 0
    while at < len(text):
        match = _CONDITION.match(text, at)
        if match is None:
            raise ValueError(f"{text[at:]!r} is no condition: say for instance arg1>4096, ret<0 or (int)ret!=0")
        found.append(_condition(kind, target, match))
        at = match.end()
    if len(found) > CONDITIONS:
        raise ValueError(f"{len(found)} conditions are too many: leave {CONDITIONS}")
    return tuple(found)


def _condition(kind: str, target: str, match: re.Match[str]) -> Condition:
    cast = match["cast"] or ""
    if cast and cast not in _TYPES:
        raise ValueError(f"({cast}) is no type here: they are {', '.join(_TYPES)}")
    value = int(match["value"], 0) if match["value"].startswith(("0x", "-0x")) else int(match["value"])
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"{match['value']} does not fit in 64 bits")
    what = match["what"]
    where = _FIELD if kind == "t" else _RETURN if what == "ret" else int(what[3]) if _ARGUMENT.fullmatch(what) else 0
    if where not in {"t": (_FIELD,), "rt": range(1, 7), "usdt": ()}.get(kind, range(1, 8)):
        raise ValueError(f"{what} cannot be compared at {kind}: {_COMPARED[kind]}")
    if kind == "t" and "*" in target:
        raise ValueError(f"{what}: the fields of one tracepoint can be compared, not those of several")
    return Condition(what, match["sign"], value, cast, where)


_COMPARED = {
    "k": "arg1 to arg6 and ret can",
    "f": "arg1 to arg6 and ret can",
    "u": "arg1 to arg6 and ret can",
    "usdt": "nothing can",
    "t": "the fields that `ebtop hooks -v` lists can",
    "rt": "arg1 to arg6 can",
}


# --- the declaration --------------------------------------------------------------------------------------------------


def declared(text: str) -> Probe:
    """The probe of a line as Function.__str__ writes it; ValueError for any other."""
    function = parse(text)
    if str(function) != text:
        raise ValueError(f"{text!r} is always written {str(function)!r}")
    timed = function.kind in _TIMED
    often = f"How often is {function} {'called, by whom' if timed else 'passed, and by whom'}"
    return Probe(
        name=function.name,
        title=_title(function),
        question=f"{often}, and how long does it take?" if timed else f"{often}?",
        slot=0,
        default=False,
        group=OWN,
        same=_SAME[timed],
        ways=_ways(function),
        views=_views(function, timed),
        misses=_misses(function),
        stem=PREFIX,
        alone=True,
        defines=_defines(function),
    )


def _title(function: Function) -> str:
    """Of a path its end: panels are narrow, and it is the function that they are about."""
    folder, slash, own = function.target.rpartition("/")
    return str(replace(function, target=f"…/{own}")) if folder and slash else str(function)


_SAME = (("funccount-bpfcc", "bpftrace -e 'HOOK { @[comm] = count(); }'"), ("funccount-bpfcc", "funclatency-bpfcc"))


def _defines(function: Function) -> tuple[tuple[str, int], ...]:
    given: dict[str, int] = {}
    empty = Condition("", "==", 0)
    for number in range(CONDITIONS):
        one = function.conditions[number] if number < len(function.conditions) else empty
        given |= {
            f"FUNC_IF{number}_WHERE": one.where,
            f"FUNC_IF{number}_SIGN": _SIGNS[one.sign],
            f"FUNC_IF{number}_TYPE": _TYPES[one.cast] if one.cast else AS_DECLARED,
            f"FUNC_IF{number}_VALUE": one.value if one.value < 1 << 63 else one.value - (1 << 64),
        }
    return tuple(given.items())


def _ways(function: Function) -> tuple[Way, ...]:
    target, returns = function.target, any(one.what == "ret" for one in function.conditions)
    if function.kind in ("usdt", "t", "rt"):
        kind = {"usdt": "usdt", "t": "tracepoint", "rt": "raw_tracepoint"}[function.kind]
        fields = tuple(one.what for one in function.conditions) if kind == "tracepoint" else ()
        run = "func_passed_raw" if kind == "raw_tracepoint" else "func_passed"
        return (Way(kind, (Hook(kind, target, run, most=MOST, fields=fields),)),)
    pairs = {"k": (_FENTRY, _KPROBE), "f": (_FENTRY,), "u": (_UPROBE,)}[function.kind]
    ways = [
        Way(
            f"{enter[0]} and {leave[0]}",
            (Hook(*enter[:1], target, enter[1], most=MOST), Hook(*leave[:1], target, leave[1], most=MOST)),
        )
        for enter, leave, _ in pairs
    ]
    if not returns:
        ways += [
            Way(
                f"{enter[0]}, counts only",
                (Hook(enter[0], target, count, most=MOST),),
                misses="How long calls take: this way only counts them as they begin.",
                counts_only=True,
            )
            for enter, _, count in pairs
        ]
    return tuple(ways)


_FENTRY = (("fentry", "func_enter_raw"), ("fexit", "func_leave_raw"), "func_passed_raw")
_KPROBE = (("kprobe", "func_enter"), ("kretprobe", "func_leave"), "func_called")
_UPROBE = (("uprobe", "func_enter"), ("uretprobe", "func_leave"), "func_called")
"""Kind of hook and C function where a function begins and where it returns; what only counts."""


def _views(function: Function, timed: bool) -> tuple[Table | Histogram, ...]:
    process = Key("pid", Kind.PID)
    place = Key("place", Kind.CODE, "function" if timed else "event", enum=function.name)
    columns = _COLUMNS if timed else (rate("calls", title="count/s"), total("calls", title="count"))
    several = "*" in function.target
    keys: dict[str, tuple[Key, ...]] = {"by_process": (process,)}
    if several:
        keys = {"by_place": (place,), "by_process": (process,), "by_process_and_place": (process, place)}
    tables = tuple(
        Table(
            name, name.replace("_", " ").replace("place", place.title), "func_calls", parts, columns, "calls_per_second"
        )
        for name, parts in keys.items()
    )
    if not timed:
        return tables
    index = Key("index", Kind.CODE, "function", enum=function.name)
    return (
        *tables,
        Histogram("latency", "latency", "func_latency", Unit.NS, (index,), "func_worst", (process, place)),
    )


_COLUMNS: tuple[Column, ...] = (
    rate("calls", help="calls that returned, per second"),
    mean("ns", per="calls", unit=Unit.NS, importance=1, help="from entry to return, per call"),
    largest("max_ns", Unit.NS, importance=2),
    share("ns", title="in it", importance=3, help="time in the function, in percent of one CPU's time; threads add up"),
    total("calls", importance=4),
    total("ns", unit=Unit.NS, title="time", importance=5, help="in the function since the probe started"),
)


def _misses(function: Function) -> str:
    typed = " Values count as long: (int)ret says otherwise." if function.conditions and function.kind == "u" else ""
    if function.kind == "u":
        return (
            "Calls that the compiler has inlined, that never return or are left by a jump; processes in containers,"
            " which have files of their own (u:/proc/PID/root/usr/lib/…). Times include what the hook itself takes, a"
            " microsecond or more where the first instruction has to be stepped over; its cost is not in % cpu."
            f"{typed}"
        )
    if function.kind in _TIMED:
        return (
            "Calls that the compiler has inlined, that never return, and those within other programs on the same CPU."
        )
    if function.kind == "usdt":
        return "Processes in containers, which have files of their own (usdt:/proc/PID/root/usr/…)."
    return "What happens while another program of this kind runs on the same CPU."

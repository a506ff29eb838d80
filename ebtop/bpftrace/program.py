"""What a bpftrace program does with its maps, read off its text; knows nothing of probes, kernels or output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ebtop.bpftrace.lexing import Token, closing, split, tokens, written

FUNCTIONS = ("count", "sum", "avg", "min", "max", "stats", "hist", "lhist")
NUMBER, TEXT = "number", "text"
"""What is assigned to a map that no function fills."""
_TELLS = ("printf", "print", "time", "join", "cat", "system")
_STACKS = ("usym", "ksym", "ustack", "kstack", "probe", "func")
_TEXTS = frozenset(
    ("comm", "str", "buf", "ntop", "macaddr", "strftime", "cgroup_path", "path", "strerror", *_STACKS),
)
"""Builtins and functions of bpftrace whose value is written as a text (its reference guide)."""
_DEEP = 4
"""Steps that are followed from a variable to what was assigned to it."""


@dataclass(frozen=True, slots=True)
class Map:
    """One map, as the program uses it."""

    name: str
    """With its @."""
    holds: str = NUMBER
    """One of FUNCTIONS, NUMBER or TEXT."""
    keys: tuple[str, ...] = ()
    """The expressions of its key, as they are written; () for a map without."""
    linear: tuple[int, int, int] | None = None
    """Of lhist: least, most and step; None where they are no plain numbers."""
    points: tuple[str, ...] = ()
    """The attach points of the block that gives it its first value."""
    cleared: bool = False
    """clear() or zero() outside of END: what it holds is not of the whole time."""
    printed: bool = False
    """The program prints it itself."""
    limit: int = 0
    """… and then no more than so many keys; 0: all."""
    scratch: bool = False
    """Only assigned to, and deleted from or cleared in the end: kept for the program's own use."""


@dataclass(frozen=True, slots=True)
class Program:
    """The maps in the order of the text, and what it is attached to."""

    points: tuple[str, ...]
    maps: tuple[Map, ...]
    tells: bool
    """It prints lines of its own."""


def program(text: str) -> Program:
    """What `text` says. ValueError where it is no program at all; whether it is a good one, bpftrace has to say."""
    given = tokens(text)
    points = _points(given)
    if not any(token.text == "{" for token in given):
        raise ValueError("a bpftrace program has braces, e.g. tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }")
    found: dict[str, Map] = {}
    assigned: dict[str, str] = {}
    for place, token in enumerate(given):
        if token.kind == "map":
            _use(given, place, points, found)
    for place, token in enumerate(given):
        _call(given, place, points, found)
        if token.kind in ("map", "word"):
            _value(given, place, points, found, assigned)
    maps = tuple(_completed(one, assigned, found) for one in found.values())
    every = tuple(dict.fromkeys(point for block in points.values() for point in block))
    return Program(every, maps, any(_is_call(given, place, _TELLS) for place in range(len(given))))


def _points(given: Sequence[Token]) -> dict[int, tuple[str, ...]]:
    """By block, what stands before its predicate and its brace."""
    heads: dict[int, list[Token]] = {}
    ended: set[int] = set()
    for token in given:
        if token.text == "{" or (token.text == "/" and token.spaced):
            ended.add(token.block)
        elif not token.depth and token.block not in ended and token.text != "}":
            heads.setdefault(token.block, []).append(token)
    return {
        block: tuple(text for piece in split(head) if (text := written(piece).replace(" ", "")))
        for block, head in heads.items()
    }


def _use(given: Sequence[Token], place: int, points: dict[int, tuple[str, ...]], found: dict[str, Map]) -> None:
    """Make the map at `place` known, and its keys."""
    token = given[place]
    after = given[place + 1].text if place + 1 < len(given) else ""
    keys: tuple[str, ...] = ()
    if after == "[":
        inside = given[place + 2 : closing(given, place + 1)]
        keys = tuple(written(piece) for piece in split(inside))
    known = found.get(token.text)
    if known is None:
        found[token.text] = Map(token.text, "", keys, points=points.get(token.block, ()))
    elif keys and not known.keys:
        found[token.text] = replace(known, keys=keys)


def _call(given: Sequence[Token], place: int, points: dict[int, tuple[str, ...]], found: dict[str, Map]) -> None:
    """What print, clear, zero and delete do to the map that is their first argument."""
    if not _is_call(given, place, ("print", "clear", "zero", "delete")) or place + 2 >= len(given):
        return
    one = found.get(given[place + 2].text)
    if one is None:
        return
    in_the_end = points.get(given[place].block) == ("END",)
    name = given[place].text
    if name == "print":
        one = replace(one, printed=True, limit=one.limit or _limit(given, place))
    elif name == "delete" or in_the_end:
        one = replace(one, scratch=True)
    else:
        one = replace(one, cleared=True)
    found[one.name] = one


def _limit(given: Sequence[Token], place: int) -> int:
    arguments = split(given[place + 2 : closing(given, place + 1)])
    said = written(arguments[1]).strip() if len(arguments) > 1 else ""
    return int(said) if said.isdecimal() else 0


def _value(
    given: Sequence[Token],
    place: int,
    points: dict[int, tuple[str, ...]],
    found: dict[str, Map],
    assigned: dict[str, str],
) -> None:
    """What the map or variable at `place` is given, if anything."""
    token = given[place]
    end = closing(given, place + 1) + 1 if place + 1 < len(given) and given[place + 1].text == "[" else place + 1
    sign = given[end].text if end < len(given) else ""
    stepped = sign in ("++", "--") or (place and given[place - 1].text in ("++", "--"))
    if sign == "=":
        value = given[end + 1 : _end(given, end + 1)]
        holds, linear = _kind(value), _linear(value)
    elif stepped or sign in ("+=", "-="):
        holds, linear = "sum", None
    else:
        return
    if token.kind == "word":
        assigned.setdefault(token.text, holds)
        return
    one = found[token.text]
    before = one.holds
    if not before or before == NUMBER:
        found[one.name] = replace(one, holds=holds, linear=linear, points=points.get(token.block, ()))
    elif before == "sum" and holds not in FUNCTIONS:  # @x = 0 beside @x++: it may fall
        found[one.name] = replace(one, holds=holds)


def _linear(value: Sequence[Token]) -> tuple[int, int, int] | None:
    if not value or not _is_call(value, 0, ("lhist",)):
        return None
    arguments = [written(piece).replace(" ", "") for piece in split(value[2 : closing(value, 1)])]
    try:
        _, least, most, step = (int(text.replace("_", ""), 0) if place else 0 for place, text in enumerate(arguments))
    except ValueError:  # an expression, or not four of them
        return None
    return (least, most, step) if step > 0 and most > least else None


def _end(given: Sequence[Token], start: int) -> int:
    open_ = 0
    for place in range(start, len(given)):
        text = given[place].text if given[place].kind == "sign" else ""
        if not open_ and text in (";", "}"):
            return place
        open_ += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
    return len(given)


def _kind(value: Sequence[Token]) -> str:
    """What an expression is: a function's name, NUMBER, TEXT, or the variable or map it is copied from."""
    first = value[0] if value else None
    if first is None:
        return NUMBER
    if _is_call(value, 0, FUNCTIONS):
        return first.text
    if first.kind == "text" or (first.kind == "word" and first.text in _TEXTS):
        return TEXT
    if first.text == "(" and any(len(piece) > 0 for piece in split(value[1 : closing(value, 0)])[1:]):
        return TEXT  # a tuple
    if first.kind == "map" or (first.kind == "word" and first.text.startswith("$")):
        whole = closing(value, 1) + 1 if len(value) > 1 and value[1].text == "[" else 1
        return first.text if len(value) == whole else NUMBER
    return NUMBER


def _completed(one: Map, assigned: dict[str, str], found: dict[str, Map]) -> Map:
    """With what it holds, where that was a variable's value; what a function fills is no scratch."""
    holds = one.holds or NUMBER
    for _ in range(_DEEP):
        if holds.startswith("$"):
            holds = assigned.get(holds, NUMBER)
        elif holds.startswith("@"):
            holds = found[holds].holds
            holds = holds if holds.startswith(("$", "@")) or holds == TEXT else NUMBER
    if holds not in (*FUNCTIONS, TEXT):
        holds = NUMBER
    return replace(one, holds=holds, scratch=one.scratch and holds in (NUMBER, TEXT) and not one.printed)


def is_text(expression: str) -> bool | None:
    """Whether the part of a key that is written so prints as a text; None where that is not to be seen."""
    words = list(_names(expression))
    if not words:
        return expression.startswith('"')
    return True if words[0] in _TEXTS else None


def _names(expression: str) -> Iterator[str]:
    return (token.text for token in tokens(expression) if token.kind == "word")


def _is_call(given: Sequence[Token], place: int, names: Sequence[str]) -> bool:
    token = given[place]
    behind = given[place + 1].text if place + 1 < len(given) else ""
    return token.kind == "word" and token.text in names and behind == "("

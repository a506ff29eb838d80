"""The text of a bpftrace program as tokens, each with the block it stands in; knows nothing of what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>^[\ \t]*\#[^\n]*|\n+|[^\S\n]+|//[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<path>:[\w\-./#+*\\]*/[\w\-./#+*\\]*(?=:))
      | (?P<text>"(?:\\.|[^"\\])*(?:"|\Z))
      | (?P<map>@(?:[A-Za-z_]\w*)?)
      | (?P<word>\$?[A-Za-z_][\w]*|\$\#?\d*)
      | (?P<number>\d\w*)
      | (?P<sign>\+\+|--|->|<<=|>>=|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, text, sign, or map."""

    kind: str
    """path, text, map, word, number, sign."""
    text: str
    depth: int
    """Braces around it; 0: where attach points and predicates stand."""
    block: int
    """How many blocks (attach points, predicate, braces) were ended before it."""
    spaced: bool
    """Whether a blank or a comment stands before it."""


def tokens(text: str) -> tuple[Token, ...]:
    """Every token of `text`; comments and preprocessor lines are left out. Takes whatever there is."""
    return tuple(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    depth = block = place = 0
    spaced = True
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None  # the last alternative takes any character
        kind, piece = found.lastgroup or "sign", found[0]
        if kind == "path" and depth:  # a colon of an expression, and a division
            kind, piece = "sign", ":"
        place += len(piece)
        if kind == "skip":
            spaced = True
            continue
        depth -= piece == "}" and depth > 0
        yield Token(kind, piece, depth, block, spaced)
        block += piece == "}" and depth == 0
        depth += piece == "{"
        spaced = False


def closing(given: Sequence[Token], start: int) -> int:
    """Place of the bracket that closes the one at `start`; behind the last token where there is none."""
    open_ = 0
    for place in range(start, len(given)):
        token = given[place]
        if token.kind == "sign":
            open_ += (token.text in _OPENING) - (token.text in _CLOSING)
            if not open_:
                return place
    return len(given)


def split(given: Sequence[Token], by: str = ",") -> list[Sequence[Token]]:
    """The pieces of `given` between the signs `by` that stand in no bracket."""
    pieces: list[Sequence[Token]] = []
    begin = open_ = 0
    for place, token in enumerate(given):
        if token.kind != "sign":
            continue
        open_ += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == by and not open_:
            pieces.append(given[begin:place])
            begin = place + 1
    return [*pieces, given[begin:]]


def written(given: Sequence[Token]) -> str:
    """The tokens as one text again, a blank where there was any."""
    return "".join(f"{' ' if token.spaced and place else ''}{token.text}" for place, token in enumerate(given))

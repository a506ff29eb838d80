"""The names that a C file declares at file scope, as far as a reader of text can see them; compiles nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE)
_DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)")
_TAG = re.compile(r"\b(?:struct|union|enum)\s+(\w+)\s*$")
_FORWARD = re.compile(r"(?:struct|union|enum)\s+\w+")
_MACRO = re.compile(r"^(?:static\s+)?([A-Z][A-Z0-9_]*)\s*\((.*)\)$", re.DOTALL)
_CALLED = re.compile(r"(?<!\w)(?!__attribute__)(\w+)\s*\(")
_LAST = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=.*)?$", re.DOTALL)


def declared(text: str) -> Iterator[str]:
    """Every macro, tag, function, variable, type and map that `text` declares outside of braces.

    Of a macro in capitals that is called there, as BPF_HASH is, it and those of its arguments that are a single name,
    joined by spaces: only the macro knows which of them it declares.
    """
    code = plain(text)
    for directive in _DIRECTIVE.findall(code):
        if found := _DEFINED.match(directive):
            yield found[1]
    for head, is_block in _statements(_DIRECTIVE.sub("", code)):
        yield from _names(head, is_block)


def plain(text: str) -> str:
    """`text` without comments and without what stands in quotes."""
    return _NOISE.sub(lambda found: " " if found[0][0] == "/" else '""', text)


def _statements(text: str) -> Iterator[tuple[str, bool]]:
    """What stands outside of braces, statement by statement, and whether a block follows it."""
    depth, begin, head = 0, 0, ""
    for found in re.finditer(r"[{};]", text):
        sign = found[0]
        if sign == "{":
            if depth == 0:
                head = text[begin : found.start()].strip()
                yield head, True
            depth += 1
        elif sign == "}":
            depth -= 1
            begin = found.end()
        elif depth == 0:
            yield text[begin : found.start()].strip(), False
            begin = found.end()


def _names(head: str, is_block: bool) -> Iterator[str]:
    if not head:
        return
    if is_block:
        if found := _TAG.search(head) or _CALLED.search(head):
            yield found[1]
    elif found := _MACRO.match(head):
        arguments = [argument.strip() for argument in found[2].split(",")]
        yield " ".join([found[1], *(one for one in arguments if re.fullmatch(r"[A-Za-z_]\w*", one))])
    elif not _FORWARD.fullmatch(head) and (found := _CALLED.search(head) or _LAST.search(head)):
        yield found[1]

"""ASCII for what is drawn: one table from every sign to one that takes as many cells; knows no screen."""

from __future__ import annotations

from collections.abc import Mapping

_SIGNS = {
    "─": "-", "│": "|", "┬": "+", "┼": "+", "┴": "+", "├": "+", "┤": "+", "┌": "+", "┐": "+", "└": "+", "┘": "+",
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
    "▏": "|", "▎": ".", "▍": ":", "▌": "-", "▋": "=", "▊": "+", "▉": "*", "▕": "|",
    "░": ":", "▒": "=", "▓": "*", "·": ".",
    "━": "=", "┃": "|", "■": "#", "▲": "^", "△": "^", "╌": "-", "◆": "@",
    "●": "*", "○": "o", "◌": "o",
    "‖": "=", "▶": ">", "◀": "<", "▸": ">", "◂": "<", "▾": "*", "▴": "^", "✗": "x", "✓": "+",
    "⏎": "E", "←": "<", "→": ">", "↑": "^", "↓": "v", "↵": "E",
    "…": "~", "–": "-", "—": "-", "−": "-", "×": "x", "÷": "/", "µ": "u", "μ": "u", "Δ": "d", "Σ": "S", "±": "~",
    "≤": "<", "≥": ">", "≈": "~", "°": "o", "²": "2", "³": "3", "∞": "8",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "«": "<", "»": ">", "•": "*", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip
_UPPER, _LOWER = 0b00011011, 0b11100100
"""Dots of a braille pattern in its upper and lower half (Unicode, Braille Patterns: dots 1 2 4 5, and 3 6 7 8)."""
_DENSE = 6
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
_TERMINALS = ("linux", "dumb", "vt52", "vt100", "vt102", "vt220", "ansi")
"""The console's font of 256 or 512 glyphs has neither eighths of blocks nor braille; the others have none of it."""


class _Table(dict[int, str]):
    """For str.translate; what is not in it is looked up once."""

    def __missing__(self, code: int) -> str:
        sign = self[code] = _sign(chr(code))
        return sign


def _sign(character: str) -> str:
    if character.isascii():
        return character
    if character in _SIGNS:
        return _SIGNS[character]
    if "\u2800" <= character <= "\u28ff":
        return _braille(ord(character) - 0x2800)
    from rich.cells import cell_len

    return "?" * cell_len(character)


def _braille(dots: int) -> str:
    if not dots:
        return " "
    if dots.bit_count() >= _DENSE:
        return "#"
    return ":" if dots & _UPPER and dots & _LOWER else "'" if dots & _UPPER else "."


_TABLE = _Table()


def plain(text: str) -> str:
    """`text` in ASCII, in as many cells; what has no likeness, e.g. letters in a file's name, is "?"."""
    return text if text.isascii() else text.translate(_TABLE)


def is_needed(environ: Mapping[str, str]) -> bool:
    """Whether the terminal cannot be expected to show more: by its kind, or by a locale whose encoding is not UTF-8.

    Where no locale is set at all, UTF-8 is taken for granted, as Python does (PEP 538, PEP 540).
    """
    if environ.get("TERM", "") in _TERMINALS:
        return True
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    encoding = locale.lower().replace("-", "")
    return bool(locale) and "utf8" not in encoding

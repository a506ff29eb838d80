"""The table of keys as a user wants it: other keys for the same actions; knows no file and no widget."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ebtop.settings.values import instead
from ebtop.tui.keys import KEYS, WORDS, KeyRow, Keys, spelled

_ALWAYS = {"quit": "ctrl+c"}
"""What no change takes away."""
_DIGITS = "toggle_probe"
_NAMES = {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus"} | {
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual departs from Unicode's names (textual.keys.KEY_NAME_REPLACEMENTS)."""
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape"}
"""What reaches a program as another key (ASCII control characters)."""
_SIGNS = {**WORDS, " ": "space"}
_SPELLINGS = {
    "esc": "escape",
    "return": "enter",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "ins": "insert",
    "del": "delete",
}
_NAMED = frozenset(
    ("escape", "enter", "tab", "space", "backspace", "insert", "delete", "home", "end", "pageup", "pagedown")
) | {"up", "down", "left", "right"}
_FUNCTIONS = frozenset(f"f{number}" for number in range(1, 25))


class KeyChangeError(ValueError):
    """A change of keys that cannot be; says why and the remedy."""

    def __init__(self, action: str, why: str) -> None:
        super().__init__(why)
        self.action = action


def effective(changes: Mapping[str, Sequence[str]], keys: Keys = KEYS) -> Keys:
    """`keys` with those of some actions replaced, keys written as people do ("Ctrl-S"); KeyChangeError."""
    rows = {row.name: row for row in keys}
    for name, wanted in changes.items():
        if name not in rows or rows[name].action == _DIGITS:
            raise KeyChangeError(name, _no_action(name, rows))
        rows[name] = replace(rows[name], keys=_all(name, wanted, rows[name].action))
    result = tuple(rows.values())
    _check(result, changes)
    return result


def _no_action(name: str, rows: Mapping[str, KeyRow]) -> str:
    if name in rows:
        return "digits are given to probes in the table [slots]"
    hint = instead(name, [known for known, row in rows.items() if row.action != _DIGITS], few=0)
    return f"there is no action {name!r}; {hint}`ebtop config --default` lists them"


def _all(name: str, wanted: Sequence[str], action: str) -> tuple[str, ...]:
    given = [_named(name, key) for key in wanted]
    return tuple(dict.fromkeys([*given, *filter(None, [_ALWAYS.get(action)])]))


def _check(rows: Keys, changes: Mapping[str, Sequence[str]]) -> None:
    taken: dict[str, str] = {}
    for row in rows:
        for key in row.keys:
            other = taken.setdefault(key, row.name)
            if other != row.name:
                changed, kept = (row.name, other) if row.name in changes else (other, row.name)
                why = f"{spelled(key)} is a key of {kept} already: choose another, or give {kept} other keys, too"
                raise KeyChangeError(changed, why)


def _named(action: str, key: str) -> str:
    """Textual's name of a key."""
    name = textual_name(key)
    if name is None:
        raise KeyChangeError(
            action, f'there is no key {key!r}; keys are written like "x", "?", "F5", "Ctrl-A", "PgUp", "Space"'
        )
    if len(name) == 1 and name in "0123456789":
        raise KeyChangeError(action, f"{key} is a digit, which belongs to a probe: choose another key")
    return name


def textual_name(key: str) -> str | None:
    """What Textual calls the key that people write as `key`; None where there is no such key."""
    key = _SIGNS.get(key, key)
    if len(key) == 1:
        return _of_character(key)
    modifier, last = _parted(key)
    if len(last) == 1:
        name = _of_character(last.lower()) if modifier in ("ctrl", "alt") else None
    else:
        name = _SPELLINGS.get(last.lower(), last.lower())
        if name not in _NAMED and name not in _FUNCTIONS and (modifier or not _is_sign(name)):
            return None
    if name is None or modifier not in ("", "ctrl", "shift", "alt", "ctrl+shift"):
        return None
    whole = f"{modifier}+{name}" if modifier else name
    return _SAME.get(whole, whole)


def _parted(key: str) -> tuple[str, str]:
    """Modifiers, and what they modify: also where that is "+" or "-"."""
    body, end = (key[:-1], key[-1]) if key[-1:] in ("-", "+") else (key, "")
    modifier, _, last = body.replace("-", "+").rpartition("+")
    return modifier.lower(), last + end


def _of_character(character: str) -> str | None:
    if character.isalnum():
        return character
    if not character.isprintable():
        return None
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _NAMES.get(name, name) or None


def _is_sign(name: str) -> bool:
    """Whether it is Textual's own name of an ASCII sign, e.g. question_mark."""
    return any(_of_character(chr(code)) == name for code in range(0x21, 0x7F))


def in_words(keys: Keys) -> Keys:
    """The same keys, written in ASCII."""
    return tuple(replace(row, signs=False) for row in keys)

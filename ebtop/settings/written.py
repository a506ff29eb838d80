"""Settings as the text of a settings file, documented; writes no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ebtop.settings import Settings, default_slots
from ebtop.settings.layers import DEFAULT, InForce
from ebtop.settings.options import OPTIONS, TABLES, Option, listed, quoted
from ebtop.text import clean

Actions = Sequence[tuple[str, tuple[str, ...], str]]
"""Each action's name, its keys as people write them, and what it does."""
_FILES = """\
# Settings of ebtop, in TOML. Every key may be left out. What is said on the command line goes first, then
# ~/.config/ebtop/config.toml (or $XDG_CONFIG_HOME/ebtop/config.toml) of the user who started ebtop, also through
# sudo, then /etc/ebtop/config.toml. `ebtop config` prints what is in force and where it comes from; --config FILE
# takes the place of the user's file, --no-config reads none.
#
# Root may be the one who reads it. So a file is refused unless it and every directory on the way belong to root or
# to that user, and nobody else may change them. It chooses among harmless values, numbers within bounds, colours, keys;
# only probe_path leads to something that runs, and what is there is refused on the same terms.
"""
_IN_FORCE = "# Settings in force; this is a settings file itself. `ebtop config --default` explains each key.\n"


def default_file(actions: Actions) -> str:
    """The documented default file: every key, with what it is by default behind a "#" of its own."""
    parts = [_FILES]
    for option in OPTIONS:
        lines = [f"# {line}" for line in option.help]
        if option.name in TABLES:
            lines += [f"[{option.name}]", *(f"#{line}" for line, _ in _entries(option, Settings(), actions))]
        else:
            lines.append(f"#{option.name} = {option.written(getattr(Settings(), option.target))}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def in_force(what: InForce, actions: Actions) -> str:
    """The settings in force, each with where it comes from."""
    lines = []
    for option in OPTIONS:
        if option.name in TABLES:
            lines += ["", f"[{option.name}]"]
            entries = _entries(option, what.settings, actions)
            lines += [_sourced(line, what.origin(f"{option.name}.{name}")) for line, name in entries]
        else:
            value = option.written(getattr(what.settings, option.target))
            lines.append(_sourced(f"{option.name} = {value}", what.origin(option.name)))
    return _IN_FORCE + "\n".join(lines) + "\n"


def _sourced(line: str, origin: str) -> str:
    said = origin if origin in (DEFAULT, "command line") else f"from {origin}"
    return f"{line.split('  # ', maxsplit=1)[0]}  # {clean(said)}"


def _entries(option: Option, settings: Settings, actions: Actions) -> Iterator[tuple[str, str]]:
    """Lines of a table, with the name of each entry."""
    if option.name == "slots":
        for digit in (*range(1, 10), 0):
            if digit in settings.slots or digit in default_slots():
                yield f"{digit} = {quoted(settings.slots.get(digit, ''))}", str(digit)
        return
    width = max((len(name) for name, _, _ in actions), default=0)
    for name, keys, does in actions:
        yield f"{name:<{width}} = {_keys(keys):<24}  # {does}", name


def _keys(keys: Any) -> str:
    return quoted(keys[0]) if len(keys) == 1 else listed(keys)

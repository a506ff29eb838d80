"""Settings files: where they are, whether they are to be trusted, what they say; knows no screen.

They are read by a process that is root, so nothing that another user could have written is read: see `read`. What they
can choose is harmless all the same, numbers within bounds, colours, keys, but for folders of probes: what is in those
is held to the same rule (`ebtop.own`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import Any

from ebtop.settings import SettingError
from ebtop.settings.layers import Layer
from ebtop.settings.options import BY_NAME, TABLES
from ebtop.settings.values import instead
from ebtop.text import clean
from ebtop.trusted import flaw, named
from ebtop.walking import READ, reached

SYSTEM = "/etc/ebtop/config.toml"
LARGEST = 65_536
"""Bytes; a settings file has a few thousand."""
_AROUND = "or begin without it: --no-config"


def of_user(home: str, config_home: str = "") -> str:
    """The path of a user's file (XDG base directory specification): `config_home` counts if it is absolute."""
    return os.path.join(
        config_home if config_home.startswith("/") else os.path.join(home, ".config"), "ebtop/config.toml"
    )


def read(path: str, uid: int) -> bytes | None:
    """The content of `path`, None where there is no such file.

    SettingError, with a remedy, unless the file and every directory on the way belong to root or to `uid` and nobody
    else may change them (sticky directories are no exception), every symbolic link on the way belongs to one of the
    two, it is a regular file and at most LARGEST bytes long. What was checked is what is read.
    """
    refusals: list[str] = []

    def passed(place: os.stat_result, way: str) -> None:
        refusals.extend(_flaws(place, way, uid))

    def follow(link: os.stat_result, way: str) -> None:
        if link.st_uid not in (0, uid):
            raise SettingError(
                f"{way} is a symbolic link of {named(link.st_uid)}: put the file itself there, {_AROUND}"
            )

    try:
        with reached(os.path.abspath(path), follow, passed, READ) as file:
            kind = os.fstat(file)
            if not stat.S_ISREG(kind.st_mode):
                raise SettingError(f"{path} is not a regular file: put one there, {_AROUND}")
            refusals.extend(_flaws(kind, path, uid))
            if refusals:
                raise SettingError(refusals[0])
            content = os.read(file, LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingError(f"{path}: {error.strerror}: let {named(uid)} read it, {_AROUND}") from None
    if len(content) > LARGEST:
        raise SettingError(f"{path} is longer than {LARGEST} bytes: it is no settings file; {_AROUND}")
    return content


def _flaws(place: os.stat_result, way: str, uid: int) -> Iterator[str]:
    if found := flaw(place, way, uid, "keep settings elsewhere"):
        yield f"{found}, {_AROUND}"


def parse(content: bytes, path: str) -> Layer:
    """What a file says; SettingError with file, line and remedy for what is no TOML, not known or not possible."""
    import tomllib

    try:
        text = content.decode()
        said = tomllib.loads(text)
    except UnicodeDecodeError:
        raise SettingError(f"{path} is not UTF-8: save it as that") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(
            f"{path} is not TOML: {clean(str(error))}; `ebtop config --default` prints one that is"
        ) from None
    where = dict(_places(text, path))
    values: dict[str, Any] = {}
    for name, value in said.items():
        place = where.get(name, path)
        option = BY_NAME.get(name)
        if option is None:
            hint = instead(name, BY_NAME, few=0)
            raise SettingError(
                f"{place}: there is no setting {clean(name)!r}; {hint}`ebtop config --default` lists them"
            )
        try:
            values[name] = option.taken(value)
        except ValueError as error:
            raise SettingError(f"{place}: {name}: {clean(str(error))}") from None
    return Layer(values, where, path)


def _places(text: str, path: str) -> Iterator[tuple[str, str]]:
    """File and line of each key, of an entry in a table as "table.entry", by looking for what begins a line.

    tomllib does not say where it found what; a key inside a text of several lines would be taken for one, and nothing
    here has such texts.
    """
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\s*\[\s*\"?([\w-]+)\"?\s*\]", line):
            table = heading[1]
            yield table, f"{path}, line {number}"
        elif entry := re.match(r"\s*\"?([\w-]+)\"?\s*=", line):
            name = f"{table}.{entry[1]}" if table in TABLES else entry[1]
            yield name, f"{path}, line {number}"

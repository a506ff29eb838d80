"""Which settings hold: command line over the user's file over the system's over defaults; draws and starts nothing."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping, Sequence

from ebtop import own
from ebtop.arguments import Arguments
from ebtop.settings import SettingError
from ebtop.settings.files import SYSTEM, of_user, parse, read
from ebtop.settings.layers import InForce, Layer, last, merged
from ebtop.settings.written import Actions, default_file, in_force
from ebtop.text import clean
from ebtop.trusted import acting_as
from ebtop.tui.keychanges import KeyChangeError, effective
from ebtop.tui.keys import KEYS, Keys, spelled
from ebtop.warden.identity import Identity, of_screen

_COMMAND_LINE = "command line"


def settled(arguments: Arguments, system: str = SYSTEM) -> InForce:
    """The settings for a command line and the files that are there; SettingError where one of them is not in order.

    The probes that are not built in are in the registry from then on, as names of probes are among the settings.
    """
    layers = [] if arguments.no_config else _of_files(arguments.config, system)
    layers.append(Layer(arguments.settings, name=_COMMAND_LINE))
    _add_probes(layers)
    whole = merged(layers)
    try:
        effective(whole.settings.keys)
    except KeyChangeError as misfit:
        raise SettingError(f"{whole.origin(f'keys.{misfit.action}')}: {misfit.action}: {misfit}") from None
    return whole


def _add_probes(layers: Sequence[Layer]) -> None:
    """SettingError for a folder that was named; what is wrong with an installed package is told, and that is all."""
    whose = user(os.getuid(), os.environ)
    said, place = last(layers, "probe_path")
    try:
        for folder in dict.fromkeys(_whole(folder, whose) for folder in said or ()):
            own.add_folder(folder, whose.uid, whose.gid)
    except own.Refused as why:
        raise SettingError(f"{place}: probe_path: {why}") from None
    for line in own.add_installed(whose.uid, whose.gid, sys.path):
        sys.stderr.write(f"ebtop: {clean(line)}\n")


def _whole(folder: str, whose: Identity) -> str:
    home = os.environ.get("HOME") or whose.home if os.getuid() else whose.home
    return os.path.join(home, folder[2:]) if folder.startswith("~/") else os.path.abspath(folder)


def text(arguments: Arguments) -> str:
    """What `ebtop config` prints; SettingError."""
    if arguments.default:
        return default_file(_actions(KEYS))
    whole = settled(arguments)
    return in_force(whole, _actions(effective(whole.settings.keys)))


def _actions(keys: Keys) -> Actions:
    rows = [row for row in keys if row.action != "toggle_probe"]
    return [(row.name, tuple(spelled(key) for key in row.keys), row.help) for row in rows]


def _of_files(named: str, system: str) -> list[Layer]:
    whose = user(os.getuid(), os.environ)
    path = named or file_of(whose, os.getuid(), os.environ)
    contents = {system: read(system, 0)}
    with acting_as(whose.uid, whose.gid):
        contents[path] = read(path, whose.uid)
    if named and contents[path] is None:
        raise SettingError(f"{named}: there is no such file; `ebtop config --default` prints one to begin with")
    return [parse(content, path) for path, content in contents.items() if content is not None]


def user(uid: int, environ: Mapping[str, str]) -> Identity:
    """Whose settings count: those of the user behind sudo, of root where no one is behind it, else the user's own."""
    screen = of_screen(uid, environ)
    if not screen.root_writes:
        return screen
    root = pwd.getpwuid(0)
    return Identity(0, root.pw_gid, root.pw_name, root.pw_dir)


def file_of(whose: Identity, uid: int, environ: Mapping[str, str]) -> str:
    """The path of that user's file; the environment counts as far as it is theirs: sudo may have kept another's."""
    home = environ.get("HOME") or whose.home if uid else whose.home
    theirs = uid != 0 or environ.get("HOME") == whose.home
    return of_user(home, environ.get("XDG_CONFIG_HOME", "") if theirs else "")

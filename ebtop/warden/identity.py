"""Who the drawing process is to be; knows nothing of how one becomes that."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

_NOBODY = 65534
"""Where no user is named nobody: the kernel's own overflow id (include/linux/highuid.h)."""
_SETTINGS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "MAIL")


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that draws and writes files."""

    uid: int
    gid: int
    name: str
    home: str
    root_writes: bool = False
    """True for root itself without sudo: the screen is nobody, so files are written through the warden."""


def of_screen(uid: int, environment: Mapping[str, str]) -> Identity:
    """For real user id `uid`: the user behind sudo when it is root, nobody when no one is behind it, else itself."""
    if uid != 0:
        return _user(uid, os.getgid())
    behind = _number(environment, "SUDO_UID")
    if behind:
        return _user(behind, _number(environment, "SUDO_GID") or behind)
    return _nobody()


def fix_environment(identity: Identity, environment: MutableMapping[str, str]) -> None:
    """Let `environment` speak of `identity`: HOME, USER, LOGNAME; settings of the user before are taken out."""
    if environment.get("HOME") == identity.home:
        return
    for name in _SETTINGS:
        environment.pop(name, None)
    environment.update(HOME=identity.home, USER=identity.name, LOGNAME=identity.name)


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _user(uid: int, gid: int) -> Identity:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Identity(uid, gid, str(uid), "/")
    return Identity(uid, gid, entry.pw_name, entry.pw_dir)


def _nobody() -> Identity:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Identity(_NOBODY, _NOBODY, "nobody", "/", root_writes=True)
    return Identity(entry.pw_uid, entry.pw_gid, "nobody", "/", root_writes=True)

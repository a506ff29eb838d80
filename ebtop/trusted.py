"""What nobody but root and one user can have written; knows nothing of what is in it."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from ebtop.walking import reached


@contextmanager
def acting_as(uid: int, gid: int) -> Iterator[None]:
    """Open files as that user, if we are root: neither links nor errors then tell what that user may not read."""
    if os.geteuid() != 0 or uid == 0:
        yield
        return
    groups, own = os.getgroups(), os.getegid()
    os.setgroups([gid])
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own)
        os.setgroups(groups)


def flaw(place: os.stat_result, way: str, uid: int, instead: str) -> str:
    """Who but root and `uid` could change what stands at `way`, with the remedy; "" for nobody.

    Sticky directories are no exception: who may create files there may have created this one. `instead` is the remedy
    for them.
    """
    if place.st_uid not in (0, uid):
        return f"{way} belongs to {named(place.st_uid)}: chown {named(uid)} {way}"
    if place.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mend = instead if place.st_mode & stat.S_ISVTX else f"chmod go-w {way}"
        return f"others may change {way}: {mend}"
    return ""


def changed_by_others(path: str) -> str:
    """Who but root could make `path` mean something else, or change it, with the remedy; "" for nobody.

    Every folder and every symbolic link on the way counts.
    """
    flaws: list[str] = []

    def look(place: os.stat_result, way: str) -> None:
        flaws.append(flaw(place, way, 0, "what root runs has to be elsewhere"))

    def follow(link: os.stat_result, way: str) -> None:
        if link.st_uid != 0:
            flaws.append(f"{way} is a link that belongs to {named(link.st_uid)}")

    try:
        with reached(os.path.abspath(path), follow, look) as place:
            look(os.fstat(place), path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return next(filter(None, flaws), "")


def named(uid: int) -> str:
    """The name of a user, or the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"

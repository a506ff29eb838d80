"""Pairs of NAME.py and NAME.c in a folder, read where only root and one user can have written; runs none of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ebtop.trusted import acting_as, flaw, named
from ebtop.walking import READ, reached

LARGEST = 262_144
"""Bytes of one file; a probe has a few thousand."""
_ELSEWHERE = "keep probes elsewhere"


class Refused(ValueError):  # noqa: N818 - what happened to it
    """A probe, or a folder of probes, that is not taken; the text is one line with the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two texts of one probe."""

    name: str
    """As the files are called."""
    folder: str
    declaration: str
    c: str

    @property
    def path(self) -> str:
        """Of the declaration."""
        return os.path.join(self.folder, f"{self.name}.py")


def pairs(folder: str, uid: int, gid: int) -> list[Pair]:
    """Every NAME.py of `folder` that has a NAME.c beside it, in order of their names.

    Refused where another user than root and `uid` could have written any of it: the folder, every directory above it
    and every file that is read belong to one of the two, nobody else may change them, none is a symbolic link. They
    are read with the rights of `uid`, through the descriptors that were checked.
    """
    with acting_as(uid, gid), _opened(folder, uid) as place:
        names = sorted(os.listdir(place))
        declared = [name[:-3] for name in names if name.endswith(".py") and f"{name[:-3]}.c" in names]
        return [
            Pair(name, folder, _text(place, folder, f"{name}.py", uid), _text(place, folder, f"{name}.c", uid))
            for name in declared
        ]


def pair(folder: str, name: str, uid: int, gid: int) -> Pair:
    """That one pair of `folder`, under the same conditions; Refused also where it is not there."""
    with acting_as(uid, gid), _opened(folder, uid) as place:
        return Pair(name, folder, _text(place, folder, f"{name}.py", uid), _text(place, folder, f"{name}.c", uid))


@contextmanager
def _opened(folder: str, uid: int) -> Iterator[int]:
    """A descriptor to list and to open files in."""

    def follow(_: os.stat_result, way: str) -> None:
        raise Refused(f"{way} is a symbolic link: name the folder that it leads to, {os.path.realpath(folder)}")

    def passed(place: os.stat_result, way: str) -> None:
        if found := flaw(place, way, uid, _ELSEWHERE):
            raise Refused(found)

    try:
        with reached(os.path.abspath(folder), follow, passed) as place:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                raise Refused(f"{folder} is no folder: name the one that the probe is in")
            listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
            try:
                yield listed
            finally:
                os.close(listed)
    except OSError as error:
        remedy = ": make it, or name another folder" if error.errno == errno.ENOENT else _readable(error, uid)
        raise Refused(f"{folder}: {error.strerror}{remedy}") from None


def _text(place: int, folder: str, name: str, uid: int) -> str:
    way = os.path.join(folder, name)
    try:
        file = os.open(name, READ, dir_fd=place)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused(f"{way} is a symbolic link: put the file itself there") from None
        raise Refused(f"{way}: {error.strerror}{_readable(error, uid)}") from None
    with os.fdopen(file, "rb") as opened:
        kind = os.fstat(file)
        if not stat.S_ISREG(kind.st_mode):
            raise Refused(f"{way} is not a regular file")
        if found := flaw(kind, way, uid, _ELSEWHERE):
            raise Refused(found)
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Refused(f"{way} is longer than {LARGEST} bytes: it is no probe")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Refused(f"{way} is not UTF-8: save it as that") from None


def _readable(error: OSError, uid: int) -> str:
    return f": let {named(uid)} read it" if error.errno == errno.EACCES else ""

"""Paths walked step by step, so that what was checked is what is used; decides nothing about what it passes."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator

PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_HOPS = 40  # MAXSYMLINKS, include/linux/namei.h

Check = Callable[[os.stat_result, str], None]
"""check(what stands there, the way to it): OSError where that will not do."""


def _anything(_: os.stat_result, __: str) -> None:
    return


@contextlib.contextmanager
def reached(path: str, follow: Check, passed: Check = _anything, last: int = PLACE) -> Iterator[int]:
    """A descriptor of `path`, opened with flags `last` if it is a regular file; OSError is the kernel's or a check's.

    `follow` is asked about each symbolic link before it is read, `passed` about each directory on the way, the first
    ("/" or the working directory) among them. What is no regular file is not opened but looked at (O_PATH).
    """
    at, way = _beginning(path)
    ahead, hops = path.split("/")[::-1], 0
    try:
        passed(os.fstat(at), way)
        while ahead:
            step = ahead.pop()
            if step in ("", "."):
                continue
            here = os.path.join(way, step)
            found = os.open(step, PLACE, dir_fd=at)
            kind = os.fstat(found)
            if stat.S_ISLNK(kind.st_mode):
                target, hops = _target(found, kind, here, follow), hops + 1
                if hops > _HOPS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                ahead += target.split("/")[::-1]
                if target.startswith("/"):
                    os.close(at)
                    at, way = _beginning(target)
                continue
            if last != PLACE and stat.S_ISREG(kind.st_mode):
                os.close(found)
                found = os.open(step, last, dir_fd=at)
            os.close(at)
            at, way = found, here
            if stat.S_ISDIR(kind.st_mode):
                passed(kind, way)
        yield at
    finally:
        os.close(at)


def _beginning(path: str) -> tuple[int, str]:
    start = "/" if path.startswith("/") else "."
    return os.open(start, PLACE | os.O_DIRECTORY), start


def _target(link: int, kind: os.stat_result, way: str, follow: Check) -> str:
    """Where the symbolic link behind descriptor `link` points to; closes it."""
    try:
        follow(kind, way)
        return os.readlink("", dir_fd=link)
    finally:
        os.close(link)

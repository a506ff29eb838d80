"""Where bpftrace is, if it can be trusted with root; starts nothing."""

from __future__ import annotations

import os
import stat

from ebtop.walking import READ, reached

FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin", "/sbin")
_INSTALL = "bpftrace is not installed: install the package bpftrace (apt install bpftrace, dnf install bpftrace)"


def found(named: str = "", folders: tuple[str, ...] = FOLDERS) -> str:
    """The path of bpftrace: `named`, or the first in `folders`.

    LookupError, in one line with the remedy, where there is none, or where anybody but root could have put it there.
    """
    if os.geteuid() != 0:
        raise LookupError("bpftrace runs as root only: sudo ebtop")
    if named:
        path = os.path.abspath(named)
        if not os.path.isfile(path):
            raise LookupError(f"{named}: there is no such program; --bpftrace takes the path of bpftrace itself")
    else:
        path = next((path for folder in folders if os.path.isfile(path := f"{folder}/bpftrace")), "")
        if not path:
            raise LookupError(_INSTALL)
    why = _flaw(path)
    if why:
        raise LookupError(f"{why}: only what nobody but root can change is run as root")
    return path


def _flaw(path: str) -> str:
    """Why `path` is not to be trusted; "" where it is."""
    flaws: list[str] = []

    def look(place: os.stat_result, way: str) -> None:
        if place.st_uid != 0:
            flaws.append(f"{way} does not belong to root")
        elif place.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            flaws.append(f"others may change {way}")

    def follow(link: os.stat_result, way: str) -> None:
        if link.st_uid != 0:
            flaws.append(f"{way} is a link that does not belong to root")

    try:
        with reached(path, follow, look, READ) as file:
            kind = os.fstat(file)
            look(kind, path)
            if not stat.S_ISREG(kind.st_mode) or not kind.st_mode & stat.S_IXUSR:
                flaws.append(f"{path} is no program")
    except OSError as error:
        return f"{path}: {error.strerror}"
    return flaws[0] if flaws else ""

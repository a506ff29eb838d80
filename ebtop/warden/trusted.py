"""Where bpftrace is, if it can be trusted with root; starts nothing."""

from __future__ import annotations

import os

from ebtop.trusted import changed_by_others

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
    if why := changed_by_others(path):
        raise LookupError(f"only what nobody but root can change is run as root: {why}")
    if not os.access(path, os.X_OK):
        raise LookupError(f"{path} is no program: chmod +x {path}")
    return path

"""What was typed for bpftrace: a program, or a file that holds one, read as the user who typed it; runs nothing."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable

from ebtop.bpftrace import is_script
from ebtop.bpftrace.declaring import EXAMPLE, LONGEST, named, whole
from ebtop.trusted import acting_as

FOLDERS = ("/usr/sbin", "/usr/share/bpftrace/tools")
"""Where packages put bpftrace's own tools."""
TOGETHER = 100_000
"""Bytes, as JSON, of all programs of a session: their texts are names of probes, which travel together in a packet."""
_BYTES = 4
"""Of a character in UTF-8, at most."""


def script(said: str, uid: int, gid: int, beside: Iterable[str] = ()) -> str:
    """The name of the probe for `said`, to run beside those; ValueError, in one line with the remedy, where it is none.

    A file is opened as that user, once: what it says then is what runs, as root, whoever can write to it.
    """
    name = _script(whole(said).strip(), uid, gid)
    programs = {other for other in beside if is_script(other)} | {name}
    if sum(len(json.dumps(one)) for one in programs) > TOGETHER:
        raise ValueError(f"the programs are longer than {TOGETHER} bytes together; begin ebtop anew with fewer")
    return name


def _script(said: str, uid: int, gid: int) -> str:
    if not said:
        raise ValueError(f"there is no program; say for instance '{EXAMPLE}', or the path of a .bt file")
    if "{" in said:
        return named(said)
    try:
        with acting_as(uid, gid):
            content = _read(said)
    except OSError as error:
        raise ValueError(
            f"{said}: {error.strerror}; say the path of a .bt file, or a program such as '{EXAMPLE}'"
        ) from None
    try:
        return named(content.decode(), _file_name(said))
    except UnicodeDecodeError:
        raise ValueError(f"{said} is not UTF-8: it is no bpftrace program") from None
    except ValueError as error:
        raise ValueError(f"{said}: {error}") from None


def _file_name(path: str) -> str:
    name = os.path.basename(path)
    return name if name.endswith(".bt") else f"{name}.bt"


def _read(said: str) -> bytes:
    places = [said] if "/" in said else [said, *(f"{folder}/{said}" for folder in FOLDERS)]
    path = next((place for place in places if os.path.exists(place)), said)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file", path)
        return file.read(LONGEST * _BYTES + 1)

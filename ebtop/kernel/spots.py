"""Where in a program or library a hook goes: its file, held open, and offsets in it; attaches nothing.

A file may be anybody's, and hostile. Root only opens it, a child without any privilege reads it, and what is attached
is attached to the very file that was opened, whatever its name means by then.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import NoReturn

from ebtop.kernel import alone, libraries, places, privileges
from ebtop.kernel.elf import Spot, function_spots, marker_spots
from ebtop.kernel.pattern import expression
from ebtop.kernel.places import Nowhere
from ebtop.trusted import changed_by_others

MOST = 1000
"""Spots that are told of one file."""
_MEMORY, _SECONDS = 1 << 30, 10
"""What reading one file may take."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the environment says."""
_NOBODY = 65534
_ANSWER = 1 << 20
_COMPARED = 50_000
"""Names among which the nearest is looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The spots of one file that fit."""

    path: str
    """As the file is called."""
    file: str
    """Path by which the kernel finds the very file that was read."""
    spots: tuple[Spot, ...]
    """At most MOST."""
    whole: int
    """How many there are."""
    is_go: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """What the child found."""

    spots: list[list[str | int]] = field(default_factory=list)
    whole: int = 0
    is_go: bool = False
    error: str = ""


def split(kind: str, target: str) -> tuple[str, str]:
    """Place and pattern in "libc:get*" or, of a marker, "libc:provider:name"; both may be empty."""
    place, _, name = target.partition(":") if kind == "usdt" else target.rpartition(":")
    return place, name


def find(kind: str, target: str) -> Found:
    """What `target` ("libc:getaddrinfo", "/bin/x:*", "libc:provider:name") means; Nowhere when it is nothing.

    The file stays open for as long as this process lives.
    """
    place, name = split(kind, target)
    return _find("usdt" if kind == "usdt" else "uprobe", place, name)


@cache
def _find(kind: str, place: str, name: str) -> Found:
    try:
        path = _only_file(place)
        descriptor = _open(path)
    except OSError as error:
        raise Nowhere(f"{place}: {error.strerror or error}") from error
    real = _real(path, descriptor)
    said = _read_apart(descriptor, kind, name)
    if said.error:
        raise Nowhere(f"{real or path}: {said.error}")
    spots = tuple(Spot(str(spot), int(offset), int(semaphore)) for spot, offset, semaphore in said.spots)
    file = real if real and not changed_by_others(real) else f"/proc/self/fd/{descriptor}"
    return Found(real or path, file, spots, said.whole, said.is_go)


def _only_file(place: str) -> str:
    if "*" in place:
        raise OSError(2, "a single program or library has to be named")
    return os.path.abspath(libraries.files(place, _PATH)[0])


def _real(path: str, descriptor: int) -> str:
    """`path` without symbolic links; "" where that is another file, as behind /proc/PID/root."""
    real = os.path.realpath(path)
    try:
        return real if os.path.samestat(os.stat(real), os.fstat(descriptor)) else ""
    except OSError:
        return ""


def _open(path: str) -> int:
    """Descriptor of the regular file at `path`; nothing else is opened for reading, which may do something."""
    pinned = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(pinned).st_mode):
            raise OSError(22, "not a regular file")
        return os.open(f"/proc/self/fd/{pinned}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(pinned)


# --- in a child -------------------------------------------------------------------------------------------------------


def _read_apart(descriptor: int, kind: str, name: str) -> _Said:
    """What a child that has nothing but the file says of it; Nowhere when it says nothing."""
    ours, theirs = os.pipe()
    gate, opened = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _answer(parent, gate, theirs, descriptor, kind, name)
    os.close(theirs)
    os.close(gate)
    with places.keeping(child):
        os.close(opened)
        with os.fdopen(ours, "rb") as pipe:
            content = pipe.read(_ANSWER)
        os.waitpid(child, 0)
    try:
        return _Said(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise Nowhere("reading it took more time or memory than may be spent on it") from error


def _answer(parent: int, gate: int, pipe: int, descriptor: int, kind: str, name: str) -> NoReturn:
    try:
        alone.close_foreign(gate, pipe, descriptor)
        os.read(gate, 1)
        if os.geteuid() == 0:
            privileges.become(_NOBODY, _NOBODY)
        privileges.die_with_parent(parent, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        with os.fdopen(pipe, "wb") as file:
            file.write(json.dumps(asdict(_read(descriptor, kind, name))).encode())
    finally:
        os._exit(0)


def _read(descriptor: int, kind: str, name: str) -> _Said:
    seen: list[str] = []
    wanted = expression(name)

    def fits(text: str) -> bool:
        seen.append(text)
        return wanted.fullmatch(text) is not None

    try:
        if kind == "usdt":
            return _said(marker_spots(descriptor, fits), f"no marker {name}{_near(name, seen)}")
        found = function_spots(descriptor, fits, exact="*" not in name)
    except (OSError, ValueError) as error:
        return _Said(error=str(error))
    if found.indirect and not found.spots:
        only = min(found.indirect)
        return _Said(
            error=f"{only} stands for one of several functions, chosen as a program starts (IFUNC): hook those"
        )
    return _said(found.spots, f"no function {name}{_near(name, seen)}", found.is_go)


def _said(spots: tuple[Spot, ...], otherwise: str, is_go: bool = False) -> _Said:
    if not spots:
        return _Said(error=otherwise)
    return _Said([[spot.name, spot.offset, spot.semaphore] for spot in spots[:MOST]], len(spots), is_go)


def _near(name: str, seen: list[str]) -> str:
    """What could have been meant: of a file without any function that is told, else the nearest name."""
    if not seen:
        return "; it has none whose name is told"
    near = get_close_matches(name, set(seen), 1) if len(seen) < _COMPARED and "*" not in name else []
    return f"; did you mean {near[0]}?" if near else ""

"""Every single place that a hook's target means: names with `*` in full, functions in files with their offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from ebtop.kernel.pattern import expression

IN_FILES = ("uprobe", "uretprobe", "usdt")
"""Kinds whose targets are "PLACE:FUNCTION" or "PLACE:PROVIDER:NAME", PLACE a path or what PATH and the linker know."""
_TRAMPOLINES = ("fentry", "fexit")
_LOOKED_UP = 300
"""Functions that BTF is asked for, a millisecond each; so many more than may be hooked that it does not matter."""
keeping: Callable[[int], AbstractContextManager[object]] = nullcontext
"""keeping(pid): a child that reads a file is known as one of ebtop's own for that long, where probes are at work."""


class Nowhere(Exception):  # noqa: N818 - what it is
    """There is no such place; one line that says why and what could be meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place for one program."""

    kind: str
    target: str
    """Its exact name, of a file with the whole path."""
    name: str
    """Without the file."""
    file: str = ""
    """Path by which the kernel finds the file."""
    offset: int = 0
    semaphore: int = 0


@cache
def places(kind: str, target: str, most: int) -> tuple[Place, ...]:
    """The places that `target` means, by name; Nowhere when it means none, or more than `most`."""
    if kind in IN_FILES:
        return _in_file(kind, target, most)
    if "*" not in target:
        return (Place(kind, target, target),)
    names = sorted(filter(expression(target).fullmatch, _known(kind)))
    if kind in _TRAMPOLINES and len(names) <= _LOOKED_UP:
        names = [name for name in names if _has_type(name)]
    if not names:
        raise Nowhere(f"{kind}:{target} fits nothing that this kernel has")
    _bounded(kind, target, len(names), most)
    return tuple(Place(kind, name, name) for name in names)


def _in_file(kind: str, target: str, most: int) -> tuple[Place, ...]:
    from ebtop.kernel import spots  # reads files, which most hooks do not need

    found = spots.find(kind, target)
    if found.is_go and kind == "uretprobe":
        raise Nowhere(f"{found.path} is a Go program: to hook where its functions return would crash it")
    _bounded(kind, target, found.whole, most)
    return tuple(
        Place(kind, f"{found.path}:{spot.name}", spot.name, found.file, spot.offset, spot.semaphore)
        for spot in found.spots
    )


def _bounded(kind: str, target: str, count: int, most: int) -> None:
    if count > most:
        raise Nowhere(f"{kind}:{target} fits {count} places, more than {most}: narrow it")


def _known(kind: str) -> list[str]:
    from ebtop.kernel.listing import Nothing

    try:
        return list(_names(kind))
    except Nothing as why:
        raise Nowhere(str(why)) from why


def _names(kind: str) -> Iterable[str]:
    """Every name that a target of the kernel may have; listing.Nothing where they are not to be known."""
    from ebtop.kernel import listing  # which stands above the hooks that ask here

    if kind == "raw_tracepoint":
        return listing.raw_tracepoints()
    if kind == "tracepoint":
        return set(listing.tracepoints())
    return listing.traceable() if kind in _TRAMPOLINES else listing.kprobes()


def _has_type(function: str) -> bool:
    from ebtop.kernel import btf

    return btf.present() and btf.kernel().has_function(function)


def near(kind: str, target: str) -> str:
    """ "; did you mean X?" where the kernel has something that is called nearly so."""
    try:
        found = get_close_matches(target, _known(kind), 1)
    except Nowhere:
        return ""
    return f"; did you mean {found[0]}?" if found and found[0] != target else ""

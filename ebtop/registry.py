"""All probes there are, by name: built in, added, or made by a line of text; imports declarations, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from ebtop import bpftrace, functions
from ebtop.spec import Probe

FOLDER = Path(__file__).parent / "probes"
"""Of the built-in probes, and of what their C shares."""
FIRST = ("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat", "bpf")
"""Those with a digit, or that run when nothing was chosen: no other declaration is imported to know that."""
_NAMES = (
    *FIRST,
    *("errors", "exits", "forks", "signals"),
    *("files", "fsync", "fslat", "pagecache", "mounts", "unlinks"),
    *("iopattern",),
    *("tcplife", "tcptraffic", "tcpretrans", "tcpresets", "tcprtt", "tcpstates", "udp", "netdrops", "netdev", "dns"),
    *("xdp",),
    *("cpudist", "runqlen", "hardirqs", "softirqs", "workqueues", "migrations", "offcpu", "profile"),
    *("pagefaults", "oom", "reclaim", "slab", "mmaps"),
    *("futex", "locks"),
    *("capable", "privilege"),
)
"""Those with a slot in that order, then the others; listed, as looking for files would cost start-up time for each."""
_INTERNAL = ("follow",)
"""Loaded by ebtop for its own ends: neither chosen nor shown."""
_OWN: dict[str, Probe] = {}
"""Those that are not built in."""
_RECORDED: dict[str, Probe] = {}
"""Those that a recording declares: they are shown as they were recorded, whatever has their names here."""


def _script(text: str) -> Probe:
    from ebtop.bpftrace.declaring import declared  # which most sessions have no use for

    return declared(f"{bpftrace.PREFIX}{text}")


_MAKERS: dict[str, Callable[[str], Probe]] = {
    functions.PREFIX: functions.declared,
    bpftrace.PREFIX.rstrip(":"): _script,
}
"""What makes a probe of the text behind the colon of its name."""


class Declared(Mapping[str, Probe]):
    """Probes by name, in the order of the names; a declaration is imported when it is first asked for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Probe:
        if name not in self._names:
            raise KeyError(name)
        return probe(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def probes() -> Declared:
    """Every probe by name: the built-in ones in the order of the slots, then those that were added."""
    return Declared(names())


def first() -> Declared:
    """Those that may have a digit or run when nothing was chosen."""
    return Declared((*FIRST, *_others()))


def names() -> tuple[str, ...]:
    """Their names, in the same order; no declaration is imported for them."""
    return (*_NAMES, *_others())


def _others() -> dict[str, Probe]:
    return _OWN | _RECORDED


def is_built_in(name: str) -> bool:
    """Whether ebtop itself has a probe of that name."""
    return name in _NAMES + _INTERNAL


def add(own: Probe) -> None:
    """Have one more probe, in this process and those that it forks; ValueError where there is one of that name."""
    if is_built_in(own.name) or own.name in _OWN:
        raise ValueError(f"there is a probe {own.name} already")
    _OWN[own.name] = own


def show(recorded: Probe) -> None:
    """Have a probe that a recording declares, before one of that name that was added; a built-in one stays as it is."""
    if not is_built_in(recorded.name):
        _RECORDED[recorded.name] = replace(recorded, slot=0)


def own(names: Iterable[str]) -> dict[str, Probe]:
    """Those of `names` that were added."""
    return {name: _OWN[name] for name in names if name in _OWN}


def forget() -> None:
    """Have the built-in ones only."""
    _OWN.clear()
    _RECORDED.clear()


def probe(name: str) -> Probe:
    """The probe of that name, also one that is not listed; KeyError if there is none."""
    if maker := _maker(name):
        return _made_up(maker, name)
    return _RECORDED.get(name) or _OWN.get(name) or _built_in(name)


def known(wanted: Iterable[str]) -> Declared:
    """Every probe that is listed, then those of `wanted` that are made of a line of text."""
    return Declared((*names(), *wanted))


def is_made_up(name: str) -> bool:
    """Whether a line of text makes the probe of that name."""
    try:
        return bool(_maker(name) and probe(name))
    except KeyError:
        return False


@cache
def _built_in(name: str) -> Probe:
    if not is_built_in(name):
        raise KeyError(name)
    declaration: Probe = import_module(f"ebtop.probes.{name}").PROBE
    return replace(declaration, source=str(FOLDER))


def _maker(name: str) -> Callable[[str], Probe] | None:
    kind, colon, _ = name.partition(":")
    return _MAKERS.get(kind) if colon else None


@cache
def _made_up(maker: Callable[[str], Probe], name: str) -> Probe:
    try:
        return replace(maker(name.partition(":")[2]), source=str(FOLDER))
    except ValueError as error:
        raise KeyError(name) from error

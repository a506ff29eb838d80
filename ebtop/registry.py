"""All probes there are, by name: the built-in ones, and what was added to them; imports declarations, nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from ebtop.spec import Probe

FOLDER = Path(__file__).parent / "probes"
"""Of the built-in probes, and of what their C shares."""
_NAMES = ("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat", "bpf")
"""In the order of their slots; listed, because looking for files would cost the start-up time of each of them."""
_INTERNAL = ("follow",)
"""Loaded by ebtop for its own ends: neither chosen nor shown."""


_OWN: dict[str, Probe] = {}
"""Those that are not built in."""


def probes() -> dict[str, Probe]:
    """Every probe by name: the built-in ones in the order of the slots, then those that were added."""
    return {name: probe(name) for name in names()}


def names() -> tuple[str, ...]:
    """Their names, in the same order; no declaration is imported for them."""
    return (*_NAMES, *_OWN)


def is_built_in(name: str) -> bool:
    """Whether ebtop itself has a probe of that name."""
    return name in _NAMES + _INTERNAL


def add(own: Probe) -> None:
    """Have one more probe, in this process and those that it forks; ValueError where there is one of that name."""
    if is_built_in(own.name) or own.name in _OWN:
        raise ValueError(f"there is a probe {own.name} already")
    _OWN[own.name] = own


def forget() -> None:
    """Have the built-in ones only."""
    _OWN.clear()


def probe(name: str) -> Probe:
    """The probe of that name, also one that is not listed; KeyError if there is none."""
    return _OWN[name] if name in _OWN else _built_in(name)


@cache
def _built_in(name: str) -> Probe:
    if not is_built_in(name):
        raise KeyError(name)
    declaration: Probe = import_module(f"ebtop.probes.{name}").PROBE
    return replace(declaration, source=str(FOLDER))

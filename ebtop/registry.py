"""All probes there are, by name, and those that a line of text makes; imports their declarations and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from ebtop import functions
from ebtop.spec import Probe

_FOLDER = Path(__file__).parent / "probes"
_NAMES = (
    "syscalls",
    "rw",
    "opens",
    "exec",
    "tcpconnect",
    "tcpaccept",
    "blockio",
    "runqlat",
    "bpf",
    "errors",
    "exits",
    "forks",
    "signals",
    "mounts",
    "unlinks",
    "cpudist",
    "migrations",
    "oom",
    "futex",
    "locks",
    "capable",
    "privilege",
    "tcplife",
    "tcptraffic",
    "tcpretrans",
    "tcpresets",
    "tcprtt",
    "tcpstates",
    "udp",
    "netdrops",
    "netdev",
    "dns",
)
"""Those with slots in their order, then by group; listed, because looking for files would cost each one's start-up."""
_INTERNAL = ("follow",)
"""Loaded by ebtop for its own ends: neither chosen nor shown."""
_MAKERS: dict[str, Callable[[str], Probe]] = {functions.PREFIX: functions.declared}
"""What makes a probe of the text behind the colon of its name."""


@cache
def probes() -> dict[str, Probe]:
    """Every built-in probe by name, in the order of the slots."""
    return {name: probe(name) for name in _NAMES}


def names() -> tuple[str, ...]:
    """Names of the built-in probes, in the order of the slots."""
    return _NAMES


def known(wanted: Iterable[str]) -> dict[str, Probe]:
    """Every built-in probe, then those of `wanted` that are made of a line of text."""
    return probes() | {name: probe(name) for name in wanted}


def is_made_up(name: str) -> bool:
    """Whether a line of text makes the probe of that name."""
    try:
        return bool(_maker(name) and probe(name))
    except KeyError:
        return False


@cache
def probe(name: str) -> Probe:
    """The probe of that name, also one that is not listed; KeyError if there is none."""
    if maker := _maker(name):
        return _made_up(maker, name)
    if name not in _NAMES + _INTERNAL:
        raise KeyError(name)
    declaration: Probe = import_module(f"ebtop.probes.{name}").PROBE
    return replace(declaration, source=str(_FOLDER))


def _maker(name: str) -> Callable[[str], Probe] | None:
    kind, colon, _ = name.partition(":")
    return _MAKERS.get(kind) if colon else None


def _made_up(maker: Callable[[str], Probe], name: str) -> Probe:
    try:
        return replace(maker(name.partition(":")[2]), source=str(_FOLDER))
    except ValueError as error:
        raise KeyError(name) from error

"""All probes there are, by name; imports their declarations and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from ebtop.spec import Probe

_FOLDER = Path(__file__).parent / "probes"
_NAMES = (
    *("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat", "bpf"),
    *("errors", "exits", "forks", "signals"),
    *("files", "fsync", "fslat", "pagecache", "mounts", "unlinks"),
    *("iopattern",),
    *("tcplife", "tcptraffic", "tcpretrans", "tcpresets", "tcprtt", "tcpstates", "udp", "netdrops", "netdev"),
    *("cpudist", "hardirqs", "softirqs", "workqueues", "migrations", "offcpu", "profile"),
    *("oom", "reclaim", "slab", "mmaps"),
    *("futex", "locks"),
    *("capable", "privilege"),
)
"""Those with a slot in that order, then the others; listed, as looking for files would cost start-up time for each."""
_INTERNAL = ("follow",)
"""Loaded by ebtop for its own ends: neither chosen nor shown."""


@cache
def probes() -> dict[str, Probe]:
    """Every built-in probe by name, in the order of the slots."""
    return {name: probe(name) for name in _NAMES}


def names() -> tuple[str, ...]:
    """Names of the built-in probes, in the order of the slots."""
    return _NAMES


@cache
def probe(name: str) -> Probe:
    """The probe of that name, also one that is not listed; KeyError if there is none."""
    if name not in _NAMES + _INTERNAL:
        raise KeyError(name)
    declaration: Probe = import_module(f"ebtop.probes.{name}").PROBE
    return replace(declaration, source=str(_FOLDER))

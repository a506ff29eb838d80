"""What a machine offers and has: ways, hooks, names of addresses, one BPF program; only data and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ebtop.text import clean

MOST = 20_000
"""Hooks in one answer."""
MOST_BYTES = 16_000_000
"""Bytes of one encoded answer; more is not read."""


@dataclass(frozen=True, slots=True)
class WayOffer:
    """One way of a probe on this machine."""

    way: str
    """Its name, as in spec.Way."""
    missing: str = ""
    """What this machine lacks for it, in one line; "" when it would work."""


Offers = Mapping[str, tuple[WayOffer, ...]]
"""By probe: its ways in the order they are tried."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Answer to a pattern."""

    names: tuple[str, ...] = ()
    """As `bpftrace -l` spells them, sorted, at most MOST."""
    whole: int = 0
    """How many there are; more than `names` where those are cut."""
    arguments: tuple[tuple[str, ...], ...] = ()
    """For each name, one line for each argument; () when they were not asked for."""
    notes: tuple[str, ...] = ()
    """What could not be looked at and why, one line each."""
    error: str = ""
    """Why there is no answer; one line, "" when there is one."""


@dataclass(frozen=True, slots=True)
class MapUse:
    """One map that a program uses."""

    id: int
    type: str
    name: str
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Holder:
    """One process that holds a program's descriptor."""

    pid: int
    comm: str


@dataclass(frozen=True, slots=True)
class ProgramDetail:
    """Answer about one BPF program."""

    id: int
    type: str = ""
    name: str = ""
    tag: str = ""
    """The hash of its instructions, in hexadecimal."""
    uid: int = 0
    """Who loaded it."""
    gpl: bool = False
    """Its licence lets it call helpers that ask for the GPL."""
    loaded_ns: int = 0
    """Nanoseconds since the epoch."""
    translated_bytes: int = 0
    machine_bytes: int = 0
    """0: it is interpreted."""
    memory_bytes: int = 0
    verified: int = 0
    """Instructions that the verifier has looked at, 0 where the kernel does not say."""
    runs: int = 0
    run_ns: int = 0
    """Cumulative over the times in which the kernel's statistics were on."""
    function: str = ""
    """The kernel function that a tracing program is for."""
    places: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    maps: tuple[MapUse, ...] = ()
    instructions: tuple[str, ...] = ()
    """As bpftool prints them, a line each."""
    note: str = ""
    """Why there are none, or not all; one line."""
    error: str = ""
    """Why there is no answer at all; one line."""


def encode_program(detail: ProgramDetail) -> bytes:
    """JSON of `detail`."""
    return json.dumps(asdict(detail)).encode()


def decode_program(content: bytes) -> ProgramDetail:
    """What `encode_program` wrote, its texts cleaned; ValueError for anything else."""
    try:
        said = json.loads(content)
        plain: dict[str, Any] = {name: int(said[name]) for name in _NUMBERS}
        plain |= {name: clean(said[name]) for name in _TEXTS}
        return ProgramDetail(
            **plain,
            gpl=bool(said["gpl"]),
            places=_texts(said["places"]),
            instructions=tuple(clean(line.expandtabs()) for line in said["instructions"]),
            holders=tuple(Holder(int(one["pid"]), clean(one["comm"])) for one in said["holders"]),
            maps=tuple(
                MapUse(int(one["id"]), clean(one["type"]), clean(one["name"]), int(one["memory_bytes"]))
                for one in said["maps"]
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an answer about a program: {error}") from error


_NUMBERS = (
    *("id", "uid", "loaded_ns", "translated_bytes", "machine_bytes", "memory_bytes", "verified", "runs", "run_ns"),
)
_TEXTS = ("type", "name", "tag", "function", "note", "error")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A stretch of addresses that have one name."""

    begin: int
    end: int
    """The first address behind it."""
    name: str
    """The function's."""
    module: str = ""
    """What it is in: "kernel", a kernel module, a program or library."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """Answer to addresses."""

    kernel: tuple[Symbol, ...] = ()
    """Functions that the kernel's addresses are in; those in none are left out."""
    error: str = ""
    """Why there is no answer; one line, "" when there is one."""


def encode_hooks(hooks: Hooks) -> bytes:
    """JSON of `hooks`."""
    return json.dumps(asdict(hooks)).encode()


def decode_hooks(content: bytes) -> Hooks:
    """What `encode_hooks` wrote, its texts cleaned; ValueError for anything else."""
    try:
        said = json.loads(content)
        return Hooks(
            _texts(said["names"])[:MOST],
            int(said["whole"]),
            tuple(_texts(one) for one in said["arguments"]),
            _texts(said["notes"]),
            clean(said["error"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an answer about hooks: {error}") from error


def encode_offers(offers: Offers) -> bytes:
    """JSON of `offers`."""
    return json.dumps({probe: [asdict(way) for way in ways] for probe, ways in offers.items()}).encode()


def decode_offers(content: bytes) -> Offers:
    """What `encode_offers` wrote, its texts cleaned; ValueError for anything else."""
    try:
        said = json.loads(content).items()
        return {
            probe: tuple(WayOffer(clean(way["way"]), clean(way["missing"])) for way in ways) for probe, ways in said
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an answer about ways: {error}") from error


def encode_symbols(symbols: Symbols) -> bytes:
    """JSON of `symbols`."""
    return json.dumps(asdict(symbols)).encode()


def decode_symbols(content: bytes) -> Symbols:
    """What `encode_symbols` wrote, its texts cleaned; ValueError for anything else."""
    try:
        said = json.loads(content)
        return Symbols(tuple(map(_symbol, said["kernel"])), clean(said["error"]))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not an answer about symbols: {error}") from error


def _symbol(said: Mapping[str, Any]) -> Symbol:
    return Symbol(int(said["begin"]), int(said["end"]), clean(said["name"]), clean(said["module"]))


def why(error: Exception) -> str:
    """What went wrong in a look-up, in one line."""
    if isinstance(error, MemoryError):
        return "it takes more memory than may be spent on it"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return str(error)


def _way(said: Mapping[str, str]) -> WayOffer:
    return WayOffer(clean(said["way"]), clean(said["missing"]))


def _texts(said: list[str]) -> tuple[str, ...]:
    return tuple(clean(text) for text in said)

"""Loads and attaches one probe of a compiled module, and says what it is made of; compiles nothing.

A program for a raw tracepoint is not attached here where it can share the place with others (kernel.chained): whoever
holds all of them lets it join (kernel.chain). Any other is attached as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ebtop import wire
from ebtop.kernel import bpf, btf, chained, given, hooks, instructions, members, programs, xdp
from ebtop.kernel.bcc_module import CompiledMap, Module, version
from ebtop.kernel.cpus import banks
from ebtop.kernel.places import Nowhere, Place
from ebtop.spec import Hook, Probe, Way

FLAGS_MAP = "ebtop_flags"
"""What ebtop.h calls the stand-in for the map that the session shares."""
_ARGUMENTS = {"sys_enter": 2, "sys_exit": 2, "sched_switch": 3, "sched_process_exit": 1}
"""Arguments that these raw tracepoints have had since Linux 5.8 at least: who reads no more of them need not wait for
the types of the kernel to be counted, some 30 ms."""

Answer = tuple[wire.Progress | wire.Live, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Job:
    """One start of a probe."""

    probe: str
    serial: int
    shares: bool = True
    """Whether its programs may share their places with others."""


@dataclass(frozen=True, slots=True)
class Told:
    """What holds for every probe of a session."""

    flags: int
    """Descriptor of the map of who is not counted: it takes the place of the module's own."""
    counts_only: bool = False
    """Ways that only count come first."""
    interfaces: tuple[str, ...] = ()
    """Network interfaces for XDP, the usual ones for none."""


class Unworkable(Exception):  # noqa: N818 - what happened
    """A way does not work here; `log` is what compiler and verifier said."""

    def __init__(self, why: str, log: str = "") -> None:
        super().__init__(why)
        self.log = log


@dataclass(frozen=True, slots=True)
class _Program:
    function: str
    descriptor: int
    shares: str = ""
    """The raw tracepoint at which it goes on to others; "" for one that is attached by itself."""
    beside: tuple[int, ...] = ()
    """Of one that shares: descriptors of its costs and of the array through which it goes on."""

    def close(self) -> None:
        for descriptor in (self.descriptor, *self.beside):
            os.close(descriptor)


_Identity = tuple[str, str, str, int]
"""What makes two programs of one function different."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What there is of a probe so far."""

    loaded: dict[_Identity, _Program] = field(default_factory=dict)
    attached: list[tuple[str, programs.Attachment]] = field(default_factory=list)
    """With the place."""
    said: list[str] = field(default_factory=list)
    """What it misses here."""

    def close(self) -> None:
        for _, attachment in self.attached:
            attachment.close()
        for program in self.loaded.values():
            program.close()

    def descriptors(self) -> tuple[int, ...]:
        """As wire.Live has them, those of the maps before."""
        shared = [program.beside for program in self.loaded.values() if program.shares]
        return (
            *(program.descriptor for program in self.loaded.values()),
            *(costs for costs, _ in shared),
            *(following for _, following in shared),
            *(one.link for _, one in self.attached if one.link >= 0),
            *(one.event for _, one in self.attached if one.event >= 0),
        )


def attach(module: Module, job: Job, probe: Probe, way: Way, told: Told, log: str) -> Answer:
    """Load and attach one probe of the module; Unworkable, with everything of it closed, when the kernel refuses."""
    maps = [one for one in module.maps() if one.name.startswith(f"{probe.prefix}_")]
    infos = tuple(_info(one) for one in maps)
    exchanged = {one.descriptor: told.flags for one in module.maps() if one.name == FLAGS_MAP}
    numbered: Mapping[str, int] = {}
    parts = _Parts(said=[way.misses] if way.misses else [])
    targets = [(hook, place) for hook in way.hooks for place in hooks.all_places(hook)]
    try:
        numbered = given.numbers(place for _, place in targets) if probe.alone else {}
        for hook, place in targets:
            _load(module, hook, place, exchanged, numbered, job.shares, parts)
        for hook, place in targets:
            _attach(hook, place, parts.loaded[_identity(hook, place, numbered)], told.interfaces, parts)
    except programs.Refused as refused:
        parts.close()
        raise Unworkable(str(refused), refused.log) from refused
    live = wire.Live(
        probe=job.probe,
        serial=job.serial,
        hook=way.name,
        targets=_targets(parts, targets, numbered),
        maps=infos,
        programs=tuple(program.function for program in parts.loaded.values()),
        shares=tuple(program.shares for program in parts.loaded.values()),
        events=sum(one.event >= 0 for _, one in parts.attached),
        misses=" ".join(parts.said),
        log=log[-wire.LOG_LIMIT :],
        bcc=version(),
        enums=given.words(probe, numbered),
    )
    return live, (*(one.descriptor for one in maps), *parts.descriptors())


def _targets(parts: _Parts, targets: Iterable[tuple[Hook, Place]], numbered: Mapping[str, int]) -> tuple[str, ...]:
    shared = [
        programs.place(hook.kind, place.target)
        for hook, place in targets
        if parts.loaded[_identity(hook, place, numbered)].shares
    ]
    return tuple(dict.fromkeys([*shared, *(target for target, _ in parts.attached)]))


def _identity(hook: Hook, place: Place, numbered: Mapping[str, int]) -> _Identity:
    """Place's number; of fentry and fexit kind and place; of a raw tracepoint the place, as it goes on from there."""
    kind = hook.kind if hook.kind in ("fentry", "fexit", "raw_tracepoint") else ""
    return hook.function, kind, place.target if kind else "", numbered.get(place.name, 0)


# --- attaching --------------------------------------------------------------------------------------------------------


def _attach(hook: Hook, place: Place, program: _Program, interfaces: tuple[str, ...], parts: _Parts) -> None:
    if program.shares:
        return
    if hook.kind == "xdp":
        found = xdp.attach(program.descriptor, interfaces)
        parts.attached.extend(found.places.items())
        parts.said.extend(f"Not on {why}." for why in found.left_out)
        return
    parts.attached.append((programs.place(hook.kind, place.target), _attach_at(place, program.descriptor)))


def _attach_at(place: Place, program: int) -> programs.Attachment:
    if place.file:
        return programs.attach_in_file(place.kind, place.file, place.offset, place.semaphore, program)
    return programs.attach(place.kind, place.target, program)


# --- loading ----------------------------------------------------------------------------------------------------------


def _load(
    module: Module,
    hook: Hook,
    place: Place,
    exchanged: Mapping[int, int],
    numbered: Mapping[str, int],
    shares: bool,
    parts: _Parts,
) -> None:
    identity = _identity(hook, place, numbered)
    if identity in parts.loaded:
        return
    try:
        btf_id = btf.kernel().function(place.target) if hook.kind in ("fentry", "fexit") else 0
        code = instructions.with_maps(module.instructions(hook.function), exchanged)
        if numbered:
            code = instructions.with_numbers(code, given.to_program(place, numbered))
        may_share = shares and hook.kind == "raw_tracepoint"
        shared = _share(hook.function, place.target, code) if may_share else None
        alone = None if shared else programs.load(hook.kind, hook.function, code, btf_id)
    except KeyError as error:
        raise programs.Refused(f"the C file has no function {hook.function}") from error
    except (btf.NoField, Nowhere) as error:
        raise programs.Refused(str(error)) from error
    parts.loaded[identity] = shared or _Program(hook.function, alone if alone is not None else -1)


def _share(function: str, target: str, code: bytes) -> _Program | None:
    """The program of that `code` as one that goes on to others; None where it cannot be, and is to go by itself."""
    opened: list[int] = []
    try:
        cpus = banks()
        opened += [chained.new_costs(cpus), chained.new_next()]
        costs, following = opened
        program = programs.load("raw_tracepoint", function, chained.member(code, following, costs, cpus))
        opened.append(program)
        if _reads_within(program, target):
            return _Program(function, program, target, (costs, following))
    except (OSError, ValueError, programs.Refused):
        pass
    for descriptor in opened:
        os.close(descriptor)
    return None


def _reads_within(program: int, target: str) -> bool:
    """Whether it reads no argument that the raw tracepoint does not have: the kernel cannot tell once it shares."""
    if target in _ARGUMENTS and chained.reads_within(program, _ARGUMENTS[target]):
        return True
    return btf.present() and chained.reads_within(program, btf.kernel().arguments(target))


def _info(one: CompiledMap) -> wire.MapInfo:
    ring = one.type == bpf.RINGBUF
    try:
        key = () if ring else members.fields(one.key, one.key_size, "index")
        value = () if ring else members.fields(one.value, one.value_size, "value")
    except members.Undescribed as error:
        raise Unworkable(f"map {one.name}: {error}") from error
    sizes = (0, 0) if ring else (one.key_size, one.value_size)
    return wire.MapInfo(one.name, one.type, *sizes, one.max_entries, one.flags, key, value)

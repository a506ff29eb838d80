"""Compiles, loads and attaches probes in a process of its own, and gives the descriptors away; draws and reads nothing.

The warden forks it for some probes at once. They are compiled as one module, and once more without those that the
compiler's errors are about; whatever goes wrong for one of several is left unanswered, and the warden starts a loader
for that probe alone, which tries its ways one after another.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from ebtop import registry, wire
from ebtop.kernel import (
    alone,
    bpf,
    btf,
    given,
    headers,
    hooks,
    instructions,
    members,
    places,
    programs,
    source,
    structs,
    xdp,
)
from ebtop.kernel.bcc_module import CompiledMap, CompileError, Module, NoCompiler, version
from ebtop.kernel.owning import owned
from ebtop.kernel.places import Nowhere, Place
from ebtop.spec import Hook, Probe, Way

FLAGS_MAP = "ebtop_flags"
"""What ebtop.h calls the stand-in for the map that the session shares."""
RETRY = 75
"""Exit status (EX_TEMPFAIL) when at least one of several probes was not answered: it wants a loader of its own."""

Answer = tuple[wire.Progress | wire.Live, tuple[int, ...]]
_Chosen = tuple["Job", Probe, int]
"""What is to be loaded, and the number of the way to try."""


@dataclass(frozen=True, slots=True)
class Job:
    """One start of a probe."""

    probe: str
    serial: int


@dataclass(frozen=True, slots=True)
class Told:
    """What holds for every probe of a session."""

    flags: int
    """Descriptor of the map of who is not counted: it takes the place of the module's own."""
    counts_only: bool = False
    """Ways that only count come first."""
    interfaces: tuple[str, ...] = ()
    """Network interfaces for XDP, the usual ones for none."""


class _Unworkable(Exception):  # noqa: N818 - private
    """A way does not work here; `log` is what compiler and verifier said."""

    def __init__(self, why: str, log: str = "") -> None:
        super().__init__(why)
        self.log = log


def run(
    channel: socket.socket,
    serials: Mapping[str, int],
    flags: int,
    counts_only: bool = False,
    interfaces: tuple[str, ...] = (),
) -> int:
    """Be the loader of `serials` (by probe): answer over `channel`, return the exit status. For a forked child only.

    `flags` and the rest as in Told. Closes every other descriptor but the standard ones and the channel, and catches
    what is written to stdout and stderr.
    """
    alone.close_foreign(channel.fileno(), flags)
    alone.catch_output()
    alone.stand_alone(machine().kernel)
    places.keeping = partial(owned, flags)
    jobs = [Job(probe, serial) for probe, serial in serials.items()]
    answered = set()
    for message, descriptors in load(jobs, Told(flags, counts_only, interfaces)):
        wire.send(channel, message, descriptors)
        if message.state in ("failed", "live") if isinstance(message, wire.Progress) else True:
            answered.add(message.probe)
        for descriptor in descriptors[len(message.maps) if isinstance(message, wire.Live) else 0 :]:
            os.close(descriptor)
    return 0 if len(answered) == len(jobs) else RETRY


def load(jobs: Sequence[Job], told: Told) -> Iterator[Answer]:
    """Progress and Live messages with descriptors, which stay open here; several jobs in one module.

    Of several, one that does not work gets no last answer unless there is no hope for it. A single job tries all its
    ways, and fails in the end.
    """
    if len(jobs) == 1:
        yield from _load_alone(jobs[0], told)
    else:
        yield from _load_together(jobs, told)


def _load_alone(job: Job, told: Told) -> Iterator[Answer]:
    probe = registry.probe(job.probe)
    reasons: list[str] = []
    log = ""
    for number, way in probe.preferred(told.counts_only):
        if lacking := _lacking(way):
            reasons.append(lacking)
            continue
        try:
            yield _progress(job, "compiling", way)
            module = _compile([(probe, number)])
            yield _progress(job, "attaching", way)
            yield _attach(module, job, probe, way, told, log)
            return
        except _Unworkable as why:
            reasons.append(f"{way.name}: {why}")
            log += f"{way.name}: {why}\n{why.log}\n"
        except NoCompiler as why:
            reasons.append(f"BCC cannot be used: {why}")
            break
    known = hooks.nowhere(probe) if probe.alone and not log else ""
    error = _one_line(known or "; ".join(reasons))
    yield wire.Progress(job.probe, job.serial, "failed", "", error, log[-wire.LOG_LIMIT :]), ()


def _load_together(jobs: Sequence[Job], told: Told) -> Iterator[Answer]:
    chosen: list[_Chosen] = []
    for job in jobs:
        probe = registry.probe(job.probe)
        number = next((number for number, way in probe.preferred(told.counts_only) if not _lacking(way)), -1)
        if number >= 0 and not probe.alone:
            chosen.append((job, probe, number))
            yield _progress(job, "compiling", probe.ways[number])
    module, chosen = _compile_together(chosen)
    if module is None:
        return
    for job, probe, number in chosen:
        yield _progress(job, "attaching", probe.ways[number])
        try:
            yield _attach(module, job, probe, probe.ways[number], told, "")
        except _Unworkable:
            continue


def _compile_together(chosen: list[_Chosen]) -> tuple[Module | None, list[_Chosen]]:
    """The module of as many of `chosen` as compile together, and which those are; None where it is nobody's fault."""
    while chosen:
        try:
            return _compile([(probe, number) for _, probe, number in chosen]), chosen
        except NoCompiler:
            break
        except _Unworkable as why:
            wrong = source.in_error(why.log)
            sound = [one for one in chosen if f"{one[1].prefix}.c" not in wrong]
            if len(sound) == len(chosen):
                break
            chosen = sound
    return None, []


def _progress(job: Job, state: str, way: Way) -> Answer:
    return wire.Progress(job.probe, job.serial, state, way.name), ()


def _lacking(way: Way) -> str:
    """What this kernel lacks for `way`, in one line; "" when nothing is known to be missing."""
    if lacking := hooks.lacking(way):
        return lacking
    if way.fields and not btf.present():
        return headers.lacking(way.fields)
    return structs.missing(btf.kernel(), way.fields) if way.fields else ""


# --- compiling --------------------------------------------------------------------------------------------------------


def _compile(chosen: Sequence[tuple[Probe, int]]) -> Module:
    wanted = tuple(chain.from_iterable(probe.ways[number].fields for probe, number in chosen))
    text, begin = source.module(chosen, _declared(wanted), defines=_defines(chosen)), alone.written()
    try:
        return Module(text, source.options(machine()))
    except CompileError as error:
        log = alone.log_since(begin)
        raise _Unworkable(source.first_error(log) or "the compiler failed without a word", log) from error


def _defines(chosen: Sequence[tuple[Probe, int]]) -> tuple[tuple[str, int], ...]:
    probe, way = chosen[0][0], chosen[0][0].ways[chosen[0][1]]
    try:
        return (
            given.to_file(probe, way, [place for hook in way.hooks for place in hooks.all_places(hook)])
            if probe.alone
            else ()
        )
    except Nowhere as why:
        raise _Unworkable(str(why)) from why


def _declared(wanted: Sequence[str]) -> str:
    """C that declares the `wanted` members; BCC is told where the headers are that go with it."""
    if wanted and not btf.present():
        os.environ.pop("BCC_KERNEL_SOURCE", None)
        return headers.includes(wanted)
    os.environ["BCC_KERNEL_SOURCE"] = str(source.SHIM)
    return structs.declare(btf.kernel(), wanted) if wanted else ""


def machine() -> source.Machine:
    """The running machine's numbers."""
    possible = Path("/sys/devices/system/cpu/possible").read_text("ascii")
    numbers = [int(part) for part in os.uname().release.split("-")[0].split(".")[:3] if part.isdigit()]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return source.Machine(
        cpus=int(possible.strip().replace("-", ",").split(",")[-1]) + 1,
        kernel=(major, minor, patch),
        page_size=os.sysconf("SC_PAGE_SIZE"),
    )


# --- loading and attaching --------------------------------------------------------------------------------------------


def _attach(module: Module, job: Job, probe: Probe, way: Way, told: Told, log: str) -> Answer:
    """Load and attach one probe of the module; _Unworkable, with everything of it closed, when the kernel refuses."""
    maps = [one for one in module.maps() if one.name.startswith(f"{probe.prefix}_")]
    infos = tuple(_info(one) for one in maps)
    exchanged = {one.descriptor: told.flags for one in module.maps() if one.name == FLAGS_MAP}
    loaded: dict[tuple[str, str, str, int], int] = {}
    numbered: Mapping[str, int] = {}
    attached: list[tuple[str, programs.Attachment]] = []
    said = [way.misses] if way.misses else []
    try:
        targets = [(hook, place) for hook in way.hooks for place in hooks.all_places(hook)]
        numbered = given.numbers(place for _, place in targets) if probe.alone else {}
        for hook, place in targets:
            _load_program(module, hook, place, exchanged, numbered, loaded)
        for hook, place in targets:
            program = loaded[_identity(hook, place, numbered)]
            if hook.kind == "xdp":
                found = xdp.attach(program, told.interfaces)
                attached += found.places.items()
                said += [f"Not on {why}." for why in found.left_out]
                continue
            attached.append((programs.place(hook.kind, place.target), _attach_program(place, program)))
    except programs.Refused as refused:
        for _, attachment in attached:
            attachment.close()
        for descriptor in loaded.values():
            os.close(descriptor)
        raise _Unworkable(str(refused), refused.log) from refused
    links = tuple(one.link for _, one in attached if one.link >= 0)
    events = tuple(one.event for _, one in attached if one.event >= 0)
    live = wire.Live(
        probe=job.probe,
        serial=job.serial,
        hook=way.name,
        targets=tuple(dict.fromkeys(target for target, _ in attached)),
        maps=infos,
        programs=tuple(function for function, *_ in loaded),
        events=len(events),
        misses=" ".join(said),
        log=log[-wire.LOG_LIMIT :],
        bcc=version(),
        enums=given.words(probe, numbered),
    )
    return live, (*(one.descriptor for one in maps), *loaded.values(), *links, *events)


def _attach_program(place: Place, program: int) -> programs.Attachment:
    if place.file:
        return programs.attach_in_file(place.kind, place.file, place.offset, place.semaphore, program)
    return programs.attach(place.kind, place.target, program)


def _identity(hook: Hook, place: Place, numbered: Mapping[str, int]) -> tuple[str, str, str, int]:
    """What makes two programs of one function different: place's number; of fentry and fexit kind and place."""
    tracing = hook.kind in ("fentry", "fexit")
    return hook.function, hook.kind if tracing else "", place.target if tracing else "", numbered.get(place.name, 0)


def _load_program(
    module: Module,
    hook: Hook,
    place: Place,
    exchanged: Mapping[int, int],
    numbered: Mapping[str, int],
    loaded: dict[tuple[str, str, str, int], int],
) -> None:
    identity = _identity(hook, place, numbered)
    if identity in loaded:
        return
    try:
        btf_id = btf.kernel().function(place.target) if identity[1] else 0
        code = instructions.with_maps(module.instructions(hook.function), exchanged)
        if numbered:
            code = instructions.with_numbers(code, given.to_program(place, numbered))
        loaded[identity] = programs.load(hook.kind, hook.function, code, btf_id)
    except KeyError as error:
        raise programs.Refused(f"the C file has no function {hook.function}") from error
    except (btf.NoField, Nowhere) as error:
        raise programs.Refused(str(error)) from error


def _info(one: CompiledMap) -> wire.MapInfo:
    ring = one.type == bpf.RINGBUF
    try:
        key = () if ring else members.fields(one.key, one.key_size, "index")
        value = () if ring else members.fields(one.value, one.value_size, "value")
    except members.Undescribed as error:
        raise _Unworkable(f"map {one.name}: {error}") from error
    sizes = (0, 0) if ring else (one.key_size, one.value_size)
    return wire.MapInfo(one.name, one.type, *sizes, one.max_entries, one.flags, key, value)


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Has probes compiled, loaded and attached in a process of its own, and gives the descriptors away; reads nothing.

The warden forks it for some probes at once. They are compiled as one module, and once more without those that the
compiler's errors are about; whatever goes wrong for one of several is left unanswered, and the warden starts a loader
for that probe alone, which tries its ways one after another.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from ebtop import registry, wire
from ebtop.kernel import alone, btf, given, headers, hooks, places, release, source, structs
from ebtop.kernel.attaching import Answer, Job, Told, Unworkable, attach
from ebtop.kernel.bcc_module import CompileError, Module, NoCompiler
from ebtop.kernel.owning import owned
from ebtop.kernel.places import Nowhere
from ebtop.spec import Probe, Way

RETRY = 75
"""Exit status (EX_TEMPFAIL) when at least one of several probes was not answered: it wants a loader of its own."""

_Chosen = tuple[Job, Probe, int]
"""What is to be loaded, and the number of the way to try."""


def run(
    channel: socket.socket,
    serials: Mapping[str, int],
    flags: int,
    unshared: frozenset[str] = frozenset(),
    counts_only: bool = False,
    interfaces: tuple[str, ...] = (),
) -> int:
    """Be the loader of `serials` (by probe): answer over `channel`, return the exit status. For a forked child only.

    `unshared`: those whose programs share no place; `flags` and the rest as in Told. Closes every other descriptor but
    the standard ones and the channel, and catches what is written to stdout and stderr.
    """
    alone.close_foreign(channel.fileno(), flags)
    alone.catch_output()
    alone.stand_alone(machine().kernel)
    places.keeping = partial(owned, flags)
    jobs = [Job(probe, serial, probe not in unshared) for probe, serial in serials.items()]
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
            yield attach(module, job, probe, way, told, log)
            return
        except Unworkable as why:
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
            yield attach(module, job, probe, probe.ways[number], told, "")
        except Unworkable:
            continue


def _compile_together(chosen: list[_Chosen]) -> tuple[Module | None, list[_Chosen]]:
    """The module of as many of `chosen` as compile together, and which those are; None where it is nobody's fault."""
    while chosen:
        try:
            return _compile([(probe, number) for _, probe, number in chosen]), chosen
        except NoCompiler:
            break
        except Unworkable as why:
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
        raise Unworkable(source.first_error(log) or "the compiler failed without a word", log) from error


def _defines(chosen: Sequence[tuple[Probe, int]]) -> tuple[tuple[str, int], ...]:
    probe, way = chosen[0][0], chosen[0][0].ways[chosen[0][1]]
    try:
        return (
            given.to_file(probe, way, [place for hook in way.hooks for place in hooks.all_places(hook)])
            if probe.alone
            else ()
        )
    except Nowhere as why:
        raise Unworkable(str(why)) from why


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
    return source.Machine(
        cpus=int(possible.strip().replace("-", ",").split(",")[-1]) + 1,
        kernel=release.version(),
        page_size=os.sysconf("SC_PAGE_SIZE"),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())

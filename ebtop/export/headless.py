"""Snapshot and recording without a screen: runs a source for a while and writes what it said; draws nothing."""

from __future__ import annotations

import io
import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from ebtop import registry, units
from ebtop.derive import derive
from ebtop.export.files import reason
from ebtop.export.held import Held
from ebtop.export.json import encode
from ebtop.recording import Writer
from ebtop.sample import ProbeSample, Sample, Source, State
from ebtop.text import clean

Save = Callable[[str, bytes], str]
"""Writes content to a path, and says where; OSError when it could not."""

START_S = 75.0
"""How long probes may take to be live or to fail: a loader for all of them, then one for each, both of 30 s at most."""
_SETTLED = (State.LIVE, State.FAILED)
_LOOK_S = 0.2
_NOTHING = "no probe was live long enough to be measured; nothing is written"
_EARLY = "ended early"
_FINE, _PROBE_FAILED, _NOTHING_WRITTEN = 0, 1, 2


def snapshot(
    source: Source, wanted: Sequence[str], seconds: float, path: str, save: Save, max_overhead: float = 0.0
) -> int:
    """Write one JSON snapshot with rates over `seconds`, counted from when all `wanted` probes are live or failed.

    Where ebtop was started with a command, its end is the end of that time, if it comes before.

    Says on stdout where it is, on stderr what failed; closes the source. The exit status: 0; 1 if a probe failed and
    the rest was saved; 2 if nothing was written. Ctrl-C ends the time early. Probes are switched off, which counts as
    failed, while ebtop costs more than `max_overhead` percent of a CPU; 0: never.
    """
    first = last = None
    try:
        for sample in samples(source, wanted, seconds, max_overhead):
            first, last = first or sample, sample
        if first is None or last is None:
            return _said(_NOTHING, _NOTHING_WRITTEN)
        probes = {name: registry.probe(name) for name in wanted}
        frame = derive(last, first if last is not first else None, probes)
        return _written(encode(frame), last, wanted, path, save)
    finally:
        source.close()


def record(
    source: Source, wanted: Sequence[str], seconds: float, path: str, save: Save, max_overhead: float = 0.0
) -> int:
    """Write a recording of `seconds`, from when all `wanted` probes are live or failed; as `snapshot` otherwise."""
    file = io.BytesIO()
    writer, last = Writer(file), None
    try:
        for sample in samples(source, wanted, seconds, max_overhead):
            writer.write(sample)
            last = sample
        if last is None:
            return _said(_NOTHING, _NOTHING_WRITTEN)
        return _written(file.getvalue(), last, wanted, path, save)
    finally:
        source.close()


def samples(source: Source, wanted: Sequence[str], seconds: float, max_overhead: float = 0.0) -> Iterator[Sample]:
    """The samples of `seconds`: first that in which no probe is on its way any more, last the one that reaches them."""
    arrived: queue.SimpleQueue[Sample] = queue.SimpleQueue()
    began, first, held = time.monotonic(), None, Held(source, wanted, max_overhead)
    try:
        source.want(wanted)
        source.start(arrived.put)
        while sample := _next(arrived, source):
            held.look(sample)
            late = time.monotonic() - began > START_S
            if first is None and (late or _settled(sample, held.wanted)):
                first = sample
            if first is not None:
                yield sample
                if sample.monotonic_ns - first.monotonic_ns >= seconds * 1e9:
                    return
        if getattr(source, "held", False):
            _told(getattr(source, "command_status", 0))
        else:
            _said(_EARLY, _FINE)
    except KeyboardInterrupt:
        _said(_EARLY, _FINE)


def _next(arrived: queue.SimpleQueue[Sample], source: Source) -> Sample | None:
    """The next sample; None when the source has ended, or holds its last."""
    while True:
        held = getattr(source, "held", False)
        try:
            return arrived.get(timeout=0 if held else _LOOK_S)
        except queue.Empty:
            if held:
                return None
            if getattr(source, "ended", False):
                sys.stderr.write(getattr(source, "failure", ""))
                return None


def _told(status: int) -> None:
    if status:
        _said(f"the command {units.ending(status)}", _FINE)


def _settled(sample: Sample, wanted: Sequence[str]) -> bool:
    return all(name in sample.probes and sample.probes[name].state in _SETTLED for name in wanted)


def _written(content: bytes, last: Sample, wanted: Sequence[str], path: str, save: Save) -> int:
    """Save while the source still runs, for it may be what saves; the exit status."""
    try:
        place = save(path, content)
    except OSError as error:
        said = reason(error)
        return _said(said if path in said else f"{path}: {said}", _NOTHING_WRITTEN)
    sys.stdout.write(f"{clean(place)}\n")
    status = _FINE
    for name in wanted:
        probe = last.probes.get(name)
        if probe is None or probe.state is not State.LIVE:
            status = _said(f"{registry.probe(name).called}: {why_not(probe)}", _PROBE_FAILED)
    return status


def why_not(probe: ProbeSample | None) -> str:
    """Why a probe that was wanted has nothing to say in the end."""
    if probe is None:
        return "unknown to the source"
    return probe.error or ("switched off for its cost" if probe.state is State.OFF else probe.state.value)


def _said(what: str, status: int) -> int:
    sys.stderr.write(f"ebtop: {clean(what)}\n")
    return status

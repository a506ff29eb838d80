"""The source of a recording: publishes its samples in time, in a loop; knows nothing of kernels, rates or screens."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ebtop import registry
from ebtop.declarations import MOST, written
from ebtop.fitting import declared, fitting
from ebtop.offer import Hooks, Offers, ProgramDetail
from ebtop.recording import read
from ebtop.sample import EventTail, HostSample, ProbeSample, Sample, State, Target
from ebtop.spec import Events, Kind, Probe

_STOP_S = 5.0
_LACKS = "the recording has a probe {}, whose declaration is not here: --probe-path DIR says where it is"
_BUILT_IN = "the recording's own probe {} has the name of a built-in one, and is shown as that"
_OTHER = "the recording has another declaration of the probe {} than there is here: it is shown as it was recorded"


def demo_path() -> str:
    """The recording that comes with ebtop."""
    return str(Path(__file__).with_name("demo.ebtop"))


class Replay:
    """A sample.Source that plays a recording in a loop, one recorded interval each `interval` seconds.

    Monotonic times go on from one round to the next and every round is a new start of all probes, so that no counter
    ever runs backwards; wall-clock times stay those of the recording. OSError or ValueError if not even one sample can
    be read; where a recording is damaged further on, what stands before is played and the damage is told.
    """

    mode = "REPLAY"

    def __init__(self, recording: str | BinaryIO, interval: float = 1.0) -> None:
        self.ended = False
        """The thread has come to an end without having been asked to."""
        self.on_end: Callable[[], None] | None = None
        """Called once, from the source's thread, when it has."""
        self.failure = ""
        """The traceback of what ended it."""
        self._file: BinaryIO = open(recording, "rb") if isinstance(recording, str) else recording  # noqa: SIM115  # close() closes it
        self._interval_s = interval
        self._wanted: frozenset[str] | None = None
        self._shown_for: frozenset[str] | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._declared: dict[str, Probe] = {}
        """What the recording has declared so far."""
        try:
            first = next(self._samples(), None)
            if first is None:
                raise ValueError("the recording is empty")
            self._names = tuple(first.probes)
            self.recorded = tuple(name for name, probe in first.probes.items() if probe.state is not State.OFF)
            """Names of the probes that ran as it began."""
        except ValueError:
            self._file.close()
            raise

    # --- any thread -----------------------------------------------------------------------------------------------

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not or not quite as it was recorded, or not as it is here, a line each."""
        here = registry.own(self._names)
        return (
            *(_LACKS.format(name) for name in self._names if declared(name) is None),
            *(_BUILT_IN.format(name) for name in self._declared if registry.is_built_in(name)),
            *(_OTHER.format(name) for name, probe in here.items() if self._differs(probe)),
        )

    def _differs(self, here: Probe) -> bool:
        recorded = self._declared.get(here.name)
        return recorded is not None and written(recorded) != written(here)

    def start(self, publish: Callable[[Sample], None]) -> None:
        """Begin; `publish` is called from the source's thread with each sample, the first at once."""
        self._thread = threading.Thread(target=self._run, args=(publish,), name="replay", daemon=True)
        self._thread.start()

    def want(self, probes: Iterable[str]) -> None:
        """Show these probes and no others; until the first call all that were recorded."""
        with self._changed:
            self._wanted = frozenset(probes)
            self._changed.notify_all()

    def every(self, seconds: float) -> None:
        """From now on, play one recorded interval each `seconds`."""
        with self._changed:
            self._interval_s = seconds
            self._changed.notify_all()

    def aim(self, target: Target) -> None:
        """What was recorded was counted already: nothing changes."""

    def inspect(self, pid: int) -> None:
        """Details are those of the recording."""

    def list_ways(self, then: Callable[[Offers], None]) -> None:
        """Which hooks there were is recorded only of those that won."""
        then({})

    def list_hooks(self, pattern: str, then: Callable[[Hooks], None], arguments: bool = False) -> None:  # noqa: ARG002
        """There is no kernel to ask."""
        then(Hooks(error="a recording has no kernel to ask; `ebtop hooks` asks this one"))

    def look_at_program(self, number: int, then: Callable[[ProgramDetail], None]) -> None:
        """Its instructions are not recorded."""
        then(ProgramDetail(number, error="a recording has no program to look at"))

    def close(self) -> None:
        """End the thread and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is None:
            self._file.close()
        elif self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    # --- the source's thread --------------------------------------------------------------------------------------

    def _run(self, publish: Callable[[Sample], None]) -> None:
        try:
            self._play(publish)
        except Exception:  # told by whoever draws, once the terminal is its own again
            self.failure = traceback.format_exc()
        finally:
            self._file.close()
        if not self._closing:
            self.ended = True
            if self.on_end is not None:
                self.on_end()

    def _play(self, publish: Callable[[Sample], None]) -> None:
        began = time.monotonic()
        shown: Sample | None = None
        for sample in self._endless():
            if shown is None:
                sample = replace(sample, messages=(*sample.messages, *self.remarks))
            if shown is not None:
                gap = (sample.monotonic_ns - shown.monotonic_ns) / 1e9 / (sample.interval_s or 1.0)
                if not self._wait(began, gap, shown, publish):
                    break
                began = time.monotonic()
            publish(self._dressed(sample))
            shown = sample

    def _wait(self, began: float, gap: float, shown: Sample, publish: Callable[[Sample], None]) -> bool:
        """Wait until `gap` intervals after `began`; publish `shown` anew when the wish changes. False: closing."""
        while True:
            with self._changed:
                if self._closing:
                    return False
                if self._wanted == self._shown_for:
                    left = began + gap * self._interval_s - time.monotonic()
                    if left <= 0:
                        return True
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))
                    continue
            publish(replace(self._dressed(shown), tick=False, messages=()))

    def _dressed(self, sample: Sample) -> Sample:
        """`sample` as it is shown: the probes that are wanted, at the pace that is asked for."""
        with self._changed:
            wanted, interval = self._wanted, self._interval_s
            self._shown_for = wanted
        probes = {name: fitting(name, probe) for name, probe in sample.probes.items()}
        if wanted is not None:
            off = ProbeSample(State.OFF)
            probes = {name: probe if name in wanted else off for name, probe in probes.items()}
            missing = wanted - probes.keys()
            probes |= {name: ProbeSample(State.FAILED, error="it is not in this recording") for name in sorted(missing)}
        return replace(sample, probes=probes, interval_s=interval)

    def _samples(self) -> Iterator[Sample]:
        self._file.seek(0)
        for sample in read(self._file):
            self._learn(sample.declared)
            yield sample

    def _learn(self, declared: Mapping[str, Probe]) -> None:
        """Have what the recording declares among all probes; ValueError where it declares one in two ways."""
        for name, probe in declared.items():
            if self._declared.setdefault(name, probe) != probe or len(self._declared) > MOST:
                raise ValueError(f"the recording declares its probe {name} in two ways, or too many of them")
            registry.show(probe)

    def _endless(self) -> Iterator[Sample]:
        """The recording over and over, each round later by what the rounds before took."""
        offset = _Offset()
        while True:
            first = second = last = None
            said: tuple[str, ...] = ()
            samples = self._samples()
            while True:
                try:
                    sample = next(samples, None)
                except ValueError as error:
                    said = (str(error),)
                    break
                if sample is None:
                    break
                first, second, last = first or sample, second or (sample if first else None), sample
                yield offset.applied(sample)
            if first is None or last is None:
                return
            if said:
                yield replace(offset.applied(last), messages=said, tick=False)
            offset = offset.after(first, second, last)


_PRESSURE = ("cpu_pressure_s", "io_pressure_s", "memory_pressure_s")
_HOST = ("cpu_busy_s", "cpu_total_s", "self_cpu_s", *_PRESSURE, "swapped_bytes")
"""The host's numbers that only grow."""


@dataclass(frozen=True, slots=True)
class _Offset:
    """What the rounds before add to everything that only grows."""

    time_ns: int = 0
    host: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(_HOST, 0.0))

    def after(self, first: Sample, second: Sample | None, last: Sample) -> _Offset:
        """One round more: from `first` to `last` and one step, as that from `first` to `second`, back to `first`."""
        step_ns = second.monotonic_ns - first.monotonic_ns if second else int(first.interval_s * 1e9)

        def grown(name: str) -> float:
            begin, end = getattr(first.host, name), getattr(last.host, name)
            step = getattr(second.host, name) - begin if second else 0.0
            return float(end - begin + step)

        return _Offset(
            self.time_ns + last.monotonic_ns - first.monotonic_ns + max(step_ns, 1),
            {name: before + grown(name) for name, before in self.host.items()},
        )

    def applied(self, sample: Sample) -> Sample:
        """`sample`, later."""
        if not self.time_ns:
            return sample
        return replace(
            sample,
            monotonic_ns=sample.monotonic_ns + self.time_ns,
            host=self._host(sample.host),
            probes={name: self._probe(name, probe) for name, probe in sample.probes.items()},
        )

    def _host(self, host: HostSample) -> HostSample:
        return replace(host, **{name: getattr(host, name) + before for name, before in self.host.items()})

    def _probe(self, name: str, probe: ProbeSample) -> ProbeSample:
        if probe.state is not State.LIVE:
            return probe
        times = _time_members(name)
        events = {event: self._tail(tail, times.get(event, ())) for event, tail in probe.events.items()}
        read_ns = probe.read_ns + self.time_ns if probe.read_ns else 0
        return replace(probe, started_ns=probe.started_ns + self.time_ns, read_ns=read_ns, events=events)

    def _tail(self, tail: EventTail, times: tuple[str, ...]) -> EventTail:
        records = tail.records.copy()
        names = records.dtype.names or ()
        for member in times:
            if member in names and records.dtype[member] == np.uint64:  # else it will not be shown, see `fitting`
                records[member] += np.uint64(self.time_ns)
        return EventTail(records, tail.seen)


def _time_members(name: str) -> Mapping[str, tuple[str, ...]]:
    """By ring buffer, the members of its records that are times."""
    probe = declared(name)
    views = [view for view in probe.views if isinstance(view, Events)] if probe else []
    return {view.map: tuple(key.field for key in view.keys if key.kind is Kind.TIME) for view in views}

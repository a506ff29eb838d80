"""The state of every wanted probe, from the warden's messages to what is read of it; knows no threads."""

from __future__ import annotations

import os
import select
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop import objects, registry, wire
from ebtop.bpftrace import is_script
from ebtop.costs import Costs
from ebtop.lookup import AskSymbols
from ebtop.pruning import pids_alive
from ebtop.running import Running
from ebtop.sample import MapRows, ProbeSample, State
from ebtop.scripting import PIPES, Scripting, begun
from ebtop.surroundings import Surroundings
from ebtop.text import clean

if TYPE_CHECKING:
    from ebtop.scripted import Scripted

CENSUS = "bpf"
"""The probe that the warden reads, on being asked."""


@dataclass(slots=True)
class _Start:
    """One start of a probe, by its serial."""

    serial: int
    wanted: bool = True
    sample: ProbeSample = field(default_factory=lambda: ProbeSample(State.COMPILING))
    """Its state while nothing runs."""
    running: Running | Scripted | None = None


class Probing:
    """All methods but `want` belong to the source's thread."""

    def __init__(self, send: Callable[[wire.Message], None], ask: AskSymbols) -> None:
        self.bcc = ""
        """Version of what loaded the probes."""
        self.rings = select.epoll()
        """Readable when a program has said that its ring buffer fills up; see `drain`."""
        self._send = send
        self.scripts = Scripting(self._running, send)
        self._lock = threading.Lock()
        self._serials: dict[str, int] = {}
        self._wanted: tuple[str, ...] = ()
        self._sent: tuple[tuple[str, int], ...] = ()
        self._starts: dict[str, _Start] = {}
        self._census: Mapping[str, MapRows] = {}
        self._costs = Costs(lambda on: send(wire.Statistics(on)))
        self.around = Surroundings(self._running, send, ask, self.say)
        self._messages: list[str] = []

    def want(self, probes: tuple[str, ...]) -> None:
        """All probes that are to run; any thread. Each new start of a probe gets a serial one higher than the last."""
        for probe in probes:
            registry.probe(probe)
        with self._lock:
            for probe in set(probes) - set(self._wanted):
                self._serials[probe] = self._serials.get(probe, 0) + 1
            self._wanted = tuple(dict.fromkeys(probes))

    def reconcile(self) -> bool:
        """Detach what is not wanted any more, ask for what is; whether there is anything new to be shown."""
        news = self.around.reconcile()
        return self._reconcile_probes() or news

    def _reconcile_probes(self) -> bool:
        with self._lock:
            wanted = {probe: self._serials[probe] for probe in self._wanted}
        if self._sent == tuple(wanted.items()):
            return False
        self._sent = tuple(wanted.items())
        for probe, start in self._starts.items():
            if start.wanted and wanted.get(probe) != start.serial:
                self._stop(probe, start)
        for probe, serial in wanted.items():
            if probe not in self._starts or self._starts[probe].serial != serial:
                self._starts[probe] = _Start(serial)
        self._send(wire.Want(tuple(wanted), tuple(wanted.values())))
        return True

    def _stop(self, probe: str, start: _Start) -> None:
        self._let_go(start)
        start.wanted, start.sample = False, ProbeSample(State.OFF)
        self._costs.forget(probe)
        if probe == CENSUS:
            self._census = {}

    def take(self, message: wire.Message, descriptors: tuple[int, ...]) -> bool:
        """One message of the warden; whether a probe went live by it. Takes over the descriptors."""
        match message:
            case wire.Progress():
                self._progress(message)
            case wire.Live():
                return self._go_live(message, descriptors)
            case wire.Piped() if len(descriptors) == PIPES:
                self._pipe(message, descriptors)
            case wire.Programs() | wire.Exited():
                return self.scripts.take(message, self._is_current(message), descriptors)
            case wire.Objects() if len(descriptors) == 1:
                return self._take_census(message, descriptors[0])
            case wire.Containers():
                self.around.learn_containers(message.ids, message.names)
            case wire.Clock():
                self._costs.clock_ns = message.ns
                self._costs.shared_clock_ns = message.shared_ns or self._costs.shared_clock_ns
            case _:
                _close_all(descriptors)
        return False

    def _progress(self, message: wire.Progress) -> None:
        start = self._starts.get(message.probe)
        if start is None or not self._is_current(message):
            return
        state = State(message.state)
        error, log = clean(message.error), "\n".join(clean(line) for line in message.log.splitlines())
        self._fail_or_wait(start, ProbeSample(state, clean(message.hook), error=error, log=log))
        if state is State.FAILED:
            self.say(f"{registry.probe(message.probe).called}: {error}")

    def _fail_or_wait(self, start: _Start, sample: ProbeSample) -> None:
        self._let_go(start)
        start.sample = sample

    def _let_go(self, start: _Start) -> None:
        """Detach what runs; what keeps a part of it from being closed is said."""
        running, start.running = start.running, None
        if running is None:
            return
        try:
            running.close()
        except Exception as error:  # of this one probe, whatever it is
            self.say(f"{running.probe.called}: not all of it could be closed: {clean(str(error))}")

    def _pipe(self, message: wire.Piped, descriptors: tuple[int, ...]) -> None:
        start = self._starts.get(message.probe)
        if start is None or not self._is_current(message):
            _close_all(descriptors)
            return
        start.running = begun(message, descriptors)
        for news in start.running.rings:
            self.rings.register(news, select.EPOLLIN | select.EPOLLET)

    def _is_current(self, message: wire.OfProbe) -> bool:
        start = self._starts.get(message.probe)
        return start is not None and start.serial == message.serial and start.wanted

    def _go_live(self, message: wire.Live, descriptors: tuple[int, ...]) -> bool:
        start = self._starts.get(message.probe)
        if start is None or not self._is_current(message):
            _close_all(descriptors)
            return False
        try:
            running = Running(
                registry.probe(message.probe), message, descriptors, time.monotonic_ns(), self.around.callers
            )
        except Exception as error:  # of this one probe, whatever it is
            self._broken(message.probe, start, error)
            return True
        self._let_go(start)
        start.running = running
        self.bcc = clean(message.bcc) or self.bcc
        for ring in running.rings:  # once closed it is forgotten by itself, see epoll(7)
            self.rings.register(ring, select.EPOLLIN | select.EPOLLET)
        places = len(dict(message.enums).get(message.probe, ()))
        many = f", {places} places" if places > 1 else ""
        self.say(f"{clean(message.probe)}: live ({clean(message.hook)}{many})")
        if running.lacks:
            self.say(f"{message.probe}: {clean(running.lacks)}")
        if message.probe == CENSUS:
            self._send(wire.AskObjects())
        return True

    def _broken(self, probe: str, start: _Start, error: Exception) -> None:
        expected = isinstance(error, OSError | ValueError) and str(error)
        said = str(error) if expected else f"{type(error).__name__}: {error}"
        why = f"its {'output' if is_script(probe) else 'maps'} cannot be read: {clean(said)}"
        trace = "" if isinstance(error, OSError) else "".join(traceback.format_exception(error))
        log = "\n".join(clean(line) for line in trace.splitlines())
        traceback.clear_frames(error.__traceback__)  # which may hold views of memory that is to be unmapped
        self._fail_or_wait(start, ProbeSample(State.FAILED, error=why, log=log))
        self._costs.forget(probe)
        self._send(wire.Leave(probe, start.serial))
        self.say(f"{probe}: {why}")

    def _take_census(self, message: wire.Objects, descriptor: int) -> bool:
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0)
            content = file.read()
        first = not self._census
        try:
            self._census = objects.decode(message, content)
        except ValueError as error:
            self.say(str(error))
        return first

    def say(self, message: str) -> None:
        """Put a line into the log of the next sample."""
        self._messages.append(message)

    def messages(self) -> tuple[str, ...]:
        """What was said since the last call."""
        said, self._messages = tuple(self._messages), []
        return said

    # --- what is read -----------------------------------------------------------------------------------------------

    def _running(self) -> dict[str, Running | Scripted]:
        return {probe: start.running for probe, start in self._starts.items() if start.running is not None}

    def drain(self, fuller_than: float) -> bool:
        """Empty the ring buffers that are fuller than that share; a broken one is told of at the next sample.

        Whether a bpftrace program has news.
        """
        self.rings.poll(0)
        news = False
        for probe, running in self._running().items():
            try:
                news |= bool(running.drain(fuller_than))
            except Exception as error:  # of one probe, whatever it is
                self._broken(probe, self._starts[probe], error)
        return news

    def read(self, tick: bool) -> Mapping[str, ProbeSample]:
        """Every probe's sample, in the order they were first wanted. A regular `tick` also asks for the next census."""
        samples = {probe: self._read(probe, start, tick) for probe, start in self._starts.items()}
        if tick and CENSUS in self._running():
            self._send(wire.AskObjects())
        return samples

    def _read(self, probe: str, start: _Start, tick: bool) -> ProbeSample:
        if start.running is None:
            return start.sample
        try:
            return start.running.sample(self._costs.of(probe), self._census if probe == CENSUS else {}, tick)
        except Exception as error:  # likewise
            self._broken(probe, start, error)
            return start.sample
        finally:
            self._messages += self.scripts.said(probe)

    def after_sample(self, tick: bool, interval_s: float) -> None:
        """What a sample is followed by: slices of statistics, questions and, at regular ticks, pruning."""
        self.around.ask(time.monotonic())
        running = self._running()
        self._costs.advance(time.monotonic_ns(), running, interval_s, always=CENSUS in running)
        filling = {name: probe for name, probe in running.items() if tick and probe.filling}
        alive = pids_alive() if filling else None
        for name, probe in filling.items():
            try:
                if alive is not None:
                    probe.prune(alive)
            except Exception as error:  # likewise
                self._broken(name, self._starts[name], error)

    def close(self) -> None:
        """Detach everything."""
        self._costs.stop()
        for probe, start in self._starts.items():
            if start.wanted:
                self._stop(probe, start)


def _close_all(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)

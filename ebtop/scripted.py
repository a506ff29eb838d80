"""One bpftrace program that runs: what it has printed as the sample of a probe; knows neither wire nor clock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ebtop import units, wire
from ebtop.bpftrace import complaints
from ebtop.bpftrace.contents import CAPACITY, Contents
from ebtop.bpftrace.declaring import OUTPUT, maps_of, targets
from ebtop.bpftrace.reading import Output, Reader
from ebtop.kernel import stats
from ebtop.keynumbers import Numbers
from ebtop.pipes import Pipes
from ebtop.sample import Cost, EventTail, MapRows, ProbeSample, Records, State, Totals
from ebtop.spec import Events, Kind, Probe
from ebtop.text import clean

_WHOLE_NS = 30_000_000
"""After the last line of maps for so long, there are no more of them for now."""
_HOOKS = {"tracepoint": "tracepoint:", "kprobe": "kprobe:", "tracing": "kfunc:"}
"""By type of program, what its attach point begins with in bpftrace's words."""


@dataclass(frozen=True, slots=True)
class _Round:
    """All maps as they were printed together."""

    maps: Mapping[str, MapRows] = field(default_factory=dict)
    texts: Mapping[str, EventTail] = field(default_factory=dict)
    read_ns: int = 0
    printed: int = 0
    """Lines that the program itself had printed by then."""


class Scripted:
    """Owns the pipes of one program; stands for `running.Running`."""

    rings: list[int]
    """Descriptors that become readable when there is something new to be shown."""
    lacks = ""
    filling = False
    labels: Mapping[str, Mapping[int, str]] = MappingProxyType({})

    def __init__(self, probe: Probe, descriptors: tuple[int, ...], pid: int = 0) -> None:
        """Takes over `descriptors`: its output, its errors. `pid`: the process, for what it costs."""
        self.probe, self.pid = probe, pid
        self._maps = maps_of(probe.name)
        self._tells = any(isinstance(view, Events) and view.map == OUTPUT for view in probe.views)
        said = os.environ.get("BPFTRACE_MAP_KEYS_MAX", "")
        self._contents = Contents(self._maps, int(said) if said.isdecimal() else CAPACITY)
        self._points = tuple(clean(target) for target in targets(probe.name))
        self._numbers = Numbers(probe)
        self._shown = _Round()
        self._events: Mapping[str, EventTail] = {}
        self._status: int | None = None
        self._said: list[str] = []
        self._unread_said = 0
        self._programs: tuple[int, ...] = ()
        self.hooks_ns: tuple[float, ...] = ()
        output, error = descriptors
        self._pipes = Pipes(output, error, Reader({one.name: one.limit for one in self._maps.values() if one.limit}))
        self.rings = [self._pipes.news]

    def drain(self, fuller_than: float) -> bool:  # noqa: ARG002  # there is no buffer to be emptied
        """Whether there was news."""
        return self._pipes.has_news()

    @property
    def is_attached(self) -> bool:
        """Whether it has said so, and has not ended: then it can be asked to print."""
        return bool(self._pipes.started_ns) and self._status is None

    def asked(self) -> None:
        """All maps are being asked for."""
        self._pipes.ask(time.monotonic_ns())

    def exited(self, status: int) -> None:
        """The process has ended; what it printed last is read now, and shown from here on."""
        self._pipes.wait()
        self._status = status
        self._said.append(f"bpftrace {units.ending(status)}")

    def charge(self, kinds: tuple[str, ...], descriptors: tuple[int, ...]) -> None:
        """These are its BPF programs; takes over the descriptors."""
        wire.close(self._programs)
        self._programs = descriptors
        self.hooks_ns = tuple(self._hook_ns(kind) for kind in kinds)

    def _hook_ns(self, kind: str) -> float:
        """The least that the hook of a program of that type costs among its attach points."""
        begins = _HOOKS.get(kind, kind)
        costs = [stats.hook_ns(point) for point in self._points if point.startswith(begins)]
        return min(costs, default=0.0)

    @property
    def places(self) -> tuple[int, ...]:
        """None of its programs shares its place with ebtop's."""
        return (0,) * len(self.hooks_ns)

    def measure(self, on: bool) -> None:
        """The kernel alone keeps its costs."""

    def runs(self) -> list[stats.Runs]:
        """Run counts and times of each program."""
        return [stats.runs(descriptor) for descriptor in self._programs]

    def sample(self, cost: Cost, given: Mapping[str, MapRows] = MappingProxyType({}), tick: bool = True) -> ProbeSample:  # noqa: ARG002  # as of any probe
        """Everything it has printed by now."""
        with self._pipes.read() as (reader, errors):
            output = reader.output
            self._take_round(output)
            shown = self._shown
            self._events = {**shown.texts, **({OUTPUT: self._contents.printed(output)} if self._tells else {})}
            lost, unread, odd = output.lost, output.unread, output.odd
            printed = shown.printed if self._maps else output.printed
        log = complaints.lines(errors)
        if unread > self._unread_said:
            self._said.append(f"{unread} lines of bpftrace could not be read; the newest: {odd}")
            self._unread_said = unread
        why = self._failure(log)
        if why:
            return ProbeSample(State.FAILED, "bpftrace", self._points, error=why, log="\n".join(log))
        if not self._pipes.started_ns:
            return ProbeSample(State.COMPILING, "bpftrace")
        self._numbers.look(dict(shown.maps), dict(self._events))
        return ProbeSample(
            State.LIVE,
            "bpftrace" if self._status is None else "bpftrace, ended",
            self._points,
            log="\n".join([*log, *([f"unread: {odd}"] if unread else [])]),
            started_ns=self._pipes.started_ns,
            read_ns=shown.read_ns or self._pipes.started_ns if self._maps else 0,
            maps=shown.maps,
            events=self._events,
            totals=Totals(self._total(shown.maps, printed), lost=lost),
            cost=cost,
            misses=self._misses(log, shown.maps, unread),
        )

    def _take_round(self, output: Output) -> None:
        """Show what was printed of the maps, once all of it is there: it comes line by line."""
        whole = self._status is not None or time.monotonic_ns() - output.read_ns >= _WHOLE_NS
        if (self._shown.read_ns != output.read_ns and whole) or not self._shown.maps:
            maps, texts = self._contents.maps(output), self._contents.texts(output)
            self._shown = _Round(maps, texts, output.read_ns, output.printed)

    def _total(self, maps: Mapping[str, MapRows], printed: int) -> int:
        """The events of the first view: what its counts add up to, or the lines that were printed."""
        first = self.probe.views[0]
        if first.map == OUTPUT or first.map not in maps:
            return printed
        values = maps[first.map].values
        return int(values["count"].sum()) if "count" in (values.dtype.names or ()) else printed

    def _failure(self, log: list[str]) -> str:
        """Why it is not, or no more, what was asked for; "" where it is."""
        ended = self._status is not None and (self._status != 0 or not self._pipes.started_ns)
        if self._status is None and (why := complaints.unattached(self._points, log)):
            return complaints.explained(why, log)
        if not ended:
            return ""
        said = complaints.first_error(log) or f"bpftrace {units.ending(self._status or 0)}"
        return complaints.explained(said, log)

    def _misses(self, log: list[str], maps: Mapping[str, MapRows], unread: int) -> str:
        """What is not counted or not shown, as far as is known."""
        skipped = complaints.skipped(log)
        full = [name for name, content in maps.items() if name in self._maps and content.keys.size >= content.capacity]
        parts = [why for why in self._contents.strange.values() if why]
        if skipped:
            parts.append(f"not attached: {', '.join(skipped)}")
        if full:
            parts.append(f"full, other keys are not counted (BPFTRACE_MAP_KEYS_MAX): {', '.join(full)}")
        if unread:
            parts.append(f"{unread} lines could not be read, see the log")
        return "; ".join(parts)

    def said(self) -> list[str]:
        """What is new for the log."""
        said, self._said = self._said, []
        return said

    def told(self) -> Iterator[Records]:
        """Its events name no processes."""
        yield from ()

    def numbers(self, kind: Kind) -> list[frozenset[int]]:
        """The values of all keys of that kind in the newest sample."""
        return self._numbers.of(kind)

    def prune(self, alive: object) -> None:
        """Maps are bpftrace's own."""

    def close(self) -> None:
        """Let go of the pipes; the warden ends the program. Twice does no harm."""
        self._pipes.close()
        wire.close(self._programs)
        self._programs, self.rings, self.hooks_ns = (), [], ()

"""One probe that is attached: its descriptors, and what is read through them; knows neither the wire nor the clock."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import fitting, wire
from ebtop.callers import Callers
from ebtop.detaching import detach
from ebtop.kernel import bpf, stats
from ebtop.kernel.maps import MapReader
from ebtop.kernel.ringbuf import RingReader
from ebtop.kernel.stackmap import StackMaps, names_of
from ebtop.keynumbers import Numbers
from ebtop.numbered import NumberedTexts
from ebtop.pruning import Pruning
from ebtop.sample import Cost, EventTail, MapRows, ProbeSample, Records, State, Totals
from ebtop.shared import Shared
from ebtop.spec import Events, Kind, Probe, Table, enum_label, stacks_of
from ebtop.stacking import Stacking
from ebtop.text import clean
from ebtop.worst import Worst

_HASHES = frozenset({bpf.HASH, bpf.PERCPU_HASH, bpf.LRU_HASH, bpf.LRU_PERCPU_HASH})
_SPARE = 320
"""Descriptors that probes leave to everything else: the next message, whatever it is, has to fit."""


class Running:
    """Owns the descriptors of one live probe: closing them is what detaches it."""

    def __init__(
        self, probe: Probe, live: wire.Live, descriptors: tuple[int, ...], started_ns: int, callers: Callers
    ) -> None:
        """Takes over `descriptors`: closed where this raises, OSError or ValueError where maps cannot be read."""
        self.probe = probe
        self._live = live
        self._descriptors = descriptors
        self._started_ns = started_ns
        self._readers: dict[str, MapReader] = {}
        self._rings: dict[str, RingReader] = {}
        self._tails = [view.map for view in probe.views if isinstance(view, Events)]
        """Those of the rings whose records are shown."""
        self._numbered: dict[str, NumberedTexts] = {}
        self._looked_up: dict[tuple[str, str], Records] = {}
        """The keys whose texts are known."""
        self._pruned = 0
        self._missed = 0
        """Runs of its programs that the kernel left out, as of the last time its costs were asked for."""
        self._maps: dict[str, MapRows] = {}
        self._events: dict[str, EventTail] = {}
        self._numbers = Numbers(probe)
        self._worst: Worst | None = None
        self._callers = callers
        self._stackings: dict[str, Stacking] = {}
        self._fits = False
        """What the declaration reads is there, which is known once it was read."""
        self.hooks_ns = tuple(stats.hook_ns(_target(probe, live.hook, name)) for name in live.programs)
        self._shared: Shared | None = None
        try:
            self._shared = Shared(live, descriptors)
            self._open()
        except Exception:
            self.close()
            raise
        self._prunings = {name: Pruning(field) for name, field in _process_fields(probe).items() if self._is_hash(name)}
        self._enums = {enum_label(name): {number: clean(word) for number, word in words} for name, words in live.enums}
        self._hook, self._misses = clean(live.hook), clean(live.misses)
        self._targets = tuple(clean(target) for target in live.targets)
        self._log = "\n".join(clean(line) for line in live.log.splitlines())

    def _open(self) -> None:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and max(self._descriptors, default=0) >= most - _SPARE:
            raise OSError(
                f"all probes together may have {most} descriptors; `ulimit -n 65536` before ebtop allows more"
            )
        maps = {info.name: (info, fd) for info, fd in zip(self._live.maps, self._descriptors, strict=False)}
        events = [view for view in self.probe.views if isinstance(view, Events)]
        tables = {view.map for view in self.probe.views if self.probe.ways} - {view.map for view in events}
        texts = {texts for texts, _, _ in _numbered_fields(self.probe)}
        beside = {name for view in events for name in (view.map, view.record)}
        beside |= {name for text in texts for name in (text, f"{text}_told", f"{text}_record")}
        beside |= {name for view in self.probe.views if (whole := stacks_of(view)) for name in names_of(whole)}
        if missing := (tables | beside) - maps.keys():
            raise ValueError(f"the loader sent no map {', '.join(sorted(missing))}")
        for name in tables | ({self.probe.totals} & maps.keys()):
            self._readers[name] = MapReader(*maps[name])
        for view in events:
            record = maps[view.record][0]
            self._rings[view.map] = RingReader(maps[view.map][0], record.value, record.value_size, maps[view.map][1])
        hooked = not any("perf_event:" in target for target in self._live.targets)
        for counted in self.probe.views:
            if whole := stacks_of(counted):
                self._stackings[whole] = Stacking(counted.map, StackMaps(whole, maps), self._callers, hooked)
        for text in sorted(texts):
            told = f"{text}_told"
            self._numbered[text] = NumberedTexts(maps[text], maps[told], maps[f"{text}_record"][0])
            self._rings[told] = self._numbered[text].ring
        self._worst = Worst(self.probe, maps)

    def _is_hash(self, name: str) -> bool:
        return name in self._readers and self._readers[name].info.type in _HASHES

    @property
    def lacks(self) -> str:
        """What it has to do without, and why; "" for nothing."""
        return self._worst.lacks if self._worst else ""

    def runs(self) -> list[stats.Runs]:
        """Run counts and times of each program."""
        first = len(self._live.maps)
        own = self._descriptors[first : first + len(self._live.programs)]
        found = [self._shared.runs(number) or stats.runs(fd) for number, fd in enumerate(own)] if self._shared else []
        self._missed = sum(runs.missed for runs in found)
        return found

    @property
    def places(self) -> tuple[int, ...]:
        """For each program a number that is the same for all that share one place; 0 where it shares none."""
        return self._shared.places if self._shared else ()

    def measure(self, on: bool) -> None:
        """Have its programs that share a place keep their costs from now on, or no longer."""
        if self._shared:
            self._shared.measure(on)

    def drain(self, fuller_than: float) -> None:
        """Empty the ring buffers that are fuller than that share."""
        for ring in self._rings.values():
            if ring.waiting() > fuller_than:
                ring.drain()

    @property
    def rings(self) -> list[int]:
        """The descriptors of its ring buffers: the kernel says of them when they fill up."""
        names = [info.name for info in self._live.maps]
        return [self._descriptors[names.index(name)] for name in self._rings]

    def sample(self, cost: Cost, given: Mapping[str, MapRows], tick: bool = True) -> ProbeSample:
        """Everything its maps hold now, beside those `given` (of a probe without programs). OSError when unreadable.

        `tick`: it ends an interval, and the next examples are those of another.
        """
        if self._worst is not None:
            self._worst.begin(tick)
        maps = {name: reader.read() for name, reader in self._readers.items()} | dict(given)
        totals = maps.pop(self.probe.totals, None)
        self._maps = maps
        maps = maps | {name: stacking.paths(maps[stacking.map]) for name, stacking in self._stackings.items()}
        events = self._events = {name: self._rings[name].read() for name in self._tails}
        worst = self._worst.read() if self._worst else {}
        if not self._fits:
            self._check(ProbeSample(State.LIVE, maps=maps, events=events, worst=worst))
        self._look_up_texts()
        self._numbers.look(maps, events)
        self._numbers.look_beside(worst)
        return ProbeSample(
            State.LIVE,
            self._hook,
            self._targets,
            log=self._log,
            started_ns=self._started_ns,
            maps=maps,
            events=events,
            totals=self._totals(totals),
            cost=cost,
            misses=self._misses,
            worst=worst,
        )

    def _check(self, first: ProbeSample) -> None:
        """OSError unless all that the declaration reads is there, which can be told as soon as it was read once."""
        if view := fitting.misfit(self.probe, first):
            raise OSError(f"a key or column of its view {view} is no member of the map, or of another type")
        self._fits = True

    def told(self) -> Iterator[Records]:
        """Those of its newest events that name a process."""
        for tail in self._events.values():
            if {"pid", "comm"} <= set(tail.records.dtype.names or ()):
                yield tail.records

    def numbers(self, kind: Kind) -> list[frozenset[int]]:
        """The values of all keys of that kind in the newest sample; the same sets as before while keys are the same."""
        return self._numbers.of(kind)

    def _totals(self, counted: MapRows | None) -> Totals:
        if counted is None or not counted.values.size:
            return Totals(pruned=self._pruned, lost=self._missed)
        counts = {name: int(counted.values[name].sum()) for name in counted.values.dtype.names or ()}
        known = {name: counts[name] for name in ("total", "drops", "lost", "unmatched") if name in counts}
        known["lost"] = known.get("lost", 0) + self._missed
        return Totals(**known, pruned=self._pruned)

    def _look_up_texts(self) -> None:
        """Where rows have other keys than at the sample before."""
        for texts, name, field in _numbered_fields(self.probe):
            keys = self._maps[name].keys
            if keys is not self._looked_up.get((name, field)):
                self._looked_up[name, field] = keys
                self._numbered[texts].look(keys[field])

    @property
    def labels(self) -> dict[str, Mapping[int, str]]:
        """The words of the kernel's enumerations and the texts of numbers among its keys, by label."""
        return {**self._enums, **{name: texts.by_number for name, texts in self._numbered.items()}}

    def _used(self, texts: str) -> list[npt.NDArray[Any]]:
        """The numbers of `texts` in the rows of the newest sample, by map and member."""
        return [self._maps[name].keys[field] for wanted, name, field in _numbered_fields(self.probe) if wanted == texts]

    def prune(self, alive: npt.NDArray[np.uint32]) -> None:
        """Delete rows of what is gone or long idle from maps that fill up; call once a refresh, after its sample."""
        counted = self.probe.first_table
        for name, pruning in self._prunings.items():
            places = pruning.places(self._maps[name], alive)
            if places.size:
                self._readers[name].delete(places)
                if counted is not None and counted.map == name:
                    self._pruned += int(self._maps[name].values[counted.counter][places].sum())
        for name, texts in self._numbered.items():
            if texts.filling:
                texts.prune(self._used(name))

    @property
    def filling(self) -> bool:
        """Whether one of its maps is more than half full."""
        rows = any(2 * self._maps[name].keys.size > self._maps[name].capacity for name in self._prunings)
        return rows or any(texts.filling for texts in self._numbered.values())

    def close(self) -> None:
        """Detach: turn off what shares its place, close everything. Twice does no harm."""
        descriptors, self._descriptors = self._descriptors, ()
        if self._shared is not None:
            self._shared.close()
        links = self._live.second.stop
        detach(descriptors, links, max(links, len(descriptors) - self._live.events))
        for reader in self._readers.values():
            reader.close()
        for ring in self._rings.values():
            ring.close()
        if self._worst is not None:
            self._worst.close()
        self._readers, self._rings = {}, {}


def _process_fields(probe: Probe) -> dict[str, str]:
    """By map of rows, the member of its key that is a process; "" where none is."""
    tables = [view for view in probe.views if isinstance(view, Table) and not view.stacks]
    named = {view.map: key.field for view in tables for key in view.keys if key.kind is Kind.PID}
    return {view.map: "" for view in tables} | named


def _numbered_fields(probe: Probe) -> list[tuple[str, str, str]]:
    """Texts, map and member of every key that is a number of a text."""
    tables = [view for view in probe.views if isinstance(view, Table) and not view.stacks]
    fields = [(key.texts, view.map, key.field) for view in tables for key in view.keys if key.kind is Kind.NUMBERED]
    return list(dict.fromkeys(fields))


def _target(probe: Probe, way: str, function: str) -> str:
    hooks = next((known.hooks for known in probe.ways if known.name == way), ())
    return next((f"{hook.kind}:{hook.target}" for hook in hooks if hook.function == function), "")

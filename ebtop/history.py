"""The samples of the last minutes, within bounds of seconds and bytes; knows neither rates nor who looks.

Only the newest sample is whole. Of every other there is what led to the one after it, so that the walk begins at the
newest, or at one that was restored a moment ago, whichever is nearer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ebtop.sample import EventTail, MapRows, ProbeSample, Sample, State
from ebtop.steps import Content, Packed, Step, packed, step
from ebtop.walk import walk

SECONDS = 600.0
BYTES = 16_000_000
"""Bounds unless told otherwise."""
Place = tuple[str, str, str]
"""Probe, "maps" or "events", and name of the map; or "", "names" and a member of Sample; or "", "labels" and a kind."""
Contents = Mapping[Place, Content]
_NAMES = ("processes", "details")
_RESTORED_BYTES = 8 << 20
"""Restored samples are kept for the next look as long as they are smaller together; two of them always."""
_RESTORED = 8
_NOTHING: Mapping[Any, Any] = {}
"""One for all: six hundred times eight probes would have three each."""
_MOMENT, _PROBE = 1500, 500
"""Bytes of what is kept whole of a sample and of each of its probes: about what tracemalloc finds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is kept of one sample."""

    number: int
    sample: Sample
    """Without arrays, labels and names of processes."""
    steps: Mapping[Place, Step]
    """What led here from the sample before, where anything changed."""
    places: tuple[Place, ...]
    """All contents there were."""
    worst: Mapping[tuple[str, str], Packed]
    """By probe and view."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Moments in a row, up to the newest, which is whole."""

    moments: list[Moment]
    newest: Sample


class History:
    """`add` runs in the source's thread, everything else in any other."""

    def __init__(self, seconds: float = SECONDS, limit: int = BYTES) -> None:
        self.seconds, self.limit = seconds, limit
        self._moments: dict[int, Moment] = {}
        self._oldest, self._count = 0, 0
        self._bytes = 0
        self._newest: Sample | None = None
        self._contents: Contents = {}
        self._restored: OrderedDict[int, tuple[Sample, Contents]] = OrderedDict()
        self._lock = threading.Lock()
        self._looking = threading.RLock()

    def add(self, sample: Sample) -> None:
        """The next sample, which must be regular; its arrays must not be changed from now on."""
        newest, contents = self._newest, contents_of(sample)
        before = self._contents if newest else {}
        steps: dict[Place, Step] = {}
        if newest:
            for place in contents if contents.keys() == before.keys() else {**before, **contents}:
                if (made := step(contents.get(place), before.get(place))) is not None:
                    steps[place] = made
        moment = self._moment(sample, steps, contents)
        with self._lock:
            self._newest, self._contents = sample, contents
            self._moments[moment.number] = moment
            self._count += 1
            self._bytes += moment.bytes
            self._drop(sample.monotonic_ns)

    def _moment(self, sample: Sample, steps: Mapping[Place, Step], contents: Contents) -> Moment:
        last = self._moments.get(self._count - 1)
        places = tuple(contents)
        if last and last.places == places:
            places = last.places
        worst = {
            (name, view): packed(records)
            for name, probe in sample.probes.items()
            for view, records in probe.worst.items()
        }
        held = sum(made.bytes for made in steps.values()) + sum(records.bytes for records in worst.values())
        held += _MOMENT + _PROBE * sum(probe.state is State.LIVE for probe in sample.probes.values())
        return Moment(self._count, self._bare(sample, last.sample if last else None), steps, places, worst, held)

    def _bare(self, sample: Sample, last: Sample | None) -> Sample:
        """`sample` without what is kept otherwise; what has not changed is what `last` has."""
        before = self._newest.probes if self._newest and last else {}
        probes = {
            name: last.probes[name] if last and before.get(name) is probe else bare_probe(probe)
            for name, probe in sample.probes.items()
        }
        return replace(sample, probes=probes, labels=_NOTHING, processes=_NOTHING, details=_NOTHING)

    def _drop(self, now_ns: int) -> None:
        """Forget what is out of bounds. One older sample stays, to derive the first from that can be asked for."""
        while self._oldest < self._count - 2 and (
            self._bytes > self.limit
            or now_ns - self._moments[self._oldest + 1].sample.monotonic_ns > self.seconds * 1e9
        ):
            self._bytes -= self._moments.pop(self._oldest).bytes
            self._oldest += 1

    # --- any thread ---------------------------------------------------------------------------------------------------

    @property
    def bytes(self) -> int:
        """About what it holds, the newest sample and restored ones left out."""
        return self._bytes

    @property
    def oldest(self) -> int:
        """Number of the oldest sample there is, counted since the start."""
        return self._oldest

    @property
    def first(self) -> int:
        """Number of the oldest that has the one before it, or was the very first."""
        return self._oldest + 1 if self._oldest else 0

    @property
    def last(self) -> int:
        """Number of the newest; -1 before the first."""
        return self._count - 1

    def stretch(self, first: int) -> Stretch:
        """All from number `first` on, which may have been dropped meanwhile; IndexError while there is none."""
        with self._lock:
            if self._newest is None:
                raise IndexError("there is no history yet")
            numbers = range(max(first, self._oldest), self._count)
            return Stretch([self._moments[number] for number in numbers], self._newest)

    def sample(self, number: int) -> Sample:
        """The sample of that number, equal to what it was. IndexError where it is not there, or not any more."""
        with self._looking:
            with self._lock:
                if number not in self._moments:
                    raise IndexError("that sample is not in history")
                start, known = self._nearest(number)
                numbers = range(start + 1, number + 1) if start < number else range(start, number, -1)
                path = [self._moments[place] for place in numbers]
                moment = self._moments[number]
            if start == number:
                return known[0]
            contents = _walked(known[1], moment, path, back=start > number)
            sample = _restored(moment, contents)
            self._keep(number, sample, contents)
            return sample

    def has(self, number: int) -> bool:
        """Whether that sample is at hand, whole."""
        return number in self._restored or number == self.last

    def forget(self) -> None:
        """Let go of what was restored for a look."""
        with self._looking:
            self._restored.clear()

    def _nearest(self, number: int) -> tuple[int, tuple[Sample, Contents]]:
        assert self._newest is not None
        known = {start: whole for start, whole in self._restored.items() if start >= self._oldest}
        known[self._count - 1] = (self._newest, self._contents)
        start = min(known, key=lambda start: abs(start - number))
        return start, known[start]

    def _keep(self, number: int, sample: Sample, contents: Contents) -> None:
        self._restored[number] = (sample, contents)
        while len(self._restored) > 2 and (
            len(self._restored) > _RESTORED or sum(_size(kept) for _, kept in self._restored.values()) > _RESTORED_BYTES
        ):
            self._restored.popitem(last=False)


def contents_of(sample: Sample) -> Contents:
    """Everything in `sample` that steps are made of."""
    contents: dict[Place, Content] = {}
    for name, probe in sample.probes.items():
        for map_name, content in probe.maps.items():
            contents[name, "maps", map_name] = content
        for map_name, tail in probe.events.items():
            contents[name, "events", map_name] = tail
    for names in _NAMES:
        contents["", "names", names] = getattr(sample, names)
    for kind, labels in sample.labels.items():
        contents["", "labels", kind] = labels
    return contents


def bare_probe(probe: ProbeSample) -> ProbeSample:
    """`probe` without its arrays."""
    if not (probe.maps or probe.events or probe.worst):
        return probe
    return replace(probe, maps=_NOTHING, events=_NOTHING, worst=_NOTHING)


def _walked(start: Contents, moment: Moment, path: list[Moment], back: bool) -> Contents:
    """The contents of `moment`, at the end of `path` from one whose contents are `start`."""
    contents: dict[Place, Content] = {}
    for place in moment.places:
        steps = [made for passed in path if (made := passed.steps.get(place)) is not None]
        content = walk(start.get(place), steps, back)
        assert content is not None
        contents[place] = content
    return contents


def _restored(moment: Moment, contents: Contents) -> Sample:
    maps: dict[str, dict[str, MapRows]] = {}
    events: dict[str, dict[str, EventTail]] = {}
    for (probe, _, name), content in contents.items():
        if isinstance(content, MapRows):
            maps.setdefault(probe, {})[name] = content
        elif isinstance(content, EventTail):
            events.setdefault(probe, {})[name] = content
    worst: dict[str, dict[str, Packed]] = {}
    for (probe, view), records in moment.worst.items():
        worst.setdefault(probe, {})[view] = records
    probes = {
        name: replace(
            probe,
            maps=maps.get(name, {}),
            events=events.get(name, {}),
            worst={view: records.records() for view, records in worst.get(name, {}).items()},
        )
        for name, probe in moment.sample.probes.items()
    }
    names: dict[str, Any] = {name: contents["", "names", name] for name in _NAMES}
    labels: dict[str, Any] = {name: content for (_, kind, name), content in contents.items() if kind == "labels"}
    return replace(moment.sample, probes=probes, labels=labels, **names)


def _size(contents: Contents) -> int:
    """Bytes of the arrays."""
    arrays = [
        array
        for content in contents.values()
        for array in (
            (content.keys, content.values)
            if isinstance(content, MapRows)
            else (content.records,)
            if isinstance(content, EventTail)
            else ()
        )
    ]
    return sum(array.nbytes for array in arrays)

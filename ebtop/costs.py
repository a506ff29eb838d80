"""When the kernel's run-time statistics are on, and what each probe cost meanwhile; knows nothing of maps or screens.

Statistics cost some 55 ns a run themselves, so they are on for one slice in five: a slice is one refresh, or a second
where refreshes are shorter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ebtop.kernel.stats import CLOCK_NS, SHARED_CLOCK_NS, Runs
from ebtop.sample import Cost

SLICE_S = 1.0
_FIRST = 0.5
"""The part of a slice's length that will do where a probe was not measured before, so that there is a figure soon."""
_REST = 4
"""Lengths of a slice between two of them."""
_EARLY = 0.95
"""A slice may end this much before its time, at a refresh that came a little early."""


class Costly(Protocol):
    """What has programs: a probe that runs."""

    @property
    def hooks_ns(self) -> Sequence[float]:
        """For each program the calibrated cost of its hook, ns a run."""

    @property
    def places(self) -> Sequence[int]:
        """For each program a number that is the same for all that share one place; 0 where it shares none."""

    def measure(self, on: bool) -> None:
        """Keep run counts and times of programs that share a place, or no longer; the kernel keeps those of others."""

    def runs(self) -> list[Runs]:
        """Run counts and times of each program, cumulative while they are kept. OSError where they are not told."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is known of a program beside its runs, in nanoseconds a run."""

    hook_ns: float
    """Its part of what its hook costs."""
    clock_ns: float
    """How much of its run time is the clock."""


class Costs:
    """Slices of statistics over the probes that run."""

    def __init__(self, switch: Callable[[bool], None]) -> None:
        """`switch` asks for the kernel's statistics to be on, or off again."""
        self.clock_ns = CLOCK_NS
        self.shared_clock_ns = SHARED_CLOCK_NS
        self._switch = switch
        self._costs: dict[str, Cost] = {}
        self._before: dict[str, list[Runs]] | None = None
        self._began_ns = 0
        self._ended_ns = 0
        self._length_ns = 0

    def of(self, probe: str) -> Cost:
        """The cost of `probe` in the newest finished slice it was in; of no length where the kernel did not tell it."""
        return self._costs.get(probe, Cost())

    def forget(self, probe: str) -> None:
        """`probe` runs no more."""
        self._costs.pop(probe, None)
        if self._before is not None:
            self._before.pop(probe, None)

    def advance(self, now_ns: int, running: Mapping[str, Costly], interval_s: float, always: bool = False) -> None:
        """End or begin a slice if it is time: at once for a probe that was never measured, without rest if `always`."""
        whole_ns = max(SLICE_S, interval_s) * 1e9
        if self._before is not None:
            if now_ns - self._began_ns < whole_ns * (_EARLY if self._costs.keys() >= self._before.keys() else _FIRST):
                return
            self._end(now_ns, running)
        rested = now_ns - self._ended_ns >= _REST * self._length_ns * _EARLY
        unmeasured = any(running[probe].hooks_ns and probe not in self._costs for probe in running)
        if any(probe.hooks_ns for probe in running.values()) and (always or rested or unmeasured):
            self._begin(now_ns, running)

    def stop(self) -> None:
        """Let go of the statistics."""
        if self._before is not None:
            self._before = None
            self._switch(False)

    def _begin(self, now_ns: int, running: Mapping[str, Costly]) -> None:
        self._switch(True)
        for probe in running.values():
            probe.measure(True)
        before = {name: _runs(probe) for name, probe in running.items() if probe.hooks_ns}
        self._costs |= {name: Cost() for name, runs in before.items() if runs is None}
        self._before = {name: runs for name, runs in before.items() if runs is not None}
        self._began_ns = now_ns

    def _program(self, hook_ns: float, place: int, many: Counter[int]) -> Program:
        """The kernel comes by once for all that share a place: each has its part of what that costs."""
        return Program(hook_ns / many[place], self.shared_clock_ns) if place else Program(hook_ns, self.clock_ns)

    def _end(self, now_ns: int, running: Mapping[str, Costly]) -> None:
        many = Counter(place for probe in running.values() for place in probe.places)
        for name, before in (self._before or {}).items():
            probe = running.get(name)
            if probe is not None:
                programs = [self._program(*one, many) for one in zip(probe.hooks_ns, probe.places, strict=True)]
                after = _runs(probe)
                self._costs[name] = Cost() if after is None else cost(before, after, programs, now_ns - self._began_ns)
        for probe in running.values():
            probe.measure(False)
        self._ended_ns, self._length_ns = now_ns, now_ns - self._began_ns
        self.stop()


def _runs(probe: Costly) -> list[Runs] | None:
    """None where the kernel does not tell: then this one's cost is unknown, and the others' are not."""
    try:
        return probe.runs()
    except OSError:
        return None


def cost(before: Sequence[Runs], after: Sequence[Runs], programs: Sequence[Program], slice_ns: int) -> Cost:
    """The cost of one probe's programs between two readings."""
    count, spent = 0, 0.0
    for earlier, later, program in zip(before, after, programs, strict=True):
        grown = later.count - earlier.count
        count += grown
        spent += max(0.0, later.ns - earlier.ns - grown * program.clock_ns) + grown * program.hook_ns
    return Cost(slice_ns, count, round(spent))

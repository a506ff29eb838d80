"""Keeps ebtop's own cost under a bound: the numbers of frames in, what to do out; knows no clock, source or screen.

One thing at a time, and after each as long as it takes until its effect has been measured. What a user chooses by hand
is left alone from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.spec import Probe
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.frame import Frame

BOUND_PERCENT = 5.0
"""Of one CPU, programs in the kernel and user space together."""
SLOWEST_S = 5.0
"""No refresh is made slower than this."""
START_S = 10.0
"""Not counted: imports and the first reading of everything."""
SETTLE = 6
"""Lengths of a slice of statistics until a change has been measured: five from one slice to the next, and its own."""
_SLICE_S = 1.0
"""A slice is a refresh, or this where refreshes are shorter: see ebtop.costs."""
_ABOVE_S = 5.0
_ABOVE = 3
"""The cost stays above the bound when it is above for that many seconds and so many readings, all of them."""
_EARLY = 0.95
"""A refresh may come this much early."""
_WORTH = 0.1
"""A probe is switched off for at least this part of what is too much: what helps less is not worth its loss."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a frame says of ebtop's own cost."""

    at_ns: int
    """Monotonic."""
    seconds: float
    """Length of the interval."""
    interval_s: float
    """The refresh that was asked for."""
    user_percent: float
    """Of one CPU, in this interval."""
    kernel: Mapping[str, float]
    """By probe that is live: percent of one CPU in the newest slice; NaN where there was none."""

    @property
    def kernel_percent(self) -> float:
        """All programs that were measured."""
        return sum(percent for percent in self.kernel.values() if percent == percent)

    @property
    def percent(self) -> float:
        """Both."""
        return self.user_percent + self.kernel_percent


@dataclass(frozen=True, slots=True)
class Slower:
    """Refresh less often."""

    cost: Reading
    interval_s: float


@dataclass(frozen=True, slots=True)
class Off:
    """Switch a probe off."""

    cost: Reading
    probe: str
    percent: float
    """What it costs."""


@dataclass(frozen=True, slots=True)
class Spent:
    """There is nothing left that would help."""

    cost: Reading


Decision = Slower | Off | Spent


def reading(frame: Frame) -> Reading:
    """The numbers of `frame`."""
    live = {name: probe.cpu_percent for name, probe in frame.probes.items() if probe.sample.state.value == "live"}
    sample = frame.sample
    return Reading(sample.monotonic_ns, frame.seconds, sample.interval_s, frame.self_user_percent, live)


@dataclass(slots=True)
class Brake:
    """What it has done and seen."""

    bound_percent: float = BOUND_PERCENT
    """0: it does nothing."""
    paces: Sequence[float] = ()
    """Intervals it may choose, shortest first; none: the pace is not its business."""
    off: tuple[str, ...] = ()
    """Probes that it has switched off and nobody has switched on since."""
    is_slowed: bool = False
    """Whether the pace is its own choice."""
    _held: frozenset[str] = frozenset()
    """Probes that were switched on again by hand."""
    _pace_held: bool = False
    _seen: tuple[frozenset[str], float] = (frozenset(), 0.0)
    """The probes and the pace that are being measured."""
    _quiet_ns: int = 0
    """Until then nothing counts."""
    _above: list[float] = field(default_factory=list)
    """Lengths of the readings in a row that were above the bound, seconds."""
    _part: tuple[float, float] = (0.0, 0.0)
    """A reading that is not a slice long yet: its seconds, and percent times seconds."""
    _told: bool = False
    """Whether it was said, of what is measured, that nothing is left to do."""

    @property
    def mark(self) -> str:
        """What is as it is because of the brake: "slowed", "2 off", both; "" for nothing."""
        return ", ".join(["slowed"] * self.is_slowed + [f"{len(self.off)} off"] * bool(self.off))

    def probe_by_hand(self, probe: str, on: bool) -> None:
        """A user has switched `probe`: one that is switched on against the brake stays on."""
        if on and probe in self.off:
            self._held |= {probe}
        self.off = tuple(name for name in self.off if name != probe)

    def pace_by_hand(self) -> None:
        """A user has chosen the interval."""
        self.is_slowed, self._pace_held = False, True

    def look(self, cost: Reading) -> Decision | None:
        """What to do now, if anything; to be called with each regular frame, and obeyed."""
        if self.bound_percent <= 0 or not self._counts(cost) or not self._is_above(cost):
            return None
        self._settle(cost, 0.0)
        decision = self._decide(cost)
        match decision:
            case Slower():
                self.is_slowed = True
            case Off():
                self.off = (*self.off, decision.probe)
            case Spent() if self._told:
                return None
        self._told = self._told or isinstance(decision, Spent)
        return decision

    def _counts(self, cost: Reading) -> bool:
        """Whether this reading is of a state that has lasted; a new one begins to."""
        seen = frozenset(cost.kernel), cost.interval_s
        if seen != self._seen:
            self._settle(cost, 0.0 if self._quiet_ns else START_S)
            self._seen, self._told = seen, False
        return cost.at_ns >= self._quiet_ns and cost.percent == cost.percent

    def _settle(self, cost: Reading, least_s: float) -> None:
        quiet_s = max(least_s, SETTLE * max(_SLICE_S, cost.interval_s))
        self._quiet_ns = max(self._quiet_ns, cost.at_ns + int(quiet_s * 1e9))
        self._above, self._part = [], (0.0, 0.0)

    def _is_above(self, cost: Reading) -> bool:
        """Whether the cost stays above the bound; short intervals are put together, as their numbers are too coarse."""
        seconds, weighed = self._part[0] + cost.seconds, self._part[1] + cost.seconds * cost.percent
        if seconds < _SLICE_S * _EARLY:
            self._part = seconds, weighed
            return False
        self._part = 0.0, 0.0
        if weighed / seconds <= self.bound_percent:
            self._above = []
            return False
        self._above.append(seconds)
        return len(self._above) >= _ABOVE and sum(self._above) >= _ABOVE_S * _EARLY

    def _decide(self, cost: Reading) -> Decision:
        """First the pace; then whichever of the two is the larger part of the cost."""
        pace, probe = self._slower(cost), self._dearest(cost)
        if pace and (not self.is_slowed or not probe or cost.user_percent > cost.kernel_percent):
            return Slower(cost, pace)
        return Off(cost, probe, cost.kernel[probe]) if probe else Spent(cost)

    def _slower(self, cost: Reading) -> float:
        """The next longer interval, 0 for none."""
        if self._pace_held:
            return 0.0
        return next((pace for pace in self.paces if cost.interval_s * 1.01 < pace <= SLOWEST_S), 0.0)

    def _dearest(self, cost: Reading) -> str:
        """The probe that is worth switching off; "" for none, and never the last."""
        measured = {name: percent for name, percent in cost.kernel.items() if percent > 0 and name not in self._held}
        if len(cost.kernel) < 2 or not measured:
            return ""
        probe = max(measured, key=measured.__getitem__)
        return probe if measured[probe] >= _WORTH * (cost.percent - self.bound_percent) else ""


def words(decision: Decision, bound_percent: float, probes: Mapping[str, Probe]) -> str:
    """One short line: what ebtop costs, and what is done about it."""
    cost = decision.cost
    begin = f"own cost {_percent(cost.percent)} > {_percent(bound_percent)}"
    match decision:
        case Slower():
            return f"{begin}: refresh slowed to {decision.interval_s:g} s"
        case Off():
            title = probes[decision.probe].title if decision.probe in probes else decision.probe
            return f"{begin}: {title} ({_percent(decision.percent)}) off"
        case Spent():
            return f"{begin}: {_percent(cost.user_percent)} user space; nothing left to slow or switch off"


def _percent(value: float) -> str:
    return units.text(value, Unit.PERCENT)

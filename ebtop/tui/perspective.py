"""How all panels are looked at: grouping, baseline, zeros; follows the newest samples, draws nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ebtop import units
from ebtop.baseline import Baseline
from ebtop.derive import derive
from ebtop.frame import Frame
from ebtop.grouping import Grouping
from ebtop.sample import Sample
from ebtop.spec import Probe
from ebtop.zero import Zero, followed, zeroed

STRETCH_S = 10.0
"""Seconds before a mark of which a baseline is the mean."""


class Perspective:
    """View state over frames: nothing of it is told to the source."""

    def __init__(self) -> None:
        self.grouping = Grouping.PROCESS
        self.baseline: Baseline | None = None
        self.zeros: dict[str, Zero] = {}
        """By probe."""
        self._recent: deque[Sample] = deque()

    def take(self, frame: Frame) -> None:
        """One more frame has come: what has to be followed through all of them."""
        if frame.sample.tick:
            self._recent.append(frame.sample)
            while len(self._recent) > 2 and _seconds(self._recent[1], frame.sample) >= STRETCH_S:
                self._recent.popleft()
        if self.zeros:
            after = {name: followed(zero, frame.sample, name) for name, zero in self.zeros.items()}
            self.zeros = {name: zero for name, zero in after.items() if zero is not None}

    def mark(self, frame: Frame, probes: Mapping[str, Probe]) -> Baseline:
        """From now on everything is compared with the stretch before `frame`."""
        self.baseline = Baseline(self._stretch(frame, probes), frame.sample.monotonic_ns)
        return self.baseline

    def clear(self, frame: Frame, probe: str) -> Zero | None:
        """From `frame` on `probe` counts from zero; None where it does not count."""
        zero = zeroed(frame.sample, probe)
        if zero is not None:
            self.zeros[probe] = zero
        return zero

    def said(self, frame: Frame | None) -> tuple[str, str]:
        """What the header says of it: grouping, and how old the baseline is in `frame`; "" each for nothing."""
        grouping = "" if self.grouping is Grouping.PROCESS else self.grouping.value
        return grouping, units.age(self.baseline.age_s(frame)) if self.baseline and frame else ""

    def _stretch(self, frame: Frame, probes: Mapping[str, Probe]) -> Frame:
        """`frame` over the last STRETCH_S seconds, or as many as are known."""
        before = (sample for sample in self._recent if 0 < _seconds(sample, frame.sample) <= STRETCH_S * 1.05)
        first = next(before, None)
        return frame if first is None else derive(frame.sample, first, probes)


def _seconds(earlier: Sample, later: Sample) -> float:
    return (later.monotonic_ns - earlier.monotonic_ns) / 1e9

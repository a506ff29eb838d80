"""How all panels are looked at: grouping, baseline, zeros; follows the newest samples, draws nothing."""

from __future__ import annotations

from collections.abc import Iterable

from ebtop import units
from ebtop.baseline import Baseline
from ebtop.frame import Frame
from ebtop.grouping import Grouping
from ebtop.sample import Sample
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

    def take(self, frame: Frame) -> None:
        """One more frame has come: what has to be followed through all of them."""
        if self.zeros:
            after = {name: followed(zero, frame.sample, name) for name, zero in self.zeros.items()}
            self.zeros = {name: zero for name, zero in after.items() if zero is not None}

    def mark(self, stretch: Frame) -> Baseline:
        """From now on everything is compared with `stretch`, at whose end the mark is."""
        self.baseline = Baseline(stretch, stretch.sample.monotonic_ns)
        return self.baseline

    def clear(self, frame: Frame, probe: str, since: Iterable[Sample] = ()) -> Zero | None:
        """From `frame` on `probe` counts from zero, `since` then these samples came; None where it does not count."""
        zero = zeroed(frame.sample, probe)
        for sample in since:
            zero = followed(zero, sample, probe) if zero is not None else None
        if zero is not None:
            self.zeros[probe] = zero
        return zero

    def said(self, frame: Frame | None) -> tuple[str, str]:
        """Grouping and the baseline's age in `frame`, as the header says them, a minus before the mark; "" for none."""
        grouping = "" if self.grouping is Grouping.PROCESS else self.grouping.value
        seconds = self.baseline.age_s(frame) if self.baseline and frame else 0.0
        age = ("-" if seconds < 0 else "") + units.age(abs(seconds))
        return grouping, age if self.baseline and frame else ""

"""The cost brake where there is no screen: switches off what costs too much, and tells stderr; draws nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ebtop import registry
from ebtop.brake import Brake, Off, reading, words
from ebtop.derive import derive
from ebtop.sample import Sample, Source


class Held:
    """What is still wanted of a source. There is no hand that could win, and no pace to slow: a file has its own."""

    def __init__(self, source: Source, wanted: Sequence[str], max_overhead: float) -> None:
        self.wanted = tuple(wanted)
        self._source = source
        self._brake = Brake(max_overhead if source.mode == "LIVE" else 0)
        self._before: Sample | None = None

    def look(self, sample: Sample) -> None:
        """Take the next sample; does nothing between refreshes."""
        if self._brake.bound_percent <= 0 or not sample.tick:
            return
        probes = {name: registry.probe(name) for name in self.wanted}
        frame, self._before = derive(sample, self._before, probes), sample
        decision = self._brake.look(reading(frame))
        if decision is None:
            return
        if isinstance(decision, Off):
            self.wanted = tuple(name for name in self.wanted if name != decision.probe)
            self._source.want(self.wanted)
        sys.stderr.write(f"ebtop: {words(decision, self._brake.bound_percent, probes)}\n")

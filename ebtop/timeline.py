"""Samples become frames as they come, and the recent past is kept; knows neither where they come from nor who looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from ebtop.derive import derive
from ebtop.frame import Frame
from ebtop.sample import Sample, Source, State
from ebtop.spec import Probe

HISTORY = 300
"""Intervals of which the headline rates are kept."""


class Timeline:
    """Derives a frame from each sample of `source` against the last regular one."""

    def __init__(self, source: Source, probes: Mapping[str, Probe]) -> None:
        self.source = source
        self._probes = probes
        self._before: Sample | None = None
        self._rates: dict[str, deque[float]] = {name: deque(maxlen=HISTORY) for name in probes}
        self._on_frame: Callable[[Frame], None] | None = None

    def start(self, on_frame: Callable[[Frame], None]) -> None:
        """Start the source; `on_frame` is called from its thread with each frame and must not block."""
        self._on_frame = on_frame
        self.source.start(self._take)

    def rates(self, probe: str) -> list[float]:
        """The headline rates of the last HISTORY intervals, oldest first; those in which it did not run left out."""
        return list(self._rates[probe])

    def close(self) -> None:
        """End the source."""
        self.source.close()

    def _take(self, sample: Sample) -> None:
        before = getattr(self.source, "baseline", None) or self._before  # the last of a command: over its whole run
        frame = derive(sample, before, self._probes)
        if sample.tick:
            self._before = sample
            self._remember(frame)
        if self._on_frame:
            self._on_frame(frame)

    def _remember(self, frame: Frame) -> None:
        for name, probe in frame.probes.items():
            if probe.sample.state is not State.LIVE:
                self._rates[name].clear()
            elif probe.rate == probe.rate:
                self._rates[name].append(probe.rate)

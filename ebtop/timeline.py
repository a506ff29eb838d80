"""Samples become frames as they come, and can be looked at again later; knows neither where from nor who looks.

Ticks are numbered from 0, the first regular sample of the session. The source's thread takes samples in; whoever looks
does so from one other thread or several.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ebtop.derive import derive
from ebtop.frame import Frame, Numbers
from ebtop.history import BYTES, SECONDS, History
from ebtop.rates import Rates, Trend
from ebtop.sample import Sample, Source
from ebtop.spec import Histogram, Probe

if TYPE_CHECKING:
    from ebtop.heat import Heat, Heating

_FRAMES = 4
"""Frames of the past that are kept for the next look."""
_UNASKED_S = 30.0
"""What was made for a look is let go when nobody has looked for so long."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What can be looked at again."""

    first: int
    """Number of the oldest tick; all from there to `last` are there."""
    last: int
    """Number of the newest; -1 before the first."""
    seconds: float
    """From the oldest to the newest."""
    bytes: int
    """Held for it."""
    most_seconds: float
    most_bytes: int
    """The bounds."""


class Timeline:
    """Derives a frame from each sample of `source` against the last regular one, and keeps what led to it."""

    def __init__(
        self, source: Source, probes: Mapping[str, Probe], seconds: float = SECONDS, limit: int = BYTES
    ) -> None:
        """Keeps `seconds`, or less where that would be more than `limit` bytes."""
        self.source = source
        self._probes = probes
        self._before: Sample | None = None
        self._newest: tuple[int, Frame] | None = None
        self._history = History(seconds, limit)
        self._rates = Rates(probes, seconds)
        self._frames: OrderedDict[tuple[int, int], Frame] = OrderedDict()
        self._heats: dict[tuple[str, str], Heating] = {}
        self._asked: dict[tuple[str, str], int] = {}
        """Monotonic time of the newest sample when each heat was asked for; ("", "") for frames."""
        self._looking = threading.RLock()
        self._on_frame: Callable[[Frame], None] | None = None
        self.tee: Callable[[Sample], None] | None = None
        """Called from the source's thread with each sample, before it is derived."""

    def start(self, on_frame: Callable[[Frame], None]) -> None:
        """Start the source; `on_frame` is called from its thread with each frame and must not block."""
        self._on_frame = on_frame
        self.source.start(self._take)

    def close(self) -> None:
        """End the source."""
        self.source.close()

    def know(self, probe: Probe) -> None:
        """From now on look at `probe` too; any thread."""
        if probe.name not in self._probes:
            self._rates.know(probe.name)
            self._probes = {**self._probes, probe.name: probe}

    # --- any thread ---------------------------------------------------------------------------------------------------

    def moments(self) -> Moments:
        """What can be looked at again, just now."""
        history = self._history
        first, last = history.first, history.last
        seconds = (self._rates.time_ns(last) - self._rates.time_ns(first)) / 1e9 if last >= 0 else 0.0
        return Moments(first, last, seconds, history.bytes, history.seconds, history.limit)

    def at(self, number: int) -> Frame:
        """The frame of tick `number` as it was then, of the nearest there is. IndexError before the first tick."""
        return self._look(number, 0.0)

    def frame_over(self, number: int, seconds: float) -> Frame:
        """As `at`, but over the `seconds` before it, or what there is of them: at least one tick."""
        return self._look(number, seconds)

    def number_near(self, monotonic_ns: int) -> int:
        """Number of the tick nearest to a monotonic time, of those there are. IndexError before the first."""
        return self._within(self._rates.near(monotonic_ns))

    def before(self, number: int, seconds: float) -> int:
        """Number of the tick `seconds` before tick `number`, of those there are. IndexError before the first."""
        return self.number_near(self._rates.time_ns(number) - int(seconds * 1e9))

    def rates(self, probe: str, count: int | None = None, upto: int | None = None) -> Numbers:
        """The newest `count` headline rates, all when None, up to tick `upto`, the newest when None; oldest first.

        Those since the probe was last off; intervals that were not measured are left out. They reach back as many
        seconds as are kept at most, however much the rest of the history takes.
        """
        return self._rates.of(probe, count, upto)

    def trend(self, probe: str, upto: int | None = None) -> Trend:
        """The same rates with the gaps between them, and when they were."""
        return self._rates.trend(probe, upto)

    def heat(self, probe: str, view: str, upto: int | None = None) -> Heat:
        """The histogram `view` of `probe`, tick by tick up to `upto`. KeyError where there is no such histogram.

        Worked out when it is first asked for, then kept up at each call for as long as there are some.
        """
        from ebtop.heat import Heating

        with self._looking:
            heating = self._heats.get((probe, view)) or Heating(probe, self._histogram(probe, view))
            self._heats[probe, view] = heating
            self._ask((probe, view))
            return heating.upto(self._history, self._history.last if upto is None else upto)

    def _histogram(self, probe: str, view: str) -> Histogram:
        for declared in self._probes[probe].views:
            if declared.name == view and isinstance(declared, Histogram):
                return declared
        raise KeyError(view)

    def _within(self, number: int) -> int:
        if self._history.last < 0:
            raise IndexError("there was no tick yet")
        return min(max(number, self._history.first), self._history.last)

    def _look(self, number: int, seconds: float) -> Frame:
        """Tick `number` over `seconds` or one tick; again if either end of that was dropped meanwhile."""
        while True:
            there = self._within(number)
            before = min(self.before(there, seconds), there - 1) if seconds else there - 1
            with suppress(IndexError):
                return self._frame(there, before)

    def _frame(self, number: int, before: int) -> Frame:
        newest = self._newest
        if newest and newest[0] == number == before + 1:
            return newest[1]
        with self._looking:
            self._ask(("", ""))
            frame = self._frames.get((number, before))
            if frame is None:
                now = self._history.sample(number)
                frame = derive(now, self._history.sample(before) if before >= 0 else None, self._probes)
                self._frames[number, before] = frame
            self._frames.move_to_end((number, before))
            self._trim()
            return frame

    def _trim(self) -> None:
        """Frames hold on to their samples: only those stay whose samples the history keeps as well."""
        newest = next(reversed(self._frames))
        kept = [name for name in self._frames if name == newest or all(map(self._history.has, name))]
        self._frames = OrderedDict((name, self._frames[name]) for name in kept[-_FRAMES:])

    def _ask(self, what: tuple[str, str]) -> None:
        self._asked[what] = self._before.monotonic_ns if self._before else 0

    # --- the source's thread ------------------------------------------------------------------------------------------

    def _take(self, sample: Sample) -> None:
        if (tee := self.tee) is not None:
            tee(sample)
        before = getattr(self.source, "baseline", None) or self._before  # the last of a command: over its whole run
        frame = derive(sample, before, self._probes)
        if sample.tick:
            self._rates.add(frame)
            self._history.add(sample)
            self._before, self._newest = sample, (self._history.last, frame)
            if self._asked:
                self._forget(sample.monotonic_ns)
        if self._on_frame:
            self._on_frame(frame)

    def _forget(self, now_ns: int) -> None:
        """Let go of what nobody has asked for in a while; another time if somebody is looking just now."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            for what in [what for what, asked_ns in self._asked.items() if now_ns - asked_ns > _UNASKED_S * 1e9]:
                del self._asked[what]
                self._heats.pop(what, None)
                if what == ("", ""):
                    self._frames.clear()
                    self._history.forget()
        finally:
            self._looking.release()

"""What the dashboard says around its panels: header, status line, footer, notices, log; decides nothing else."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.tui import slots
from ebtop.tui.acting.base import Acting
from ebtop.tui.driver import hung_up
from ebtop.tui.headline import headline
from ebtop.tui.statusline import status
from ebtop.tui.timebar import timebar
from ebtop.tui.titles import Headline
from ebtop.tui.widgets.footer import Footer, Hints, Status
from ebtop.tui.widgets.header import Header

if TYPE_CHECKING:
    from ebtop.tui.pieces import Line

_LATE = 3
"""Intervals without a frame after which the header says so."""


class Saying(Acting):
    """No keys: called when something has changed, and once a second."""

    def show_header(self) -> None:
        """Machine, cost, state: the first line."""
        self._app.main.query_one(Header).data = self._headline()

    def _headline(self) -> Headline:
        late = time.monotonic() - self._app.came
        state = "paused" if self._app.paused else "replay" if self._app.timeline.source.mode == "REPLAY" else "live"
        if late > max(_LATE, _LATE * self._app.interval) and state == "live":
            state = "late"
        ending = "" if self._app.command_status is None else units.ending(self._app.command_status)
        shown = headline(self._app.frame, self._clock(), self._app.interval, state, late, self._app.brake.mark, ending)
        grouping, baseline = self._app.perspective.said(self._app.frame)
        return replace(shown, grouping=grouping, baseline=baseline)

    def show_hints(self) -> None:
        """The keys that work now: the last line."""
        digits = tuple(
            (digit, self._app.slots[digit] in self._app.wanted) for digit in slots.DIGITS if digit in self._app.slots
        )
        self._app.main.query_one(Footer).data = Hints(digits, self._app.stage, self._app.keys, self._app.is_on_flame())

    def show_status(self) -> None:
        """Notice, or what the focused probe costs and loses."""
        line = self._app.main.query_one(Status)
        if (notice := self._app.notices.shown(time.monotonic())) is not None:
            line.data = ((" ", "text"), notice)
        elif self._app.paused:
            line.data = tuple(self._timebar())
        elif self._app.focused_probe in self._app.wanted:
            line.data = tuple(
                status(self._app.looked(self._app.focused_probe), self._app.selected(), self._app.size.width)
            )
        else:
            line.data = ((" no probe is on: ", "dim"), ("1 … 9", "key"), (" switch them on", "dim"))

    def _timebar(self) -> Line:
        frame, newest = self._app.frame, self._app.newest
        ago = (newest.sample.monotonic_ns - frame.sample.monotonic_ns) / 1e9 if frame and newest else 0.0
        return timebar(self._app.timeline.moments(), self._app.position, self._clock(), ago, self._app.size.width)

    def _clock(self) -> str:
        at = (time.localtime(self._app.frame.sample.wall_ns // 10**9),) if self._app.frame else ()
        return time.strftime("%H:%M:%S", *at)

    def say(self, text: str, role: str = "text") -> None:
        """A notice for a few seconds, and a line in the log."""
        self._app.notices.say(text, role, time.monotonic())
        self.remember(text)
        self.show_status()

    def remember(self, text: str) -> None:
        """A line in the log."""
        self._app.notices.remember(text, time.strftime("%H:%M:%S"))

    def look_around(self) -> None:
        """Once a second: whether the terminal is there, a notice has had its time, frames are late."""
        if self._app.on_terminal and hung_up(0):
            self._app.end(128 + signal.SIGHUP)
        if self._app.notices.passed(time.monotonic()):
            self.show_status()
        if time.monotonic() - self._app.came > _LATE * max(1.0, self._app.interval):
            self.show_header()

"""Keys that hold the screen or change how often it is refreshed."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting

INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Time(Acting):
    """Pause, slower, faster."""

    def action_pause(self) -> None:
        """Hold the screen still, or follow again."""
        app = self._app
        if app.paused:
            self.action_now()
            return
        moments = app.timeline.moments()
        app.paused, app.position = True, moments.last if moments.last >= moments.first else None
        app.hand_down()

    def action_past(self, step: int) -> None:
        """So many moments later, or earlier; holds the screen first."""
        app = self._app
        moments = app.timeline.moments()
        if moments.last < moments.first:
            app.say("nothing is kept yet", "dim")
            return
        app.paused = True
        here = moments.last if app.position is None else app.position
        app.position = max(moments.first, min(here + step, moments.last))
        app.frame = app.timeline.at(app.position)

    def action_now(self) -> None:
        """Follow what happens now."""
        app = self._app
        app.paused, app.position = False, None
        app.frame = app.newest

    def action_slower(self) -> None:
        """The next longer interval."""
        self._every(next((step for step in INTERVALS if step > self._app.interval * 1.01), INTERVALS[-1]))

    def action_faster(self) -> None:
        """The next shorter interval."""
        self._every(next((step for step in reversed(INTERVALS) if step < self._app.interval * 0.99), INTERVALS[0]))

    def set_pace(self, seconds: float) -> None:
        """Refresh every `seconds` from now on."""
        self._app.interval = seconds
        self._app.timeline.source.every(seconds)

    def _every(self, seconds: float) -> None:
        self.set_pace(seconds)
        self._app.brake.pace_by_hand()
        self._app.say(f"refresh every {seconds:g} s")
        self._app.hand_down()

"""Keys that hold the screen or change how often it is refreshed."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting

INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Time(Acting):
    """Pause, slower, faster."""

    def action_pause(self) -> None:
        """Hold the screen still, or follow again."""
        app = self._app
        app.paused = not app.paused
        app.say("paused; collection goes on" if app.paused else "following")
        app.frame = app.frame if app.paused else app.newest

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

"""Keys that hold the screen or change how often it is refreshed."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting

_INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


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
        self._every(next((step for step in _INTERVALS if step > self._app.interval * 1.01), _INTERVALS[-1]))

    def action_faster(self) -> None:
        """The next shorter interval."""
        self._every(next((step for step in reversed(_INTERVALS) if step < self._app.interval * 0.99), _INTERVALS[0]))

    def _every(self, seconds: float) -> None:
        self._app.interval = seconds
        self._app.timeline.source.every(seconds)
        self._app.say(f"refresh every {seconds:g} s")
        self._app.hand_down()

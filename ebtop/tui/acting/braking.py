"""What the cost brake has decided is done here, and said; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.brake import Decision, Off, Slower, reading, words
from ebtop.tui import slots
from ebtop.tui.acting.base import Acting

if TYPE_CHECKING:
    from ebtop.frame import Frame


class Braking(Acting):
    """No key: it acts on its own, and keys win."""

    def look_at_cost(self, frame: Frame) -> None:
        """Slow down or switch a probe off if ebtop's own cost asks for it."""
        app = self._app
        if app.brake.bound_percent <= 0 or not frame.sample.tick or app.borrowed:
            return
        decision = app.brake.look(reading(frame))
        if decision is not None:
            self._obey(decision)
            app.say(words(decision, app.brake.bound_percent, app.probes) + self._way_back(decision), "warn")

    def _obey(self, decision: Decision) -> None:
        app = self._app
        match decision:
            case Slower():
                app.set_pace(decision.interval_s)
            case Off():
                app.want(tuple(name for name in app.wanted if name != decision.probe), by_hand=False)

    def _way_back(self, decision: Decision) -> str:
        """The key that undoes it."""
        match decision:
            case Slower():
                return ", - is faster"
            case Off() if slot := slots.key_of(self._app.slots, decision.probe):
                return f", {slot} brings it back"
        return ""

"""Keys that switch probes on and off, and which digit does it."""

from __future__ import annotations

from ebtop.tui import slots
from ebtop.tui.acting.base import Acting


class Probes(Acting):
    """Digits."""

    def action_toggle_probe(self, slot: int) -> None:
        """Switch the probe in `slot` on or off."""
        name = self._app.slots.get(slot)
        if name is None:
            self._app.say(f"no probe has the digit {slot}; F2 gives it one")
        else:
            self.action_switch_probe(name)

    def action_switch_probe(self, name: str) -> None:
        """Switch probe `name` on or off."""
        app = self._app
        on = name not in app.wanted
        if not app.want(tuple(other for other in app.probes if (on if other == name else other in app.wanted))):
            return
        title = app.probes[name].title
        app.say(f"{title}: on, counting from zero" if on else f"{title}: off, detached")

    def give_slot(self, slot: int, name: str) -> None:
        """From now on the digit `slot` toggles probe `name`, and panels are in that order."""
        app = self._app
        app.slots = slots.assigned(app.slots, slot, name)
        app.probes = slots.in_order(app.probes, app.slots)
        app.wanted = tuple(other for other in app.probes if other in app.wanted)
        app.arranged()

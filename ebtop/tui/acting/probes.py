"""Keys that switch probes on and off."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting


class Probes(Acting):
    """Digits."""

    def action_toggle_probe(self, slot: int) -> None:
        """Switch the probe in `slot` on or off."""
        app = self._app
        name = next((name for name, probe in app.probes.items() if probe.slot == slot), None)
        if name is None:
            return
        on = name not in app.wanted
        if not app.want(tuple(other for other in app.probes if (on if other == name else other in app.wanted))):
            return
        title = app.probes[name].title
        app.say(f"{title}: on, counting from zero" if on else f"{title}: off, detached")

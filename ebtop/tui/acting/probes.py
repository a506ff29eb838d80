"""Keys that switch probes on and off, and which digit does it."""

from __future__ import annotations

import os

from ebtop import registry
from ebtop.bpftrace import is_script
from ebtop.sample import State
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

    def run_script(self, said: str) -> None:
        """Run a program of bpftrace beside what runs, in the place of the focused one if that has failed."""
        from ebtop.typed import script

        app = self._app
        try:
            name = script(said, os.getuid(), os.getgid())
        except ValueError as error:
            app.say(f"not run: {error}", "warn")
            return
        shown = app.newest.probes.get(app.focused_probe) if app.newest else None
        failed = shown is not None and is_script(shown.probe.name) and shown.sample.state is State.FAILED
        app.timeline.begin(registry.add_named(name))
        app.probes = slots.in_order(registry.probes(), app.slots)
        kept = tuple(other for other in app.wanted if other != name and not (failed and other == app.focused_probe))
        if name in app.wanted:
            app.want(kept)
        app.focused_probe = name
        if app.want(tuple(other for other in app.probes if other == name or other in kept)):
            app.say(f"{app.probes[name].title}: bpftrace begins")

    def give_slot(self, slot: int, name: str) -> None:
        """From now on the digit `slot` toggles probe `name`, and panels are in that order."""
        app = self._app
        app.slots = slots.assigned(app.slots, slot, name)
        app.probes = slots.in_order(app.probes, app.slots)
        app.wanted = tuple(other for other in app.probes if other in app.wanted)
        app.arranged()

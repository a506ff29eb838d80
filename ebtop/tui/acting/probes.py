"""Keys that switch probes on and off, and which digit does it; probes that are made while it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ebtop import functions, registry
from ebtop.bpftrace import is_script
from ebtop.sample import State
from ebtop.tui import slots
from ebtop.tui.acting.base import Acting

if TYPE_CHECKING:
    from ebtop.frame import Frame


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

    def is_over(self) -> bool:
        """Whether nothing can be attached any more, or ever could be; says why."""
        if self._app.timeline.source.mode == "REPLAY":
            self._app.say("nothing can be attached to a recording; `ebtop` without --replay can", "warn")
        elif self._app.command_status is not None:
            self._app.say("nothing can be attached any more: the command has ended; begin ebtop anew", "warn")
        else:
            return False
        return True

    def run_script(self, said: str) -> None:
        """Run a program of bpftrace beside what runs, in the place of the focused one if that has failed."""
        from ebtop.typed import script

        app = self._app
        if self.is_over():
            return
        try:
            name = script(said, os.getuid(), os.getgid(), app.wanted)
        except ValueError as error:
            app.say(f"not run: {error}", "warn")
            return
        shown = app.newest.probes.get(app.focused_probe) if app.newest else None
        failed = shown is not None and is_script(shown.probe.name) and shown.sample.state is State.FAILED
        self._learn(name)
        kept = tuple(other for other in app.wanted if other != name and not (failed and other == app.focused_probe))
        if name in app.wanted:
            app.want(kept)
        app.focused_probe = name
        if app.want(tuple(other for other in app.probes if other == name or other in kept)):
            app.say(f"{app.probes[name].title}: bpftrace begins")

    def count_function(self, text: str, instead: str = "") -> None:
        """Count the function or event that `text` names, in a panel of its own, which gets the focus.

        `instead`: of the probe of that name, which is switched off.
        """
        app = self._app
        if self.is_over():
            return
        try:
            name = functions.parse(text).name
        except ValueError as error:
            app.say(f"not counted: {error}", "warn")
            return
        self._learn(name)
        wanted = {*app.wanted, name} - ({instead} - {name})
        app.focused_probe = name
        if wanted == set(app.wanted):
            app.focus_probe(name)
        elif app.want(tuple(other for other in app.probes if other in wanted)):
            app.say(f"{app.probes[name].title}: on, counting from zero")

    def meet(self, frame: Frame) -> None:
        """Show what a recording has of probes that began while it was taken, and are known to nobody else."""
        app, sample = self._app, frame.sample
        others = [name for name in sample.probes if name not in app.probes]
        new = [name for name in others if name in sample.declared or registry.is_made_up(name)]
        for name in new:
            self._learn(name)
        if new:
            app.want(tuple(name for name in app.probes if name in new or name in app.wanted), by_hand=False)

    def _learn(self, name: str) -> None:
        app = self._app
        if name not in app.probes:
            app.timeline.know(registry.probe(name))
            app.probes = slots.in_order((*app.probes, name), app.slots)

    def give_slot(self, slot: int, name: str) -> None:
        """From now on the digit `slot` toggles probe `name`, and panels are in that order."""
        app = self._app
        app.slots = slots.assigned(app.slots, slot, name)
        app.probes = slots.in_order(app.probes, app.slots)
        app.wanted = tuple(other for other in app.probes if other in app.wanted)
        app.arranged()

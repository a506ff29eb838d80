"""Keys that group, compare and count anew: how frames are looked at, never what is collected."""

from __future__ import annotations

from ebtop import units
from ebtop.grouping import Grouping
from ebtop.tui.acting.base import Acting
from ebtop.tui.perspective import STRETCH_S

_WORDS = {
    Grouping.PROCESS: "a row for each process",
    Grouping.PROGRAM: "processes added up by program",
    Grouping.UNIT: "processes added up by container or unit",
    Grouping.USER: "processes added up by user",
}


class Comparing(Acting):
    """Grouping, baseline, zero."""

    def action_group(self) -> None:
        """By process, program, unit, user, and round again; the cursor goes to the first row."""
        app = self._app
        app.perspective.grouping = app.perspective.grouping.next
        for state in app.views.values():
            state.cursor = state.top = 0
        app.say(_WORDS[app.perspective.grouping])
        app.hand_down()

    def action_mark(self) -> None:
        """Compare with the last seconds from now on."""
        app = self._app
        if app.frame is None or app.frame.seconds != app.frame.seconds:
            app.say("no baseline yet: rates begin with the second interval", "warn")
            return
        number = app.timeline.moments().last if app.position is None else app.position
        baseline = app.perspective.mark(app.timeline.frame_over(number, STRETCH_S))
        app.say(f"baseline: the mean of the last {units.age(round(baseline.frame.seconds))}")
        app.hand_down()

    def action_unmark(self) -> None:
        """Compare no more."""
        app = self._app
        app.say("no baseline any more" if app.perspective.baseline else "there is no baseline; b marks one")
        app.perspective.baseline = None
        app.hand_down()

    def action_clear(self) -> None:
        """Count the focused probe from zero, in the view."""
        app = self._app
        if app.frame is None or app.focused_probe not in app.probes:
            return
        name, title = app.focused_probe, app.probes[app.focused_probe].title
        last = app.timeline.moments().last
        since = range(last if app.position is None else app.position, last)
        zero = app.perspective.clear(app.frame, name, (app.timeline.at(number + 1).sample for number in since))
        app.say(f"{title}: counting from zero; C undoes it" if zero else f"{title} does not count", "text")
        app.hand_down()

    def action_unclear(self) -> None:
        """Count the focused probe from its start again."""
        app = self._app
        if app.perspective.zeros.pop(app.focused_probe, None):
            app.say(f"{app.probes[app.focused_probe].title}: counting from its start again")
            app.hand_down()

"""The key that looks for what is abnormal, and the way from a finding to its probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.tui.acting.base import Acting
from ebtop.tui.perspective import STRETCH_S

if TYPE_CHECKING:
    from ebtop.frame import Frame
    from ebtop.triage.check import Look


class Triaging(Acting):
    """Triage."""

    def action_triage(self) -> None:
        """Look for ten seconds, then rank what is abnormal; held or replayed, at the ten seconds before that moment."""
        app = self._app
        moments = app.timeline.moments()
        if moments.last > moments.first and (app.paused or app.timeline.source.mode == "REPLAY"):
            number = moments.last if app.position is None else app.position
            self.triage(app.timeline.frame_over(number, STRETCH_S))
        else:
            self.triage()

    def triage(self, past: Frame | None = None) -> None:
        """Judge the frame `past`, or the ten seconds that come."""
        from ebtop.tui.screens.triage import Triage

        self._app.push_screen(Triage(past), self.go_to)

    def go_to(self, look: Look | None) -> None:
        """That probe on the whole stage, its view and order as asked; switched on where it is off."""
        from ebtop.tui.tablelines import ViewState

        app = self._app
        if look is None:
            return
        app.focused_probe = look.probe
        if look.probe not in app.wanted:
            app.want(tuple(name for name in app.probes if name == look.probe or name in app.wanted))
            app.say(f"{app.probes[look.probe].title}: on, counting from zero")
        state = app.views.setdefault(look.probe, ViewState())
        names = [view.name for view in app.looked(look.probe).listed]
        state.view, state.filter, state.backwards = names.index(look.view), "", False
        state.cursor = state.top = 0
        state.sorts[look.view] = look.column
        app.maximise(True)

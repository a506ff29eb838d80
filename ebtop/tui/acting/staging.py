"""Which stage is seen, how large, and which probes are on it; knows nothing of what they show."""

from __future__ import annotations

from textual.events import Resize
from textual.geometry import Size

from ebtop.tui.acting.base import Acting
from ebtop.tui.plan import SMALLEST
from ebtop.tui.widgets.focus import Focus
from ebtop.tui.widgets.lines import Lines
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.process import ProcessStage


class Staging(Acting):
    """No keys of their own: other actions and Textual call these."""

    def on_resize(self, event: Resize) -> None:
        """Everything is laid out anew."""
        if self._app.begun:
            self.resized(event.size)

    def uncovered(self) -> None:
        """The screen is the topmost again."""
        if self._app.begun:
            self.resized(self._app.size)
            self._app.main.refresh(layout=True)

    def resized(self, size: Size) -> None:
        """Below the smallest size there is one line and nothing else."""
        width, height = size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self._app.main.set_class(small, "small")
        words = f" {width}x{height}: ebtop needs {SMALLEST[0]}x{SMALLEST[1]}"
        self._app.main.query_one("#small", Lines).show([[(words, "warn")]])
        self._app.call_after_refresh(self._app.hand_down)

    def focus_probe(self, name: str) -> None:
        """Give the focus, and so the cursor, to probe `name`."""
        self._app.focused_probe = name
        self.focus_panel()
        self._app.hand_down()

    def want(self, names: tuple[str, ...], by_hand: bool = True) -> bool:
        """Run the probes `names` and no other; False when nothing can be begun, as the command has ended.

        `by_hand`: because a user said so.
        """
        if self._app.command_status is not None:
            self._app.say("the command has ended: nothing is counted any more", "warn")
            return False
        for name in set(names) ^ set(self._app.wanted) if by_hand else ():
            self._app.brake.probe_by_hand(name, name in names)
        now = self._app.newest.sample.monotonic_ns if self._app.newest else 0
        self._app.restarted |= dict.fromkeys(set(names) - set(self._app.wanted), now)
        self._app.wanted = names
        self._app.timeline.source.want(names)
        self._app.main.query_one(Overview).want(self._app.wanted_probes())
        if self._app.focused_probe not in names:
            self.maximise(False)
            self._app.focused_probe = names[0] if names else ""
        self._app.show_hints()
        self._app.call_after_refresh(self.focus_probe, self._app.focused_probe)
        return True

    def arranged(self) -> None:
        """Slots have changed: panels change places, and their titles and the footer say so."""
        self._app.show_hints()
        self._app.main.query_one(Overview).refresh(layout=True)
        self._app.call_after_refresh(self._app.hand_down)

    def maximise(self, on: bool) -> None:
        """One probe on the whole stage, or all panels."""
        self._app.main.set_class(on, "maximised")
        self.relook()

    def relook(self) -> None:
        """Another stage, or all of it looked at in another way."""
        self._app.show_hints()
        self.focus_panel()
        self._app.call_after_refresh(self._app.hand_down)

    def focus_panel(self) -> None:
        """Where the cursor is go the keys, unless something is being typed."""
        if self._app.main.has_class("asking"):
            return
        if self._app.process:
            self._app.main.query_one(ProcessStage).focus()
            return
        if self._app.is_maximised:
            self._app.main.query_one(Focus).focus()
            return
        panel = self._app.main.query_one(Overview).panel(self._app.focused_probe)
        if panel is not None:
            panel.focus(scroll_visible=False)
        else:
            self._app.main.set_focus(None)

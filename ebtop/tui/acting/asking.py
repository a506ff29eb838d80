"""Keys that ask for a line of text: a filter for rows, a target for the kernel; what is typed is read elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.tui.acting.base import Acting
from ebtop.tui.targets import TARGET_HINT, target_of, words_of
from ebtop.tui.widgets.prompt import FILTER_HINT, Prompt

if TYPE_CHECKING:
    from ebtop.tui.tablelines import ViewState


class Asking(Acting):
    """/ and T."""

    _filtered: ViewState
    """What a filter is typed for, wherever the focus goes meanwhile."""
    _before: str
    """Its filter before."""

    def action_filter(self) -> None:
        """Type a filter for the focused probe's rows."""
        state = self._state
        if state:
            self._filtered, self._before = state, state.filter
            self._ask("filter", state.filter, FILTER_HINT)

    def action_target(self) -> None:
        """Type whose events are to be counted at all."""
        self._ask("only", words_of(self._app.target), TARGET_HINT)

    def _ask(self, label: str, text: str, hint: str) -> None:
        self._app.main.add_class("asking")
        prompt = self._app.main.query_one(Prompt)
        prompt.focus()
        prompt.ask(label, text, hint)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Rows follow while a filter is typed."""
        if message.label == "filter":
            self._filtered.filter, self._filtered.cursor = message.text, 0
            self._app.hand_down()

    def on_prompt_done(self, message: Prompt.Done) -> None:
        """The filter stands; the target is aimed at, or what is wrong with it is said."""
        self._unask()
        if message.label == "only":
            try:
                self._app.aim(target_of(message.text))
            except ValueError as error:
                self._app.say(f"not aimed: {error}", "warn")

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """The filter is what it was."""
        if message.label == "filter":
            self._filtered.filter = self._before
        self._unask()

    def _unask(self) -> None:
        self._app.main.remove_class("asking")
        self._app.focus_probe(self._app.focused_probe)

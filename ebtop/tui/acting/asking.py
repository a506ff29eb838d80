"""Keys that ask for a line of text: filter, target, function, program for bpftrace; it is read elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.bpftrace import is_script
from ebtop.sample import State
from ebtop.text import clean
from ebtop.tui.acting.base import Acting
from ebtop.tui.targets import TARGET_HINT, target_of, words_of
from ebtop.tui.widgets.prompt import FILTER_HINT, FUNCTION_HINT, Prompt

SCRIPT_HINT = "tracepoint:… { @[comm] = count(); } · FILE.bt · ⏎ run · Esc leave"

if TYPE_CHECKING:
    from ebtop.tui.tablelines import ViewState


class Asking(Acting):
    """/, T, F and e."""

    _filtered: ViewState
    """What a filter is typed for, wherever the focus goes meanwhile."""
    _before: str
    """Its filter before."""
    _typed = ""
    """The program that was typed last."""
    _mended: str
    """The probe in whose place another is typed, "" for none."""

    def action_filter(self) -> None:
        """Type a filter for the focused probe's rows."""
        state = self._state
        if state and not self._app.is_without_rows():
            self._filtered, self._before = state, state.filter
            self._ask("filter", state.filter, FILTER_HINT)

    def action_target(self) -> None:
        """Type whose events are to be counted at all."""
        self._ask("only", words_of(self._app.target), TARGET_HINT)

    def action_bpftrace(self) -> None:
        """Type a program for bpftrace: that of the focused probe to begin with, or what was typed last."""
        from ebtop.bpftrace.declaring import text_of

        focused = self._app.focused_probe
        if self._app.is_over():
            return
        self._ask("bpftrace", clean(text_of(focused)) if is_script(focused) else self._typed, SCRIPT_HINT)

    def action_function(self) -> None:
        """Type a function or event that is to be counted; one that failed is offered to be mended."""
        app = self._app
        if app.is_over():
            return
        shown = app.frame.probes.get(app.focused_probe) if app.frame else None
        mend = shown is not None and shown.probe.alone and shown.sample.state is State.FAILED
        self._mended = app.focused_probe if mend else ""
        self._ask("count", self._mended.partition(":")[2], FUNCTION_HINT)

    def _ask(self, label: str, text: str, hint: str) -> None:
        self._app.main.add_class("asking")
        prompt = self._app.main.query_one(Prompt)
        prompt.focus()
        prompt.ask(label, text, hint)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Rows follow while a filter is typed; a program is not lost, whatever comes of it."""
        if message.label == "bpftrace":
            self._typed = message.text
        if message.label == "filter":
            self._filtered.filter, self._filtered.cursor = message.text, 0
            self._app.hand_down()

    def on_prompt_done(self, message: Prompt.Done) -> None:
        """The filter stands; the target is aimed at, the program run, or what is wrong with it is said."""
        self._unask()
        if message.label == "bpftrace":
            self._typed = message.text
            self._app.run_script(message.text)
        if message.label == "only":
            try:
                self._app.aim(target_of(message.text))
            except ValueError as error:
                self._app.say(f"not aimed: {error}", "warn")
        elif message.label == "count":
            self._app.count_function(message.text, self._mended)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """The filter is what it was."""
        if message.label == "filter":
            self._filtered.filter = self._before
        self._unask()

    def _unask(self) -> None:
        self._app.main.remove_class("asking")
        self._app.focus_probe(self._app.focused_probe)

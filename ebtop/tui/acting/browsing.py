"""The key that opens the probe browser, what it asks the source, and the page of one BPF program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ebtop.tui.acting.base import Acting

if TYPE_CHECKING:
    from ebtop.offer import Hooks, Offers, ProgramDetail

Answer = TypeVar("Answer")


class Browsing(Acting):
    """Answers come in the screen's own thread, whichever the source gives them in."""

    offers: Offers | None = None
    """Which ways would work here; None until that is known."""
    _asked_ways = False

    def action_browse(self) -> None:
        """All probes, and all hooks."""
        from ebtop.tui.screens.browser import Browser

        self._app.push_screen(Browser(), self._open_probe)
        if not self._asked_ways:
            self._asked_ways = True
            self._app.timeline.source.list_ways(self._here(self._know_ways))

    def ask_hooks(self, pattern: str, take: Callable[[Hooks], None], arguments: bool = False) -> None:
        """`take` gets the hooks that fit `pattern`, later."""
        self._app.timeline.source.list_hooks(pattern, self._here(take), arguments)

    def open_program(self, number: int) -> None:
        """A page about one BPF program, when the answer is there."""
        self._app.say(f"looking at program {number} …", "dim")
        self._app.timeline.source.look_at_program(number, self._here(self._show_program))

    def _show_program(self, detail: ProgramDetail) -> None:
        from ebtop.tui.programlines import program_lines
        from ebtop.tui.screens.page import Page

        self._app.push_screen(Page(f"BPF program {detail.id}", program_lines(detail)))

    def _open_probe(self, name: str | None) -> None:
        """Probe `name` on the whole stage, switched on if it is not; a hook, which has a colon, is counted."""
        app = self._app
        if not name:
            return
        if name not in app.probes:
            app.count_function(name)
            return
        app.focused_probe = name
        if name not in app.wanted:
            app.action_switch_probe(name)
        app.maximise(True)

    def follow(self) -> None:
        """Let the browser, if it is open, show what is new."""
        stack = self._app.screen_stack
        if len(stack) > 1 and (followed := getattr(stack[-1], "followed", None)):
            followed()

    def _know_ways(self, offers: Offers) -> None:
        self.offers = offers
        self.follow()

    def _here(self, take: Callable[[Answer], None]) -> Callable[[Answer], None]:
        loop = asyncio.get_running_loop()

        def give(answer: Answer) -> None:
            with suppress(RuntimeError):  # the loop is closed: there is no screen any more
                loop.call_soon_threadsafe(take, answer)

        return give

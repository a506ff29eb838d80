"""A page of lines over the dashboard that can be scrolled; knows nothing of what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from ebtop.tui.keys import KeyRow
from ebtop.tui.pieces import Line, fill, folded, spread
from ebtop.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard

_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1}
_PAGES = {"ctrl+d": 0.5, "pagedown": 1, "space": 1, "ctrl+u": -0.5, "pageup": -1}
_ENDS = {"g": -1, "home": -1, "G": 1, "end": 1}
_LEAVE = ("escape", "enter")


class Page(ModalScreen[None], inherit_bindings=False):
    """Esc leaves; movement as in tables."""

    CSS = "Page { background: $background; } Page Lines { height: 1fr; }"

    def __init__(self, name: str, lines: list[Line]) -> None:
        super().__init__()
        self._title, self._lines, self._top = name, lines, 0
        self._content: list[Line] = lines
        """The lines as the width lets them be."""
        self._folded = 0
        """That width."""

    def compose(self) -> ComposeResult:
        """One widget over everything."""
        yield Lines(id="page")

    def on_mount(self) -> None:
        """The first lines."""
        self._draw()

    def on_resize(self) -> None:
        """More or fewer lines."""
        self.call_after_refresh(self._draw)

    def on_key(self, event: events.Key) -> None:
        """Every key belongs to the page."""
        event.stop()
        if not self.is_current:  # typed faster than it went
            return
        if cast("Dashboard", self.app).took(event.key):
            return
        if event.key in _LEAVE or any(event.key in row.keys for row in self._leaving()):
            self.dismiss()
        else:
            self._scroll(self._step(event.key))

    def on_mouse_scroll_down(self) -> None:
        """Three lines on."""
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Three lines back."""
        self._scroll(-3)

    def _leaving(self) -> Iterator[KeyRow]:
        keys = cast("Dashboard", self.app).keys
        return (row for row in keys if row.action in ("quit", "help", "log", "leave"))

    def _step(self, key: str) -> int:
        lines = max(1, self.size.height - 2)
        return _STEPS.get(key, 0) + int(_PAGES.get(key, 0) * lines) + _ENDS.get(key, 0) * len(self._content)

    def _scroll(self, step: int) -> None:
        self._top = max(0, min(self._top + step, len(self._content) - self.size.height + 2))
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if width < 10 or height < 3:
            return
        if width != self._folded:  # a page may have thousands of lines
            self._content = [part for line in self._lines for part in folded(line, width - 1)]
            self._folded = width
        shown = self._content[self._top : self._top + height - 2]
        last = self._top + len(shown)
        title: Line = [("─ ", "rule"), (self._title, "accent"), (" ", "text")]
        where: Line = [(f" {self._top + 1}–{last} of {len(self._content)} ", "faint"), ("─", "rule")]
        keys: Line = [(" Esc", "key"), (" back   ", "dim"), ("j k Home End", "key"), (" move", "dim")]
        body = [*shown, *([[]] * (height - 2 - len(shown)))]
        lines = [spread(title, where, width, ("─", "rule")), *body, keys]
        self.query_one("#page", Lines).show([fill(line, width) for line in lines])

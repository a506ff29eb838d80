"""Changed pieces of lines, written straight to the terminal; knows nothing of what they say.

Textual's compositor asks every widget that has changed for whole lines, cuts them and writes them: a third of what the
dashboard spent on a frame. What changes from one frame to the next stands inside widgets that stay where they are, so
it can be written there without asking. Whatever needs more (another layout, a page above, a test's driver, a filter of
colours) goes the usual way, which draws the very same lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget

    from ebtop.tui.app import Dashboard


class Painter:
    """Collects spans in the thread that draws, and writes them in one piece before that does anything else."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._spans: list[str] = []

    def can_paint(self, widget: Widget) -> bool:
        """Whether `widget` stands on the terminal where it was last laid out, with nothing above it."""
        screen = widget.screen
        return (
            not self._app.is_headless
            and screen is self._app.screen
            and not screen._layout_required  # noqa: SLF001  # nothing public says that a layout is on its way
            and not widget.get_line_filters()
        )

    def add(self, x: int, y: int, pieces: Iterable[tuple[str, str]]) -> None:
        """Texts, each with its `code`, from cell (`x`, `y`) of the terminal on."""
        if not self._spans:
            asyncio.get_running_loop().call_soon(self._flush)
        self._spans.append(f"\x1b[{y + 1};{x + 1}H")
        self._spans += [f"\x1b[0;{code}m{text}" for text, code in pieces]

    def code(self, style: Style) -> str:
        """The terminal's parameters (SGR) for `style`."""
        system = self._app.console._color_system  # noqa: SLF001  # as Textual's own strips ask for it
        return Strip.render_ansi(style, system) if system is not None else ""

    def _flush(self) -> None:
        driver = self._app._driver  # noqa: SLF001  # what Textual itself writes with
        spans, self._spans = self._spans, []
        if driver is not None:
            self._app._begin_update()  # noqa: SLF001  # so that a terminal that can shows it at once
            driver.write("".join([*spans, "\x1b[0m"]))
            self._app._end_update()  # noqa: SLF001

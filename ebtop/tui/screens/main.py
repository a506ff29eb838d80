"""The screen under all others: header, panels or one maximised probe, status, keys; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import Screen

from ebtop.tui.widgets.focus import Focus
from ebtop.tui.widgets.footer import Footer, Status
from ebtop.tui.widgets.header import Header
from ebtop.tui.widgets.lines import Lines
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.process import ProcessStage
from ebtop.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard


class Main(Screen[None], inherit_bindings=False):
    """Tells the app when it stands, and when it is the topmost again."""

    @property
    def dashboard(self) -> Dashboard:
        """The app."""
        return cast("Dashboard", self.app)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Header(id="header")
        yield Overview(self.dashboard.wanted_probes())
        yield Focus()
        yield ProcessStage()
        yield Lines(id="small")
        yield Status(id="status")
        yield Prompt(id="prompt")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """All widgets are there."""
        self.dashboard.opened()

    def on_screen_resume(self) -> None:
        """A page was over it, and the terminal may have changed its size meanwhile, which reached the page only."""
        self.dashboard.uncovered()

"""A maximised probe; a thin shell around focuslines."""

from __future__ import annotations

from textual import events
from textual.reactive import reactive

from ebtop.tui.focuslines import focus_lines
from ebtop.tui.looked import Looked
from ebtop.tui.panellines import PanelLines
from ebtop.tui.widgets.lines import Lines


class Focus(Lines, can_focus=True):
    """Whole table, trend, histogram."""

    data: reactive[Looked | None] = reactive(None, repaint=False, always_update=True)

    def __init__(self) -> None:
        super().__init__(id="focus")
        self.drawn = PanelLines([])

    def watch_data(self) -> None:
        """Draw what changed."""
        self.draw()

    def draw(self) -> None:
        """Lay the data out in the present size."""
        if self.data is None or not self.display or self.size.width < 4 or self.size.height < 1:
            return
        self.drawn = focus_lines(self.data, self.size.width, self.size.height)
        self.show(self.drawn.lines, self.drawn.cursor)

    def on_resize(self) -> None:
        """More or fewer columns and rows."""
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """A click on a heading sorts, on a row moves the cursor, on a box of a flame graph as well."""
        if self.drawn.flame is not None:
            self.dashboard.flame_clicked(event.x, event.y - 3, self.size.width)
        elif self.data is not None and event.y >= 2:
            self.dashboard.clicked(self.data.probe.name, self.drawn.table, event.x, event.y - 2)

"""The stage of one process; a thin shell around processlines."""

from __future__ import annotations

from textual import events
from textual.reactive import reactive

from ebtop.tui.processlines import Looking, ProcessLines, process_lines
from ebtop.tui.widgets.lines import Lines


class ProcessStage(Lines, can_focus=True):
    """Who it is, and a panel for each probe that knows something of it."""

    data: reactive[Looking | None] = reactive(None, repaint=False, always_update=True)

    def __init__(self) -> None:
        super().__init__(id="process")
        self.drawn = ProcessLines([])

    def watch_data(self) -> None:
        """Draw what changed."""
        self.draw()

    def draw(self) -> None:
        """Lay the data out in the present size."""
        if self.data is None or not self.display or self.size.width < 4 or self.size.height < 1:
            return
        self.drawn = process_lines(self.data, self.size.width, self.size.height)
        self.show(self.drawn.lines, self.drawn.cursor)

    def on_resize(self) -> None:
        """More or fewer columns and rows."""
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """A click gives a panel the focus, on a row the cursor."""
        for name, place in zip(self.drawn.probes, self.drawn.places, strict=True):
            if place.x <= event.x < place.x + place.width and place.y <= event.y < place.y + place.height:
                self.dashboard.process_clicked(name, event.y - place.y - 1)

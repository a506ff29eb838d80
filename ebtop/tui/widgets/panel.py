"""One probe in the overview; a thin shell around panellines."""

from __future__ import annotations

from textual import events
from textual.reactive import reactive

from ebtop.spec import Probe
from ebtop.tui.looked import Looked
from ebtop.tui.panellines import PanelLines, panel_lines
from ebtop.tui.widgets.lines import Lines


class Panel(Lines, can_focus=True):
    """Title rule, top rows, histogram; focused, it has a cursor."""

    data: reactive[Looked | None] = reactive(None, repaint=False, always_update=True)

    def __init__(self, probe: Probe) -> None:
        super().__init__(id=f"panel-{probe.name}" if probe.name.isidentifier() else None)
        self.probe = probe
        self.joint = ""
        self.drawn = PanelLines([])

    def watch_data(self) -> None:
        """Draw what changed."""
        self.draw()

    def draw(self) -> None:
        """Lay the data out in the present size."""
        if self.data is None or self.size.width < 4 or self.size.height < 1:
            return
        self.drawn = panel_lines(self.data, self.size.width, self.size.height, self.joint)
        self.show(self.drawn.lines, self.drawn.cursor)

    def on_resize(self) -> None:
        """More or fewer columns and rows."""
        self.draw()

    def on_focus(self) -> None:
        """The app hands new data down: the cursor comes here."""
        self.dashboard.focus_moved(self.probe.name)

    def on_click(self, event: events.Click) -> None:
        """A click on the title maximises, on a heading sorts, on a row moves the cursor."""
        if event.y == 0:
            if event.chain == 2:
                self.dashboard.action_maximise()
            return
        self.dashboard.clicked(self.probe.name, self.drawn.table, event.x - (1 if self.joint else 0), event.y - 1)

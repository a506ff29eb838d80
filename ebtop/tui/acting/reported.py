"""What widgets report to the dashboard: focus, clicks, what was drawn; changes only how things are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.spec import Table
from ebtop.tui.acting.base import Acting
from ebtop.tui.widgets.focus import Focus
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.process import ProcessStage

if TYPE_CHECKING:
    from ebtop.tui.tablelines import TableLines


class Reported(Acting):
    """Called by widgets, not by keys."""

    def drawn(self) -> TableLines | None:
        """The table of the focused probe as it was last drawn."""
        if self._app.process:
            return self._app.main.query_one(ProcessStage).drawn.tables.get(self._app.focused_probe)
        if self._app.is_maximised:
            return self._app.main.query_one(Focus).drawn.table
        panel = self._app.main.query_one(Overview).panel(self._app.focused_probe)
        return panel.drawn.table if panel else None

    def selected(self) -> str:
        """The names in the row under the cursor, in full."""
        table = self.drawn()
        return table.row.names if table else ""

    def focus_moved(self, name: str) -> None:
        """Panel `name` has the focus now."""
        # Hidden panels pass the focus on as they go.
        if name != self._app.focused_probe and self._app.stage == "overview":
            self._app.focused_probe = name
            self._app.hand_down()

    def clicked(self, name: str, table: TableLines | None, x: int, y: int) -> None:
        """Something below the title of probe `name` was clicked: the heading sorts, a row takes the cursor."""
        self._app.focused_probe = name
        view = self._app.looked(name).view
        if table is None or view is None:
            return
        headed = 1 if table.headed else 0
        if y < headed and isinstance(view, Table):
            self._app.sort_by(view, table.column_at(x))
        elif 0 <= y - headed < len(table.rows):
            state = self._app.views[name]
            state.cursor = state.top + y - headed
        self._app.hand_down()

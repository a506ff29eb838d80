"""Keys that move the focus and the cursor."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting
from ebtop.tui.plan import Place, neighbour
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.process import ProcessStage


class Moving(Acting):
    """Panels, rows, pages."""

    def action_panel(self, step: int) -> None:
        """The next panel, or the one before."""
        app = self._app
        if app.is_maximised:
            app.turn_to_heat()
            return
        names = [name for name, _ in self._panels()]
        if names:
            place = names.index(app.focused_probe) if app.focused_probe in names else -step
            app.focus_probe(names[(place + step) % len(names)])

    def action_side(self, dx: int, dy: int) -> None:
        """The panel on that side; maximised: the view before or after, the row above or below."""
        app = self._app
        if app.is_on_heat():
            app.move_heat(dx, -dy)
            return
        if app.flame_drawn() is not None:
            app.move_flame(dx, dy)
            return
        if app.is_maximised:
            if dy:
                self.action_row(dy)
            else:
                app.action_view(dx)
            return
        panels = self._panels()
        here = next((place for place, (name, _) in enumerate(panels) if name == app.focused_probe), None)
        if here is not None:
            app.focus_probe(panels[neighbour([place for _, place in panels], here, dx, dy)][0])
        elif panels:
            app.focus_probe(panels[0][0])

    def _panels(self) -> list[tuple[str, Place]]:
        """Name and place of each panel that is seen."""
        app = self._app
        if app.process:
            drawn = app.main.query_one(ProcessStage).drawn
            return list(zip(drawn.probes, drawn.places, strict=True))
        return [(panel.probe.name, Place(*panel.region)) for panel in app.main.query_one(Overview).panels]

    def action_row(self, step: int) -> None:
        """Move the cursor by `step` rows."""
        if self._app.is_on_heat():
            self._app.move_heat(0, -step)
        elif self._app.flame_drawn() is not None:
            self._app.move_flame(0, step)
        elif self._state:
            self._state.cursor = max(0, self._state.cursor + step)
            self._app.hand_down()

    def action_edge(self, end: int) -> None:
        """The first row, or the last."""
        if self._app.flame_drawn() is not None:
            self._app.edge_flame(end)
            return
        table = self._app.drawn()
        if self._state and table:
            self._state.cursor = table.shown - 1 if end > 0 else 0
            self._app.hand_down()

    def action_page(self, way: int) -> None:
        """Half of the rows that are seen."""
        if self._app.flame_drawn() is not None:
            self._app.page_flame(way)
            return
        table = self._app.drawn()
        if table:
            self.action_row(way * max(1, len(table.rows) // 2))

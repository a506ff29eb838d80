"""Keys that change how the focused probe is looked at: size, view, order, filter."""

from __future__ import annotations

from ebtop.spec import Events, Table
from ebtop.tui.acting.base import Acting
from ebtop.tui.columns import slots


class Looking(Acting):
    """Nothing of it changes what is collected."""

    def action_maximise(self) -> None:
        """The focused probe on the whole stage, or back."""
        if self._app.process:
            self._app.action_open()
        elif self._app.focused_probe:
            self._app.maximise(not self._app.is_maximised)

    def action_leave(self) -> None:
        """Without filter first, then to the overview."""
        state = self._state
        if state and state.filter and not self._app.is_on_flame():
            state.filter = ""
            self._app.hand_down()
        elif self._app.is_on_heat():
            self._app.turn_to_heat()
        elif self._app.unzoom_flame():
            return
        elif self._app.process:
            self._app.close_process()
        elif self._app.is_maximised:
            self._app.maximise(False)

    def action_view(self, step: int) -> None:
        """The next table, event list or flame graph of the probe."""
        state = self._state
        if state:
            count = len(self._app.looked(self._app.focused_probe).listed)
            state.view = (state.view + step) % max(1, count)
            state.cursor = state.top = 0
            self._app.hand_down()

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or the one before."""
        if self._app.is_without_rows():
            return
        state, view = self._state, self._sorted_view()
        if isinstance(view, Table) and state:
            names = [slot.name for slot in slots(view)]
            here = names.index(state.sort_of(view))
            self.sort_by(view, names[(here + step) % len(names)])
            self._app.hand_down()

    def _sorted_view(self) -> Table | Events | None:
        """What the focused probe shows: of a process, what was drawn."""
        app = self._app
        if app.process:
            table = app.drawn()
            return table.row.data.view if table else None
        rows = app.looked(app.focused_probe).rows if app.focused_probe else None
        return rows.view if rows else None

    def sort_by(self, view: Table, column: str) -> None:
        """Sort by `column`; by the same once more: the other way round."""
        state = self._state
        if state and column:
            state.backwards = not state.backwards if state.sort_of(view) == column else False
            state.sorts[view.name] = column

    def action_reverse(self) -> None:
        """Turn the order of rows round."""
        if self._state and not self._app.is_without_rows():
            self._state.backwards = not self._state.backwards
            self._app.hand_down()

"""Keys in a flame graph: from box to box, and which of them fills the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.cells import stack
from ebtop.tui.acting.base import Acting
from ebtop.tui.widgets.focus import Focus

if TYPE_CHECKING:
    from ebtop.flames import Box, Path
    from ebtop.tui.flamelines import FlameLines
    from ebtop.tui.tablelines import ViewState


class Flames(Acting):
    """The same keys that move in tables."""

    def flame_drawn(self) -> FlameLines | None:
        """The flame graph that is seen; None where none is."""
        app = self._app
        return app.main.query_one(Focus).drawn.flame if app.is_maximised else None

    def is_on_flame(self) -> bool:
        """Whether the focused probe is seen as a flame graph, which has no rows to be filtered or sorted."""
        app = self._app
        return app.focused_probe in app.probes and not app.process and app.looked(app.focused_probe).is_flame

    def is_without_rows(self) -> bool:
        """The same, and says what to do."""
        if self.is_on_flame():
            self._app.say("a flame graph has no rows; v goes to the probe's tables", "dim")
            return True
        return False

    def move_flame(self, dx: int, dy: int) -> None:
        """The next box to a side, the caller above, or the widest that it calls."""
        state, drawn = self._state, self.flame_drawn()
        if state is None or drawn is None or drawn.selected is None:
            return
        path = drawn.selected.path
        if dy:
            path = _along(path, drawn, dy)
        elif beside := _beside(drawn.selected, drawn, dx):
            path = beside.path
        self._point(state, drawn, path)

    def page_flame(self, way: int) -> None:
        """Half of the lines that are seen, towards the callers or what they call."""
        drawn = self.flame_drawn()
        self.move_flame(0, way * max(1, len(drawn.levels) // 2 if drawn else 1))

    def edge_flame(self, end: int) -> None:
        """The box that fills the width, or the innermost of what is called most."""
        drawn = self.flame_drawn()
        if drawn is not None and drawn.flame is not None:
            self.move_flame(0, end * (drawn.flame.deepest + 1))

    def _point(self, state: ViewState, drawn: FlameLines, path: Path) -> None:
        """The cursor to `path`, of what is seen: where that lacks some of the zoom, the rest of it is forgotten."""
        if drawn.flame is not None:
            state.flame.zoom = drawn.flame.zoom
        state.flame.path = path
        self._app.hand_down()

    def zoom_flame(self) -> None:
        """The box under the cursor fills the width."""
        state, drawn = self._state, self.flame_drawn()
        if state is not None and drawn is not None and drawn.selected is not None:
            state.flame.zoom = state.flame.path = drawn.selected.path
            state.flame.top = 0
            self._app.hand_down()

    def unzoom_flame(self) -> bool:
        """One function less of what fills the width; False where that is everything."""
        state, drawn = self._state, self.flame_drawn()
        if state is None or drawn is None or drawn.flame is None or not state.flame.zoom:
            return False
        seen = drawn.flame.zoom
        state.flame.zoom, state.flame.top = seen[:-1], 0
        self._app.hand_down()
        return bool(seen)

    def flame_selected(self) -> str:
        """The stack down to the box under the cursor, folded; "" where there is none."""
        frame, drawn = self._app.frame, self.flame_drawn()
        path = drawn.selected.path if drawn is not None and drawn.selected is not None else ()
        return stack(frame, path) if frame is not None else ""

    def flame_clicked(self, x: int, y: int, cells: int) -> None:
        """Cell `x` of line `y` of the graph was clicked: the cursor goes there, and once more: it fills the width."""
        state, drawn = self._state, self.flame_drawn()
        if state is None or drawn is None or not 0 <= y < len(drawn.levels):
            return
        found = next((box for box in drawn.levels[y] if round(box.begin * cells) <= x < round(box.end * cells)), None)
        if found is not None and drawn.selected is not None and found.path == drawn.selected.path:
            self.zoom_flame()
        elif found is not None:
            self._point(state, drawn, found.path)


def _along(path: Path, drawn: FlameLines, steps: int) -> Path:
    """So many callers up, not beyond what fills the width; or down, each time into the widest that is called."""
    assert drawn.flame is not None
    if steps < 0:
        return path[: max(len(drawn.flame.zoom), len(path) + steps)]
    for _ in range(steps):
        called = drawn.flame.widest_under(path, drawn.least)
        if called is None:
            break
        path = called.path
    return path


def _beside(here: Box, drawn: FlameLines, step: int) -> Box | None:
    """The box next to it in its line, whoever calls that."""
    line = len(here.path) - drawn.top
    if not 0 <= line < len(drawn.levels):
        return None
    boxes = drawn.levels[line]
    places = [place for place, box in enumerate(boxes) if box.path == here.path]
    if not places:
        return min(boxes, key=lambda box: abs(box.begin - here.begin), default=None)
    return boxes[max(0, min(places[0] + step, len(boxes) - 1))]

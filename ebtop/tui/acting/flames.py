"""Keys in a flame graph: from box to box, and which of them fills the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.cells import stack
from ebtop.tui.acting.base import Acting
from ebtop.tui.widgets.focus import Focus

if TYPE_CHECKING:
    from ebtop.flames import Box
    from ebtop.tui.flamelines import FlameLines


class Flames(Acting):
    """The same keys that move in tables."""

    def flame_drawn(self) -> FlameLines | None:
        """The flame graph that is seen; None where none is."""
        app = self._app
        return app.main.query_one(Focus).drawn.flame if app.is_maximised else None

    def move_flame(self, dx: int, dy: int) -> None:
        """The next box to a side, the caller above, or the widest that it calls."""
        state, drawn = self._state, self.flame_drawn()
        if state is None or drawn is None or drawn.selected is None:
            return
        here = drawn.selected
        if dy < 0 and len(here.path) > len(state.flame.zoom):
            state.flame.path = here.path[:-1]
            state.flame.top = max(0, state.flame.top - (len(here.path) - 1 < drawn.top))
        elif dy > 0:
            self._descend(here, drawn)
        elif dx:
            beside = _beside(here, drawn, dx)
            state.flame.path = beside.path if beside else here.path
        self._app.hand_down()

    def _descend(self, here: Box, drawn: FlameLines) -> None:
        """Into the widest function that is called; one line further where that is not on the screen yet."""
        state = self._state
        assert state is not None
        line = len(here.path) + 1 - drawn.top
        if 0 <= line < len(drawn.levels):
            called = [box for box in drawn.levels[line] if box.path[:-1] == here.path]
            if called:
                state.flame.path = max(called, key=lambda box: box.count).path
        elif line == len(drawn.levels):
            state.flame.top += 1
            self._app.hand_down()
            again = self.flame_drawn()
            if again is not None and len(here.path) + 1 - again.top < len(again.levels):
                self._descend(here, again)

    def zoom_flame(self) -> None:
        """The box under the cursor fills the width."""
        state = self._state
        if state is not None:
            state.flame.zoom, state.flame.top = state.flame.path, 0
            self._app.hand_down()

    def unzoom_flame(self) -> bool:
        """One function less of what fills the width; False where that is everything."""
        state, drawn = self._state, self.flame_drawn()
        if state is None or drawn is None or not state.flame.zoom:
            return False
        state.flame.zoom, state.flame.top = state.flame.zoom[:-1], 0
        self._app.hand_down()
        return True

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
        if found is not None and found.path == state.flame.path:
            self.zoom_flame()
        elif found is not None:
            state.flame.path = found.path
            self._app.hand_down()


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

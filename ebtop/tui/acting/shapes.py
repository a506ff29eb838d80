"""Keys for what stands under a maximised table: which shape, and where the heatmap's cursor is."""

from __future__ import annotations

import numpy as np

from ebtop.tui.acting.base import Acting
from ebtop.tui.tablelines import SHAPES, HeatCursor

_NAMES = {"both": "trend and histogram", "heatmap": "heatmap", "trend": "trend", "histogram": "histogram"}


class Shapes(Acting):
    """H, and moving in the heatmap."""

    def action_shape(self) -> None:
        """Trend and histogram, heatmap, trend, histogram, and round again; maximises first."""
        app, state = self._app, self._state
        if state is None or app.process or app.is_without_rows():
            return
        if not app.is_maximised:
            app.maximise(True)
            state.shape = "both"
        if app.looked(app.focused_probe).histogram is None:
            app.say("this probe has no histogram to be drawn over time", "dim")
            return
        state.shape = SHAPES[(SHAPES.index(state.shape) + 1) % len(SHAPES)]
        state.on_heat, state.heat = state.shape == "heatmap", HeatCursor()
        app.say(_NAMES[state.shape])
        app.hand_down()

    def is_on_heat(self) -> bool:
        """Whether keys move in the heatmap."""
        state, app = self._state, self._app
        on_heat = state is not None and state.on_heat and state.shape == "heatmap"
        return on_heat and app.is_maximised and not app.is_on_flame()

    def turn_to_heat(self) -> None:
        """The keys change between table and heatmap."""
        state = self._state
        if state is not None and state.shape == "heatmap" and not self._app.is_on_flame():
            state.on_heat = not state.on_heat
            self._app.hand_down()

    def move_heat(self, columns: int, buckets: int) -> None:
        """Move the cursor by ticks to the right and buckets upwards."""
        app, state = self._app, self._state
        heat = app.looked(app.focused_probe).heat
        if state is None or heat is None or not len(heat.counts):
            return
        cursor, newest = state.heat, int(heat.numbers[0]) + len(heat.counts) - 1
        number = newest if cursor.number is None else cursor.number
        if columns:
            number = max(int(heat.numbers[0]), min(number + columns, newest))
            cursor.number = None if number == newest else number
        if buckets:
            counts = heat.counts[number - int(heat.numbers[0])]
            here = cursor.bucket if cursor.bucket >= 0 else int(counts.argmax())
            used = np.flatnonzero(heat.counts.any(axis=0))
            cursor.bucket = max(int(used[0]), min(here + buckets, int(used[-1]))) if used.size else -1
        app.hand_down()

"""How much, as a glyph and a colour that both rise: read by density where there is no colour; knows no data.

Colours go by lightness alone, in equal steps from the ground they stand on, so that no kind of colour blindness takes
away their order; hues only help.
"""

from __future__ import annotations

from collections.abc import Sequence

from ebtop.tui.colours import at_lightness, lightness

STEPS = 8
"""Roles are ramp0, which is nothing, to ramp8."""
_GLYPHS = " ·░▒▓█"
_STOPS = {
    "cividis": ("#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"),
    "viridis": ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"),
    "grey": ("#000000", "#ffffff"),
}
"""Of rising lightness; published palettes (Nuñez, Anderton, Renslow 2018; van der Walt, Smith 2015), every fifth."""
_FIRST = 14.0
"""Lightness between the ground and the first step, that it be seen at all."""
_NEAREST = 12.0
"""Lightness of the last step on a light ground."""


def ramp(share: float, steps: int = STEPS) -> tuple[str, str]:
    """Glyph and role for `share` (0…1) in `steps` steps above nothing; more than nothing is at least the first step."""
    if not share > 0:
        return _GLYPHS[0], "ramp0"
    step = min(steps, max(1, -int(-share * steps // 1)))
    before, last = (step - 1, steps - 1) if steps > 1 else (1, 1)
    return _GLYPHS[1 + before * (len(_GLYPHS) - 2) // last], f"ramp{1 + before * (STEPS - 1) // last}"


def colours(name: str, ground: str) -> Sequence[str]:
    """The colours of roles ramp0 to ramp8 of palette `name` on `ground`: away from it in equal steps of lightness."""
    stops, begin = _STOPS[name], lightness(ground)
    dark = begin < 50
    end = lightness(stops[-1]) if dark else _NEAREST
    first = begin + _FIRST if dark else begin - _FIRST
    wanted = [first + (end - first) * step / (STEPS - 1) for step in range(STEPS)]
    return [ground, *(at_lightness(stops, light) for light in wanted)]

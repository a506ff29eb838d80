"""Keys and choices that change how everything looks: units, theme."""

from __future__ import annotations

from collections.abc import Sequence

from ebtop import units
from ebtop.settings import THEMES
from ebtop.tui import palette
from ebtop.tui.acting.base import Acting
from ebtop.tui.widgets.lines import Lines


class LooksActions(Acting):
    """Nothing of it changes what is collected, or what is saved."""

    def begin_looks(self) -> None:
        """As the settings want it."""
        app = self._app
        for theme in (palette.TRUE_COLOUR, palette.LIGHT, palette.FEW_COLOURS):
            app.register_theme(theme)
        units.use(app.settings.units)
        self._wear("ebtop-16" if app.looks.few_colours else app.looks.theme)

    def themes_to_choose(self) -> Sequence[str]:
        """By name; none where the terminal's own colours are used."""
        return () if self._app.looks.few_colours else [name for name in THEMES if name in self._app.available_themes]

    def action_theme(self, name: str) -> None:
        """Other colours from now on."""
        self._wear(name)
        self._app.say(f"theme {name}")
        self._app.call_next(self._repaint)  # behind the new style sheet, which Textual has just queued

    def action_units(self) -> None:
        """The next way to write bytes."""
        names = [style.name for style in units.STYLES]
        units.use(names[(names.index(units.style().name) + 1) % len(names)])
        self._app.hand_down()
        self._app.say(units.style().does)

    def _wear(self, name: str) -> None:
        app = self._app
        if name not in app.available_themes:  # another release of Textual
            app.remember(f"this release of Textual has no theme {name}")
            name = "ebtop"
        app.theme = name
        theme = None if app.looks.few_colours else app.available_themes[name]
        app.roles = palette.styles(theme, app.looks.ramp)

    def _repaint(self) -> None:
        for screen in self._app.screen_stack:
            for lines in screen.query(Lines):
                lines.repaint()

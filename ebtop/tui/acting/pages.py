"""Keys that leave, or open a page over the dashboard."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting


class Pages(Acting):
    """Quit, help, log, palette."""

    async def action_quit(self) -> None:
        """Leave."""
        self._app.end(0)

    def action_help(self) -> None:
        """Keys, columns, hooks, what is missed."""
        from ebtop.tui.screens.help import help_lines
        from ebtop.tui.screens.page import Page

        app = self._app
        looked = app.looked(app.focused_probe) if app.focused_probe else None
        app.push_screen(Page("Help", help_lines(looked, app.keys)))

    def took(self, key: str) -> bool:
        """Whether `key`, pressed on a page, is one of those that work on all of them: Ctrl-C, and a picture."""
        if key == "ctrl+c":
            self._app.end(0)
        elif any(row.action == "picture" and key in row.keys for row in self._app.keys):
            self._app.action_picture()
        else:
            return False
        return True

    def action_log(self) -> None:
        """Compiler and verifier text of each probe, and messages."""
        from ebtop.tui.screens.log import log_lines
        from ebtop.tui.screens.page import Page

        app = self._app
        self._app.push_screen(
            Page("Log", log_lines(app.frame, app.wanted_probes(), app.focused_probe, app.notices.lines))
        )

    def action_palette(self) -> None:
        """Find an action by name."""
        from ebtop.tui.screens.palette import Palette, choices

        app = self._app
        offered = choices(app.stage, app.slots, app.keys, app.themes_to_choose(), app.is_on_flame())
        app.push_screen(Palette(offered), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action:
            await self._app.run_action(action)

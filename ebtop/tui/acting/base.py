"""What every group of actions stands on: the app, and how its focused probe is looked at; does nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard
    from ebtop.tui.tablelines import ViewState


class Acting:
    """Mixed into the dashboard."""

    @property
    def _app(self) -> Dashboard:
        return cast("Dashboard", self)

    @property
    def _state(self) -> ViewState | None:
        app = self._app
        return (app.process_states if app.process else app.views).get(app.focused_probe)

"""What the keys do; three lines each, the work stands in the widgets and pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ebtop.spec import Table
from ebtop.tui.columns import slots
from ebtop.tui.plan import Place, neighbour
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard
    from ebtop.tui.tablelines import ViewState

_INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Actions:
    """Mixed into the dashboard."""

    @property
    def _app(self) -> Dashboard:
        return cast("Dashboard", self)

    @property
    def _state(self) -> ViewState | None:
        return self._app.views.get(self._app.focused_probe)

    # --- leaving and looking elsewhere --------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave."""
        self._app.end(0)

    def action_help(self) -> None:
        """Keys, columns, hooks, what is missed."""
        from ebtop.tui.screens.help import help_lines
        from ebtop.tui.screens.page import Page

        self._app.push_screen(Page("Help", help_lines(self._app.looked(self._app.focused_probe))))

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
        from ebtop.tui.screens.palette import Palette

        self._app.push_screen(Palette(self._app.is_maximised), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action:
            await self._app.run_action(action)

    # --- probes -------------------------------------------------------------------------------------------------------

    def action_toggle_probe(self, slot: int) -> None:
        """Switch the probe in `slot` on or off."""
        app = self._app
        name = next((name for name, probe in app.probes.items() if probe.slot == slot), None)
        if name is None:
            return
        on = name not in app.wanted
        app.want(tuple(other for other in app.probes if (on if other == name else other in app.wanted)))
        title = app.probes[name].title
        app.say(f"{title}: on, counting from zero" if on else f"{title}: off, detached")

    # --- moving -------------------------------------------------------------------------------------------------------

    def action_panel(self, step: int) -> None:
        """The next panel, or the one before."""
        app = self._app
        if app.wanted and not app.is_maximised:
            place = app.wanted.index(app.focused_probe) if app.focused_probe in app.wanted else -step
            app.focus_probe(app.wanted[(place + step) % len(app.wanted)])

    def action_side(self, dx: int, dy: int) -> None:
        """The panel on that side; maximised: the view before or after, the row above or below."""
        app = self._app
        if app.is_maximised:
            if dy:
                self.action_row(dy)
            else:
                self.action_view(dx)
            return
        panels = app.main.query_one(Overview).panels
        places = [Place(*panel.region) for panel in panels]
        here = next((place for place, panel in enumerate(panels) if panel.probe.name == app.focused_probe), None)
        if here is not None:
            app.focus_probe(panels[neighbour(places, here, dx, dy)].probe.name)

    def action_row(self, step: int) -> None:
        """Move the cursor by `step` rows."""
        if self._state:
            self._state.cursor = max(0, self._state.cursor + step)
            self._app.hand_down()

    def action_edge(self, end: int) -> None:
        """The first row, or the last."""
        table = self._app.drawn()
        if self._state and table:
            self._state.cursor = table.shown - 1 if end > 0 else 0
            self._app.hand_down()

    def action_page(self, way: int) -> None:
        """Half of the rows that are seen."""
        table = self._app.drawn()
        if table:
            self.action_row(way * max(1, len(table.rows) // 2))

    # --- looking differently ------------------------------------------------------------------------------------------

    def action_maximise(self) -> None:
        """The focused probe on the whole stage, or back."""
        if self._app.focused_probe:
            self._app.maximise(not self._app.is_maximised)

    def action_leave(self) -> None:
        """Without filter first, then to the overview."""
        state = self._state
        if state and state.filter:
            state.filter = ""
            self._app.hand_down()
        elif self._app.is_maximised:
            self._app.maximise(False)

    def action_view(self, step: int) -> None:
        """The next table or event list of the probe."""
        state = self._state
        if state:
            count = len(self._app.looked(self._app.focused_probe).listed)
            state.view = (state.view + step) % max(1, count)
            state.cursor = state.top = 0
            self._app.hand_down()

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or the one before."""
        view = self._app.looked(self._app.focused_probe).view
        if isinstance(view, Table) and self._state:
            names = [slot.name for slot in slots(view)]
            here = names.index(self._state.sort_of(view))
            self.sort_by(view, names[(here + step) % len(names)])
            self._app.hand_down()

    def sort_by(self, view: Table, column: str) -> None:
        """Sort by `column`; by the same once more: the other way round."""
        state = self._state
        if state and column:
            state.backwards = not state.backwards if state.sort_of(view) == column else False
            state.sorts[view.name] = column

    def action_reverse(self) -> None:
        """Turn the order of rows round."""
        if self._state:
            self._state.backwards = not self._state.backwards
            self._app.hand_down()

    # --- filter -------------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter for the focused probe's rows."""
        state = self._state
        if state:
            self._before = state.filter
            self._app.main.add_class("asking")
            prompt = self._app.main.query_one(Prompt)
            prompt.focus()
            prompt.ask("filter", state.filter)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Rows follow while it is typed."""
        if self._state:
            self._state.filter, self._state.cursor = message.text, 0
            self._app.hand_down()

    def on_prompt_done(self) -> None:
        """The filter stands."""
        self._app.main.remove_class("asking")
        self._app.focus_probe(self._app.focused_probe)

    def on_prompt_left(self) -> None:
        """The filter is what it was."""
        if self._state:
            self._state.filter = self._before
        self._app.main.remove_class("asking")
        self._app.focus_probe(self._app.focused_probe)

    # --- time ---------------------------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Hold the screen still, or follow again."""
        app = self._app
        app.paused = not app.paused
        app.say("paused; collection goes on" if app.paused else "following")
        app.frame = app.frame if app.paused else app.newest

    def action_slower(self) -> None:
        """The next longer interval."""
        self._every(next((step for step in _INTERVALS if step > self._app.interval * 1.01), _INTERVALS[-1]))

    def action_faster(self) -> None:
        """The next shorter interval."""
        self._every(next((step for step in reversed(_INTERVALS) if step < self._app.interval * 0.99), _INTERVALS[0]))

    def _every(self, seconds: float) -> None:
        self._app.interval = seconds
        self._app.timeline.source.every(seconds)
        self._app.say(f"refresh every {seconds:g} s")
        self._app.hand_down()

    # --- files --------------------------------------------------------------------------------------------------------

    def action_snapshot(self) -> None:
        """Save everything collected as JSON."""
        from ebtop.export.json import default_name, encode

        frame = self._app.frame
        if frame is None:
            self._app.say("nothing collected yet", "warn")
            return
        self._save(default_name(frame), lambda: encode(frame))

    def action_picture(self) -> None:
        """Save a picture of the screen as SVG."""
        import time

        name = f"ebtop-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        self._save(name, lambda: self._app.export_screenshot(title="ebtop").encode())

    def _save(self, name: str, content: Callable[[], bytes]) -> None:
        """Write a file beside the screen's thread, and say where it is or why it is not."""
        app = self._app
        try:
            data = content()
        except (ValueError, OSError) as error:
            app.say(f"not saved: {error}", "bad")
            return
        app.run_worker(lambda: self._write(name, data), thread=True, exit_on_error=False)

    def _write(self, name: str, data: bytes) -> None:
        try:
            text, role = f"saved {self._app.save_file(name, data)}", "good"
        except OSError as error:
            text, role = f"not saved: {error.strerror or error}: {error.filename or name}", "bad"
        self._app.call_from_thread(self._app.say, text, role)

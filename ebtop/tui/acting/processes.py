"""Keys that open one process, and that let the kernel count only it; both are undone by the same hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.sample import Target
from ebtop.tui import slots
from ebtop.tui.acting.base import Acting
from ebtop.tui.processlines import Looking
from ebtop.tui.tablelines import ViewState
from ebtop.tui.targets import words_of
from ebtop.tui.widgets.process import ProcessStage

if TYPE_CHECKING:
    from ebtop.frame import Frame


class Processes(Acting):
    """Enter, t."""

    _in_force = Target()
    """Whom the newest sample says that the kernel counts only."""
    _asked = False
    """The user has asked for a target that is not in force yet."""

    def action_open(self) -> None:
        """The program or the process of the row under the cursor; where it has none, the panel maximised."""
        app = self._app
        table = app.drawn()
        if app.process:
            self._maximise_for(app.process)
        elif table is not None and table.row.opens:
            app.open_program(table.row.opens)
        elif table is not None and table.row.pid:
            self.open_process(table.row.pid)
        elif app.flame_drawn() is not None:
            app.zoom_flame()
        elif not app.is_maximised:
            app.action_maximise()
        else:
            app.say("this row has no process of its own", "dim")

    def _maximise_for(self, pid: int) -> None:
        """The focused panel of a process, with all of its rows and shapes."""
        app = self._app
        self.close_process()
        app.views.setdefault(app.focused_probe, ViewState()).filter = f"pid:{pid}"
        app.maximise(True)

    def open_process(self, pid: int) -> None:
        """Everything that is known of `pid` on the whole stage."""
        app = self._app
        app.process, app.process_states = pid, {}
        app.timeline.source.inspect(pid)
        app.main.add_class("process")
        app.relook()

    def close_process(self) -> None:
        """Back to where it was opened."""
        app = self._app
        app.process = 0
        app.timeline.source.inspect(0)
        app.main.remove_class("process")
        app.relook()

    def looking(self) -> Looking:
        """The opened process as it is looked at now."""
        app = self._app
        digits = {name: slots.key_of(app.slots, name) for name in app.probes}
        pinned = app.target.pids == (app.process,)
        return Looking(app.frame, app.process, app.focused_probe, digits, app.process_states, pinned)

    def process_clicked(self, name: str, y: int) -> None:
        """Line `y` below the title of panel `name` was clicked."""
        app = self._app
        app.focused_probe = name
        table = app.main.query_one(ProcessStage).drawn.tables.get(name)
        state = app.process_states.get(name)
        headed = 1 if table is not None and table.headed else 0
        if table is not None and state is not None and 0 <= y - headed < len(table.rows):
            state.cursor = state.top + y - headed
        app.hand_down()

    # --- only one of them ---------------------------------------------------------------------------------------------

    def action_pin(self) -> None:
        """Count only the process under the cursor, in the kernel; once more: everybody again."""
        app = self._app
        table = app.drawn()
        pid = app.process or (table.row.pid if table is not None else 0)
        if app.target:
            self.aim(Target())
        elif pid:
            self.aim(Target((pid,)))
        else:
            app.say("this row has no process to be pinned", "dim")

    def aim(self, target: Target) -> None:
        """Let the kernel count only `target`; an empty one: everybody."""
        app = self._app
        if app.command_status is not None:
            app.say("the command has ended: nothing is counted any more", "warn")
            return
        app.target = target
        if app.timeline.source.mode == "REPLAY":
            self._filter_all(words_of(target))
            app.say(
                f"rows of {words_of(target)} only: a recording has counted everybody" if target else "all rows again"
            )
        else:
            self._asked = True
            app.timeline.source.aim(target)
            app.say(f"only {words_of(target)} is counted from here on" if target else "everybody is counted again")
        app.relook()

    def _filter_all(self, words: str) -> None:
        for name in self._app.probes:
            self._app.views.setdefault(name, ViewState()).filter = words

    def follow_target(self, frame: Frame) -> None:
        """When another target comes into force, all is counted from there on the screen: others' rows disappear."""
        app, target = self._app, frame.sample.target
        before, self._in_force = self._in_force, target
        if target == before:
            return
        app.target, asked, self._asked = target, self._asked, False
        for name in frame.probes if asked else ():  # one of the command line's was there before anything was counted
            if target:
                app.perspective.clear(frame, name)
            else:
                app.perspective.zeros.pop(name, None)

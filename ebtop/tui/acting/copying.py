"""The key that copies a row: to the terminal's clipboard by OSC 52, which ssh carries, and to the desktop's."""

from __future__ import annotations

from ebtop.tui.acting.base import Acting
from ebtop.tui.clipboard import copy


class Copying(Acting):
    """y."""

    def action_copy(self) -> None:
        """The row under the cursor: its names in full, its numbers as they are shown; of a flame graph the stack."""
        app = self._app
        table = app.drawn()
        text = table.row.cells if table is not None else app.flame_selected()
        if not text:
            app.say("no row to copy", "dim")
            return
        app.copy_to_clipboard(text)
        app.run_worker(lambda: self._to_desktop(text), thread=True, exit_on_error=False)

    def _to_desktop(self, text: str) -> None:
        where = "the terminal's clipboard and the desktop's" if copy(text) else "the terminal's clipboard (OSC 52)"
        self._app.call_from_thread(self._app.say, f"copied to {where}: {text.replace(chr(9), ' ')}", "good")

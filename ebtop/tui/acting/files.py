"""Keys that save what is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ebtop.tape import Tape
from ebtop.tui.acting.base import Acting

if TYPE_CHECKING:
    from ebtop.frame import FlameFrame, Frame


class Files(Acting):
    """Snapshot, picture, stacks, recording."""

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
        name = f"ebtop-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        self._save(name, lambda: self._app.export_screenshot(title="ebtop").encode())

    def action_flame_graph(self) -> None:
        """Save the stacks of the focused probe as a flame graph."""
        from ebtop.export.stacks import as_svg

        probe = self._app.focused_probe
        title = self._app.probes[probe].title if probe else ""
        since = self._app.looked(probe).since if probe else ""
        self._save_stacks("svg", lambda frame, data: as_svg(frame, data, title, since))

    def action_folded(self) -> None:
        """Save them as folded text."""
        from ebtop.export.stacks import as_folded

        self._save_stacks("folded", as_folded)

    def _save_stacks(self, suffix: str, encode: Callable[[Frame, FlameFrame], bytes]) -> None:
        from ebtop.export.json import default_name

        app = self._app
        frame, data = app.frame, app.looked(app.focused_probe).stacks if app.focused_probe else None
        if frame is None or data is None:
            app.say("this probe has no stacks to be saved: profile and offcpu have", "dim")
            return
        self._save(default_name(frame, f"-{app.focused_probe}.{suffix}"), lambda: encode(frame, data))

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

    def action_record(self) -> None:
        """Begin a recording, or end it and save it."""
        app = self._app
        if app.tape is None:
            app.tape = Tape()
            app.timeline.tee = app.tape.take
            app.say("recording; R ends it")
            return
        tape, app.tape, app.timeline.tee = app.tape, None, None
        if not tape.samples:
            app.say("nothing was recorded: the next refresh had not come yet", "warn")
            return
        self._save(time.strftime("ebtop-%Y%m%d-%H%M%S.ebtop"), tape.content)

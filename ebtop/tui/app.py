"""The dashboard: one frame comes in, parents hand it down; knows neither kernels nor how a line is made."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.events import Resize
from textual.geometry import Size
from textual.reactive import reactive
from textual.screen import Screen

from ebtop import registry
from ebtop.brake import BOUND_PERCENT, Brake
from ebtop.spec import Probe, Table
from ebtop.tui import palette
from ebtop.tui.acting import Actions
from ebtop.tui.acting.time import INTERVALS
from ebtop.tui.driver import Driver, hung_up
from ebtop.tui.handover import Handover
from ebtop.tui.headline import headline
from ebtop.tui.keys import KEYS
from ebtop.tui.looked import Looked
from ebtop.tui.notices import Notices
from ebtop.tui.panellines import repeats
from ebtop.tui.plan import SMALLEST
from ebtop.tui.screens.main import Main
from ebtop.tui.statusline import status
from ebtop.tui.titles import Headline
from ebtop.tui.widgets.focus import Focus
from ebtop.tui.widgets.footer import Footer, Hints, Status
from ebtop.tui.widgets.header import Header
from ebtop.tui.widgets.lines import Lines
from ebtop.tui.widgets.overview import Overview

if TYPE_CHECKING:
    from ebtop.frame import Frame
    from ebtop.timeline import Timeline
    from ebtop.tui.tablelines import TableLines, ViewState

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_LATE = 3
"""Intervals without a frame after which the header says so."""


class Dashboard(Actions, App[None], inherit_bindings=False):
    """Follows a timeline until the user, a signal or the source ends it."""

    CSS_PATH = Path(__file__).with_name("app.tcss")  # whole: a relative one is resolved to where nobody may walk
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        Binding(key, f"{row.action}({key})" if row.action == "toggle_probe" else row.action, priority=key == "ctrl+c")
        for row in KEYS
        for key in row.keys
    ]

    frame: reactive[Frame | None] = reactive(None, repaint=False, always_update=True, init=False)

    def __init__(
        self,
        timeline: Timeline,
        save: Callable[[str, bytes], str],
        wanted: tuple[str, ...],
        interval: float,
        max_overhead: float = BOUND_PERCENT,
    ) -> None:
        few = palette.has_few_colours(os.environ)
        super().__init__(driver_class=Driver, ansi_color=few or None)
        self.register_theme(palette.TRUE_COLOUR)
        self.register_theme(palette.FEW_COLOURS)
        self.theme = "ebtop-16" if few else "ebtop"
        self.roles = palette.styles(None if few else self.get_css_variables())
        self.animation_level = "none"
        self._disable_tooltips = self._disable_notifications = True
        self.timeline, self.save_file, self.interval = timeline, save, interval
        self.probes: dict[str, Probe] = registry.probes()
        self.wanted: tuple[str, ...] = tuple(name for name in self.probes if name in wanted)
        self.focused_probe = self.wanted[0] if self.wanted else ""
        self.views: dict[str, ViewState] = {}
        self.paused = False
        self.newest: Frame | None = None
        self.followers: list[Callable[[Frame], None]] = []
        """Called with each frame, also while the screen is held."""
        self.borrowed: tuple[str, ...] = ()
        """Probes that run for a few seconds without a panel."""
        self.farewell = ""
        """A line for stderr after the screen is gone."""
        self.notices = Notices()
        self.brake = Brake(max_overhead if timeline.source.mode == "LIVE" else 0, INTERVALS)
        self._restarted: dict[str, int] = {}
        self._came = time.monotonic()
        self._on_terminal = os.isatty(0)
        self._begun = False
        self._handover: Handover[Frame] = Handover()
        self._ended: Handover[str] = Handover()

    def get_default_screen(self) -> Screen[None]:
        """The one screen that is always there."""
        return Main(id="main")

    def on_mount(self) -> None:
        """Listen to signals."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.end, 128 + number)
        # A shell that has seen the warden die takes the terminal back before its modes are: they are set all the same.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def opened(self) -> None:
        """The screen stands: fill it, and begin once that is on the terminal."""
        self._begun = True
        self._show_hints()
        self._resized(self.size)
        self.hand_down()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._handover.open(loop, self._take)
        self._ended.open(loop, self._source_ended)
        source = self.timeline.source
        source.on_end = lambda: self._ended.offer(getattr(source, "failure", ""))  # type: ignore[attr-defined]  # sources look for it
        self.set_interval(1.0, self._tick)
        self._focus_panel()
        self.timeline.start(self._handover.offer)
        gc.freeze()
        gc.enable()

    def end(self, code: int) -> None:
        """Leave in order; `code` is the exit status."""
        self.exit(return_code=code)

    def _source_ended(self, why: str = "") -> None:
        self.farewell = why or "the source ended"
        self.end(1)

    # --- data comes in ------------------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        self.newest, self._came = frame, time.monotonic()
        for message in frame.sample.messages:
            self.remember(message)
        self.interval = frame.sample.interval_s
        self.look_at_cost(frame)
        for follow in tuple(self.followers):
            follow(frame)
        if not self.paused:
            self.frame = frame

    def watch_frame(self) -> None:
        """Hand the frame down."""
        self.hand_down(to_still=False)

    def hand_down(self, to_still: bool = True) -> None:
        """Give every widget that is seen what it shows now; panels in which nothing happens only if `to_still`."""
        if self.screen_stack and self.screen_stack[0].is_mounted:
            self._show_header()
            if self.is_maximised:
                self.main.query_one(Focus).data = self.looked(self.focused_probe)
            else:
                for panel in self.main.query_one(Overview).panels:
                    looked = self.looked(panel.probe.name)
                    if to_still or panel.data is None or not repeats(looked, panel.data):
                        panel.data = looked
            self.show_status()

    @property
    def main(self) -> Screen[None]:
        """The screen under all others."""
        return self.screen_stack[0]

    @property
    def is_maximised(self) -> bool:
        """Whether one probe has the whole stage."""
        return self.main.has_class("maximised")

    def wanted_probes(self) -> list[Probe]:
        """The probes that have a panel."""
        return [self.probes[name] for name in self.wanted]

    def looked(self, name: str) -> Looked:
        """Probe `name` as it is looked at now."""
        from ebtop.tui.tablelines import ViewState

        state = self.views.setdefault(name, ViewState())
        focused = name == self.focused_probe
        rates = tuple(self.timeline.rates(name))
        return Looked(self.probes[name], self.frame, rates, state, focused, self._is_fresh(name))

    def _is_fresh(self, name: str) -> bool:
        shown = self.frame.probes.get(name) if self.frame else None
        return bool(shown and name in self._restarted and shown.sample.started_ns > self._restarted[name])

    # --- what is said -------------------------------------------------------------------------------------------------

    def _show_header(self) -> None:
        self.main.query_one(Header).data = self._headline()

    def _headline(self) -> Headline:
        late = time.monotonic() - self._came
        state = "paused" if self.paused else "replay" if self.timeline.source.mode == "REPLAY" else "live"
        if late > max(_LATE, _LATE * self.interval) and state == "live":
            state = "late"
        at = (time.localtime(self.frame.sample.wall_ns // 10**9),) if self.frame else ()
        return headline(self.frame, time.strftime("%H:%M:%S", *at), self.interval, state, late, self.brake.mark)

    def _show_hints(self) -> None:
        slots = tuple((probe.slot, name in self.wanted) for name, probe in self.probes.items() if probe.slot)
        self.main.query_one(Footer).data = Hints(slots, self.is_maximised)

    def show_status(self) -> None:
        """Notice, or what the focused probe costs and loses."""
        line = self.main.query_one(Status)
        if (notice := self.notices.shown(time.monotonic())) is not None:
            line.data = ((" ", "text"), notice)
        elif self.focused_probe:
            line.data = tuple(status(self.looked(self.focused_probe), self.selected(), self.size.width))
        else:
            line.data = ((" no probe is on: ", "dim"), ("1 … 9", "key"), (" switch them on", "dim"))

    def say(self, text: str, role: str = "text") -> None:
        """A notice for a few seconds, and a line in the log."""
        self.notices.say(text, role, time.monotonic())
        self.remember(text)
        self.show_status()

    def remember(self, text: str) -> None:
        """A line in the log."""
        self.notices.remember(text, time.strftime("%H:%M:%S"))

    def _tick(self) -> None:
        if self._on_terminal and hung_up(0):
            self.end(128 + signal.SIGHUP)
        if self.notices.passed(time.monotonic()):
            self.show_status()
        if time.monotonic() - self._came > _LATE * max(1.0, self.interval):
            self._show_header()

    # --- size ---------------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        """Everything is laid out anew."""
        if self._begun:
            self._resized(event.size)

    def uncovered(self) -> None:
        """The screen is the topmost again."""
        if self._begun:
            self._resized(self.size)
            self.main.refresh(layout=True)

    def _resized(self, size: Size) -> None:
        """Below the smallest size there is one line and nothing else."""
        width, height = size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.main.set_class(small, "small")
        words = f" {width}x{height}: ebtop needs {SMALLEST[0]}x{SMALLEST[1]}"
        self.main.query_one("#small", Lines).show([[(words, "warn")]])
        self.call_after_refresh(self.hand_down)

    # --- what widgets report ------------------------------------------------------------------------------------------

    def drawn(self) -> TableLines | None:
        """The table of the focused probe as it was last drawn."""
        if self.is_maximised:
            return self.main.query_one(Focus).drawn.table
        panel = self.main.query_one(Overview).panel(self.focused_probe)
        return panel.drawn.table if panel else None

    def selected(self) -> str:
        """The names in the row under the cursor, in full."""
        table = self.drawn()
        return table.selected if table else ""

    def focus_moved(self, name: str) -> None:
        """Panel `name` has the focus now; those that are being hidden pass it on among themselves."""
        if name != self.focused_probe and not self.is_maximised:
            self.focused_probe = name
            self.hand_down()

    def clicked(self, name: str, table: TableLines | None, x: int, y: int) -> None:
        """Something below the title of probe `name` was clicked: the heading sorts, a row takes the cursor."""
        self.focused_probe = name
        view = self.looked(name).view
        if table is None or view is None:
            return
        headed = 1 if table.headed else 0
        if y < headed and isinstance(view, Table):
            self.sort_by(view, table.column_at(x))
        elif 0 <= y - headed < len(table.rows):
            state = self.views[name]
            state.cursor = state.top + y - headed
        self.hand_down()

    def focus_probe(self, name: str) -> None:
        """Give the focus, and so the cursor, to probe `name`."""
        self.focused_probe = name
        self._focus_panel()
        self.hand_down()

    def want(self, names: tuple[str, ...], by_hand: bool = True) -> None:
        """Run the probes `names` and no other; `by_hand`: because a user said so."""
        for name in set(names) ^ set(self.wanted) if by_hand else ():
            self.brake.probe_by_hand(name, name in names)
        now = self.newest.sample.monotonic_ns if self.newest else 0
        self._restarted |= dict.fromkeys(set(names) - set(self.wanted), now)
        self.wanted = names
        self.timeline.source.want(names)
        self.main.query_one(Overview).want(self.wanted_probes())
        if self.focused_probe not in names:
            self.maximise(False)
            self.focused_probe = names[0] if names else ""
        self._show_hints()
        self.call_after_refresh(self.focus_probe, self.focused_probe)

    def maximise(self, on: bool) -> None:
        """One probe on the whole stage, or all panels."""
        self.main.set_class(on, "maximised")
        self._show_hints()
        self._focus_panel()
        self.call_after_refresh(self.hand_down)

    def _focus_panel(self) -> None:
        if self.is_maximised:
            self.main.query_one(Focus).focus()
            return
        panel = self.main.query_one(Overview).panel(self.focused_probe)
        if panel is not None:
            panel.focus(scroll_visible=False)
        else:
            self.main.set_focus(None)

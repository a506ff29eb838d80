"""The dashboard: one frame comes in, parents hand it down; knows neither kernels nor how a line is made."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.reactive import reactive
from textual.screen import Screen

from ebtop import registry, units
from ebtop.brake import Brake
from ebtop.kernel import heap
from ebtop.sample import Target
from ebtop.settings import Settings
from ebtop.spec import Probe
from ebtop.tui import looks, palette, slots
from ebtop.tui.acting import Actions
from ebtop.tui.acting.time import INTERVALS
from ebtop.tui.driver import Driver
from ebtop.tui.handover import Handover
from ebtop.tui.keychanges import effective, in_words
from ebtop.tui.keys import Keys, key_of
from ebtop.tui.looked import Looked
from ebtop.tui.notices import Notices
from ebtop.tui.painting import Painter
from ebtop.tui.panellines import repeats
from ebtop.tui.perspective import Perspective
from ebtop.tui.screens.main import Main
from ebtop.tui.widgets.focus import Focus
from ebtop.tui.widgets.overview import Overview
from ebtop.tui.widgets.process import ProcessStage

if TYPE_CHECKING:
    from ebtop.frame import Frame
    from ebtop.heat import Heat
    from ebtop.tape import Tape
    from ebtop.timeline import Timeline
    from ebtop.tui.tablelines import ViewState

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_LATE = 3
"""Intervals without a frame after which the header says so."""
_SETTLED_S = 3.0
"""After that nothing is new any more: there is time to prepare for keys."""
_GIVE_BACK_S = 10.0
_RATES = 240
"""Newest rates handed down: as many as the widest trend shows."""


def bound(keys: Keys) -> BindingsMap:
    """The bindings of a table of keys; Ctrl-C goes before everything."""
    return BindingsMap(
        Binding(key, f"{row.action}({key})" if row.action == "toggle_probe" else row.action, priority=key == "ctrl+c")
        for row in keys
        for key in row.keys
    )


def _prepare() -> None:
    """Import, beside everything else, what the first maximised panel would have to wait 30 ms for."""
    threading.Thread(target=import_module, args=("ebtop.tui.trend",), name="preparing", daemon=True).start()


class Dashboard(Actions, App[None], inherit_bindings=False):
    """Follows a timeline until the user, a signal or the source ends it."""

    CSS_PATH = Path(__file__).with_name("app.tcss")  # whole: a relative one is resolved to where nobody may walk
    ENABLE_COMMAND_PALETTE = False
    frame: reactive[Frame | None] = reactive(None, repaint=False, always_update=True, init=False)

    def __init__(
        self,
        timeline: Timeline,
        save: Callable[[str, bytes], str],
        wanted: tuple[str, ...],
        interval: float,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.looks = looks.of(self.settings, os.environ)
        super().__init__(driver_class=Driver, ansi_color=self.looks.few_colours or None)
        keys = effective(self.settings.keys)
        self.keys: Keys = in_words(keys) if self.looks.ascii else keys
        """Every key that works, the only table to look at."""
        self._bindings = bound(self.keys)
        self.painter = Painter(self)
        self._log_key = key_of("log", self.keys)
        self.roles: palette.Roles = {}
        """The style of each role in the theme that is worn."""
        self.animation_level = "none"
        self._disable_tooltips = self._disable_notifications = True
        self.timeline, self.save_file, self.interval = timeline, save, interval
        self.slots: dict[int, str] = dict(self.settings.slots)
        """Probe by the digit that toggles it."""
        self.probes = slots.in_order(registry.known(wanted), self.slots)
        """In the order of their slots."""
        for name in filter(registry.is_made_up, wanted):
            timeline.know(self.probes[name])
        self.wanted: tuple[str, ...] = tuple(name for name in self.probes if name in wanted)
        self.focused_probe = self.wanted[0] if self.wanted else ""
        self.views: dict[str, ViewState] = {}
        self.process = 0
        """Process that has the whole stage, 0 for none."""
        self.process_states: dict[str, ViewState] = {}
        self.target = Target()
        """What the user asked the kernel to count only."""
        self.tape: Tape | None = None
        """A recording that goes on."""
        self.perspective = Perspective()
        self.paused = False
        self.position: int | None = None
        """The moment that is looked at, counted in ticks; None: the newest."""
        self.newest: Frame | None = None
        self.command_status: int | None = None
        """How the command ended that ebtop was started with, minus a signal that killed it; all is held still then."""
        self.followers: list[Callable[[Frame], None]] = []
        """Called with each frame, also while the screen is held."""
        self.borrowed: tuple[str, ...] = ()
        """Probes that run for a few seconds without a panel."""
        self.farewell = ""
        """A line for stderr after the screen is gone."""
        self.notices = Notices()
        self.brake = Brake(self.settings.max_overhead_percent if timeline.source.mode == "LIVE" else 0, INTERVALS)
        self.restarted: dict[str, int] = {}
        self.came = time.monotonic()
        self.on_terminal = os.isatty(0)
        self.begun = False
        self._handover: Handover[Frame] = Handover(self._follow_through)
        self._ended: Handover[str] = Handover()
        self.begin_looks()

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
        self.begun = True
        self.show_hints()
        self.resized(self.size)
        self.hand_down()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._handover.open(loop, self._take)
        self._ended.open(loop, self._source_ended)
        source = self.timeline.source
        source.on_end = lambda: self._ended.offer(getattr(source, "failure", ""))  # type: ignore[attr-defined]  # sources look for it
        self.set_interval(1.0, self.look_around)
        self.set_interval(_GIVE_BACK_S, heap.give_back)
        self.set_timer(_SETTLED_S, _prepare)
        self.focus_panel()
        self.timeline.start(self._handover.offer)
        gc.freeze()
        gc.enable()

    def end(self, code: int) -> None:
        """Leave in order; `code` is the exit status."""
        self.exit(return_code=code)

    def exit(self, *said: Any, **named: Any) -> None:
        """Leave, as Textual has it; what comes in meanwhile is not looked at: what would show it goes first."""
        self._handover.close()
        super().exit(*said, **named)

    def _source_ended(self, why: str = "") -> None:
        self.farewell = why or "the source ended"
        self.end(1)

    # --- data comes in ------------------------------------------------------------------------------------------------

    def _follow_through(self, frame: Frame) -> None:
        """What each frame is looked at for, also one that is late for being drawn."""
        self.perspective.take(frame)
        self.follow_target(frame)
        if frame.sample.probes.keys() - self.probes.keys():
            self.meet(frame)
        for message in frame.sample.messages:
            self.remember(message)

    def _take(self, frame: Frame) -> None:
        self.newest, self.came = frame, time.monotonic()
        self._follow_through(frame)
        self.interval = frame.sample.interval_s
        if self.command_status is None:
            self._look_for_the_end()
        self.look_at_cost(frame)
        for follow in tuple(self.followers):
            follow(frame)
        if not self.paused:
            self.frame = frame
        self.follow()

    def _look_for_the_end(self) -> None:
        """The frame that shows how the command ended is the last, and so it is shown."""
        self.command_status = getattr(self.timeline.source, "command_status", None)
        if self.command_status is not None:
            self.paused = False
            self.notices.say(f"the command {units.ending(self.command_status)}", "strong", time.monotonic())

    def watch_frame(self) -> None:
        """Hand the frame down."""
        self.hand_down(to_still=False)

    def hand_down(self, to_still: bool = True) -> None:
        """Give every widget that is seen what it shows now; panels in which nothing happens only if `to_still`."""
        if self.screen_stack and self.screen_stack[0].is_mounted:
            self.show_header()
            if self.process:
                self.main.query_one(ProcessStage).data = self.looking()
            elif self.is_maximised:
                self.main.query_one(Focus).data = self.looked(self.focused_probe)
            else:
                for panel in self.main.query_one(Overview).panels:
                    looked = self.looked(panel.probe.name)
                    if to_still or panel.data is None or not repeats(looked, panel.data):
                        panel.data = looked
            self.show_status()
            self.show_hints()

    @property
    def main(self) -> Screen[None]:
        """The screen under all others."""
        return self.screen_stack[0]

    @property
    def stage(self) -> str:
        """What is seen: overview, focus or process."""
        return "process" if self.process else "focus" if self.is_maximised else "overview"

    @property
    def is_maximised(self) -> bool:
        """Whether one probe has the whole stage."""
        return self.main.has_class("maximised") and not self.process

    def wanted_probes(self) -> list[Probe]:
        """The probes that have a panel."""
        return [self.probes[name] for name in self.wanted]

    def looked(self, name: str) -> Looked:
        """Probe `name` as it is looked at now."""
        from ebtop.tui.tablelines import ViewState

        state = self.views.setdefault(name, ViewState())
        focused = name == self.focused_probe
        rates = tuple(self.timeline.rates(name, _RATES, self.position).tolist())
        seen = self.perspective
        looked = Looked(
            self.probes[name],
            self.frame,
            rates,
            state,
            focused,
            fresh=self._is_fresh(name),
            log_key=self._log_key,
            slot=slots.key_of(self.slots, name),
            grouping=seen.grouping,
            baseline=seen.baseline,
            zero=seen.zeros.get(name),
        )
        return replace(looked, heat=self._heat(looked)) if focused and state.shape == "heatmap" else looked

    def _heat(self, looked: Looked) -> Heat | None:
        data = looked.histogram
        return self.timeline.heat(looked.probe.name, data.view.name, self.position) if data else None

    def _is_fresh(self, name: str) -> bool:
        shown = self.frame.probes.get(name) if self.frame else None
        return bool(shown and name in self.restarted and shown.sample.started_ns > self.restarted[name])

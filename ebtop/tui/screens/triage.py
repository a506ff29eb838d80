"""Ten seconds of looking, then what looks abnormal, ranked; what is measured and how it is judged stand elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from ebtop.derive import derive
from ebtop.frame import Frame
from ebtop.sample import Sample, State
from ebtop.triage.check import Look, Report
from ebtop.triage.rules import CHEAP, RULES, SECONDS, examine
from ebtop.tui.triagelines import Entry, Waiting, entries, list_lines, list_room, waiting_lines
from ebtop.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard

_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1}
_PAGES = {"ctrl+d": 0.5, "pagedown": 1, "space": 1, "ctrl+u": -0.5, "pageup": -1}
_ENDS = {"g": -1, "home": -1, "G": 1, "end": 1}
_LEAVE = ("escape", "q", "backspace", "exclamation_mark")
_ATTACH_S = 8.0
"""How long the ten seconds wait for probes that are switched on for them."""
_SLOWEST_S = 5.0
"""A refresh that is slower than this is made a second, until it is over."""
_EARLY = 0.98
_SETTLED = (State.LIVE, State.FAILED, State.OFF)


class Triage(ModalScreen[Look | None], inherit_bindings=False):
    """Ends with where to look next, or with None."""

    CSS = "Triage { background: $background; } Triage Lines { height: 1fr; }"

    def __init__(self, frame: Frame | None = None) -> None:
        """`frame` is over the seconds to judge, of the past; None: they are waited for."""
        super().__init__()
        self._given = frame
        self._report: Report | None = None
        self._rows: list[Entry] = []
        self._cursor = self._top = 0
        self._came: Sample | None = None
        self._first: Sample | None = None
        self._newest: Frame | None = None
        self._pace = 0.0

    @property
    def dashboard(self) -> Dashboard:
        """The app."""
        return cast("Dashboard", self.app)

    def compose(self) -> ComposeResult:
        """One widget over everything."""
        yield Lines(id="triage")

    def on_mount(self) -> None:
        """Judge what was given, or begin to look."""
        if self._given is not None:
            self._judge(self._given)
        else:
            self._begin()
        self._draw()

    def on_unmount(self) -> None:
        """However it is left."""
        self._restore()

    def on_resize(self) -> None:
        """More or fewer lines."""
        self.call_after_refresh(self._draw)

    # --- the ten seconds --------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        app = self.dashboard
        self._report = self._came = self._first = self._newest = None
        app.borrowed = tuple(name for name in CHEAP if name not in app.wanted and name not in app.brake.off)
        if app.borrowed:
            app.timeline.source.want(self._asked())
        if app.interval > _SLOWEST_S:
            self._pace = app.interval
            app.set_pace(1.0)
        app.followers.append(self.take)

    def _asked(self) -> tuple[str, ...]:
        app = self.dashboard
        return tuple(name for name in app.probes if name in app.wanted or name in app.borrowed)

    def _restore(self) -> None:
        """Everything as it was before; twice does no harm."""
        app = self.dashboard
        if self.take in app.followers:
            app.followers.remove(self.take)
        if app.borrowed:
            app.borrowed = ()
            app.timeline.source.want(app.wanted)
        if self._pace:
            app.set_pace(self._pace)
            self._pace = 0.0

    def take(self, frame: Frame) -> None:
        """The next frame: they begin when everything asked is attached, and end after ten seconds."""
        self._newest, sample = frame, frame.sample
        self._came = self._came or sample
        if self._first is None and (self._settled(frame) or _since(self._came, sample) >= _ATTACH_S):
            self._first = sample
        elif self._first is not None and _since(self._first, sample) >= SECONDS * _EARLY:
            self._restore()
            self._judge(derive(sample, self._first, self.dashboard.probes))
        self._draw()

    def _settled(self, frame: Frame) -> bool:
        probes = frame.sample.probes
        borrowed = self.dashboard.borrowed
        live = all(name in probes and probes[name].state in (State.LIVE, State.FAILED) for name in borrowed)
        return live and all(name not in probes or probes[name].state in _SETTLED for name in self._asked())

    def _judge(self, frame: Frame) -> None:
        self._report = examine(frame)
        self._rows = entries(self._report)
        self._cursor = self._top = 0
        self._step_over(1)

    # --- keys -------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Every key belongs to the page."""
        event.stop()
        if not self.is_current:  # typed faster than it went
            return
        if cast("Dashboard", self.app).took(event.key):
            return
        if event.key in _LEAVE:
            self.dismiss(None)
        elif self._report is not None:
            self._answer(event.key, self._report)

    def _answer(self, key: str, report: Report) -> None:
        if key == "enter":
            self._go()
        elif key == "r":
            self._begin()
            self._draw()
        else:
            half = max(1, list_room(report, self.size.height))
            self._move(_STEPS.get(key, 0) + int(_PAGES.get(key, 0) * half) + _ENDS.get(key, 0) * len(self._rows))

    def on_mouse_scroll_down(self) -> None:
        """One row on."""
        self._move(1)

    def on_mouse_scroll_up(self) -> None:
        """One row back."""
        self._move(-1)

    def _go(self) -> None:
        row = self._rows[self._cursor] if self._rows else ""
        look = None if isinstance(row, str) else getattr(row, "look", None) or row.rule.look
        if look is not None:
            self.dismiss(look)

    def _move(self, step: int) -> None:
        if step and self._rows:
            self._cursor = max(0, min(len(self._rows) - 1, self._cursor + step))
            self._step_over(1 if step > 0 else -1)
            self._draw()

    def _step_over(self, way: int) -> None:
        """From a heading to the row after it, or before it where there is one."""
        if self._rows and isinstance(self._rows[self._cursor], str):
            after = self._cursor + way
            self._cursor = after if 0 <= after < len(self._rows) else self._cursor + 1

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        cells, lines = self.size
        if not self.is_mounted or cells < 20 or lines < 6:
            return
        page = self.query_one("#triage", Lines)
        if self._report is None:
            page.show(waiting_lines(self._waiting(), cells, lines))
            return
        probes = self.dashboard.probes
        drawn = list_lines(self._report, self._rows, self._cursor, self._top, probes, cells, lines)
        content, cursor, self._top = drawn
        page.show(content, cursor)

    def _waiting(self) -> Waiting:
        app, frame = self.dashboard, self._newest
        gone = _since(self._first, frame.sample) if self._first and frame else 0.0
        states = []
        for name in dict.fromkeys(rule.probe for rule in RULES if rule.probe):
            sample = frame.sample.probes.get(name) if frame else None
            asked = name in app.wanted or name in app.borrowed
            state = (sample.state.value if sample else "attaching") if asked else "off"
            states.append((app.probes[name].title, "attaching" if asked and state == "off" else state))
        titles: dict[str, tuple[str, ...]] = {}
        for rule in RULES:
            title = app.probes[rule.probe].title if rule.probe else ""
            titles[title] = (*titles.get(title, ()), rule.title)
        return Waiting(max(0.0, SECONDS - gone), SECONDS, tuple(states), titles)


def _since(first: Sample | None, now: Sample) -> float:
    return (now.monotonic_ns - first.monotonic_ns) / 1e9 if first else 0.0

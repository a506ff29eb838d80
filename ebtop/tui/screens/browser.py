"""Probes and hooks over the dashboard: a list, and below it what there is to say of the row under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from ebtop.text import clean
from ebtop.tui.keys import WORDS
from ebtop.tui.pieces import ELLIPSIS, Line, fill, line_width, spread
from ebtop.tui.screens.hooklist import HookList
from ebtop.tui.screens.probelist import ProbeList
from ebtop.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard

_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1}
_PAGES = {"ctrl+d": 0.5, "pagedown": 1, "ctrl+u": -0.5, "pageup": -1}
_ENDS = {"g": -1, "home": -1, "G": 1, "end": 1}
_LEAVE = ("q", "f2", "o")
_SEARCH = ("slash", "f", "f4", "backslash")
_LEAST_DETAIL = 8
"""Lines below the list, in the lowest terminals."""


class Browser(ModalScreen[str], inherit_bindings=False):
    """Tab changes between the two; / types, Esc leaves what is typed, then the list, then the browser.

    Ends with the name of the probe that is to be opened, with the hook that is to be counted, or with nothing.
    """

    CSS = "Browser { background: $background; } Browser Lines { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._lists: tuple[ProbeList, HookList] | None = None
        self._at = 0
        self._before: str | None = None
        """What the text was before it was typed into; None: nothing is being typed."""

    def compose(self) -> ComposeResult:
        """One widget over everything."""
        yield Lines(id="browser")

    def on_mount(self) -> None:
        """The probes first."""
        app = cast("Dashboard", self.app)
        self._lists = ProbeList(app), HookList(app, self, self.draw)
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """More or fewer lines."""
        self.call_after_refresh(self.draw)

    def followed(self) -> None:
        """There is a new frame."""
        if self._at == 0:
            self.draw()

    @property
    def shown(self) -> ProbeList | HookList:
        """What is listed now."""
        assert self._lists is not None
        return self._lists[self._at]

    # --- keys -----------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Every key belongs to the browser."""
        event.stop()
        if not self.is_current or self._lists is None:  # typed faster than it came or went
            return
        typing = self._before is not None and event.key != "ctrl+c"
        if not typing and cast("Dashboard", self.app).took(event.key):
            return
        if event.key in ("tab", "shift+tab"):
            self._turn()
        elif self._before is not None:
            self._type(event)
        else:
            self._obey(event)
        if self.is_current:
            self.draw()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text, made harmless, into what is typed."""
        event.stop()
        if self._before is not None:
            self.shown.set_text(self.shown.text + clean(event.text))
            self.draw()

    def _turn(self) -> None:
        self._before = None
        self._at = 1 - self._at
        if self._at == 1 and not self.shown.text:
            self._before = ""

    def _obey(self, event: events.Key) -> None:
        shown = self.shown
        if event.key in _SEARCH:
            self._before = shown.text
        elif event.key in _LEAVE or (event.key in ("escape", "backspace") and not shown.text):
            self.dismiss()
        elif event.key in ("escape", "backspace"):
            shown.set_text("")
        elif event.key == "enter":
            if name := shown.chosen:
                self.dismiss(name)
        elif not shown.key(event.key):
            shown.move(self._step(event.key))

    def _step(self, key: str) -> int:
        lines = max(1, self.size.height // 2)
        return _STEPS.get(key, 0) + int(_PAGES.get(key, 0) * lines) + _ENDS.get(key, 0) * self.shown.count

    def _type(self, event: events.Key) -> None:
        shown = self.shown
        if event.key == "enter":
            self._before = None
            shown.settle()
        elif event.key == "escape":
            text, self._before = self._before or "", None
            shown.set_text(text)
            if not text and self._at == 1:
                self._turn()
        elif event.key in ("up", "down"):
            shown.move(_STEPS[event.key])
        elif event.key in ("backspace", "ctrl+h"):
            shown.set_text(shown.text[:-1])
        elif event.key == "ctrl+u":
            shown.set_text("")
        elif event.is_printable and event.character:
            shown.set_text(shown.text + clean(event.character))

    def on_mouse_scroll_down(self) -> None:
        """The next row."""
        self.shown.move(1)
        self.draw()

    def on_mouse_scroll_up(self) -> None:
        """The row before."""
        self.shown.move(-1)
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """A click takes the cursor, on the first line to the other list."""
        if event.y == 0:
            self._turn()
        else:
            self.shown.point(event.y - 2)
        self.draw()

    # --- lines ----------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Lay everything out in the present size; what did not change is not drawn again."""
        cells, height = self.size
        if self._lists is None or not self.is_attached or cells < 20 or height < _LEAST_DETAIL:
            return
        shown = self.shown
        body = height - 3
        room = min(shown.lines_wanted(cells), max(body - _LEAST_DETAIL, body // 2))
        listed, cursor = shown.list_lines(cells, room)
        detail = cut_off(shown.detail_lines(cells), body - len(listed), cells)
        blank: list[Line] = [[]] * (body - len(listed) - len(detail))
        lines = [self._title(cells), shown.heading(cells), *listed, *detail, *blank, self._keys(cells)]
        self.query_one("#browser", Lines).show([fill(line, cells) for line in lines], cursor + 2 if cursor >= 0 else -1)

    def _title(self, cells: int) -> Line:
        names = [(name, "accent" if place == self._at else "dim") for place, name in enumerate(("Probes", "Hooks"))]
        before: Line = [("─ ", "rule"), names[0], (" · ", "rule"), names[1], (" ", "text")]
        after: Line = [(" ", "text"), *self.shown.summary(), (" ", "text"), ("─", "rule")]
        return spread(before, after, cells, ("─", "rule"))

    def _keys(self, cells: int) -> Line:
        if self._before is not None:
            text = self.shown.text
            line: Line = [(f" {self.shown.label} ", "accent"), (text, "strong"), ("█", "accent")]
            hint: Line = [
                ("   Enter" if self._spelled else "   ⏎", "key"),
                (" keep", "dim"),
                ("  Esc", "key"),
                (" leave", "dim"),
                *self._tab(),
            ]
            return line + hint if line_width(line + hint) <= cells else line
        other = ("Tab", "hooks" if self._at == 0 else "probes")
        return hints((*self.shown.keys, ("/", self.shown.label), ("Esc", "back"), other), cells, self._spelled)

    @property
    def _spelled(self) -> bool:
        return cast("Dashboard", self.app).looks.ascii

    def _tab(self) -> Line:
        return [("  ", "text"), ("Tab", "key"), (" hooks" if self._at == 0 else " probes", "dim")]


def hints(keys: Sequence[tuple[str, str]], cells: int, spelled: bool) -> Line:
    """What keys do; the first give way where there is not room for all of them, never the last two."""
    gap = "   " if cells >= 100 else "  "
    pieces: list[Line] = [
        [(_spelled(key) if spelled else key, "key"), (f" {words}{gap}", "dim")] for key, words in keys
    ]
    while len(pieces) > 2 and 1 + sum(map(line_width, pieces)) - len(gap) > cells:
        del pieces[0]
    return [(" ", "text"), *(piece for pair in pieces for piece in pair)]


def _spelled(key: str) -> str:
    return key.replace("…", "-") if key.isascii() or "…" in key else " ".join(WORDS.get(sign, sign) for sign in key)


def cut_off(lines: list[Line], room: int, cells: int) -> list[Line]:
    """The first `room` of `lines`, the last of which says so where there are more."""
    if len(lines) <= room or room < 1:
        return lines[:room]
    last = fill(lines[room - 1], min(cells - 3, line_width(lines[room - 1])))
    return [*lines[: room - 1], [*last, (f" {ELLIPSIS}", "faint")]]

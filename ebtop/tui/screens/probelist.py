"""The list of probes in the browser: which are shown, where the cursor is, what keys do to the one under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop import registry, units
from ebtop.tui import browserlines
from ebtop.tui.browserlines import Entry
from ebtop.tui.pieces import Line
from ebtop.tui.screens.scrolling import first_line
from ebtop.tui.slots import key_of

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard


_GROUPS = {"left": -1, "h": -1, "right": 1, "l": 1}


class ProbeList:
    """Always about the newest frame."""

    label = "search"
    keys = (("←→", "group"), ("↑↓", "move"), ("Space", "on/off"), ("⏎", "open"), ("1…0", "give digit"))

    def __init__(self, app: Dashboard) -> None:
        self.text = ""
        self._app = app
        self._cursor = self._top = 0
        self._places: list[int] = []
        """The line of each entry, of those that were listed last."""
        self._choose(app.focused_probe)

    @property
    def chosen(self) -> str:
        """Name of the probe under the cursor, "" where none is listed."""
        shown = self._entries()
        return shown[self._cursor].probe.name if shown else ""

    @property
    def count(self) -> int:
        """How many are listed."""
        return len(self._entries())

    def set_text(self, text: str) -> None:
        """Show those that have all words of `text`; the cursor stays on its probe if that is one of them."""
        chosen = self.chosen
        self.text = text
        self._choose(chosen)

    def settle(self) -> None:
        """The text stands: nothing else follows from it."""

    def move(self, step: int) -> None:
        """The cursor by `step` rows."""
        self._cursor = max(0, min(self._cursor + step, self.count - 1))

    def point(self, line: int) -> None:
        """The cursor to that line of the list, if there is a probe on it."""
        if line + self._top in self._places:
            self._cursor = self._places.index(line + self._top)

    def key(self, key: str) -> bool:
        """Space, digits and arrows to the sides; whether it was one of them."""
        if key in _GROUPS:
            self._cross(_GROUPS[key])
        elif key == "space" and self.chosen:
            self._app.action_switch_probe(self.chosen)
        elif len(key) == 1 and key in "1234567890" and self.chosen:
            self._app.give_slot(int(key), self.chosen)
        else:
            return False
        return True

    def _cross(self, step: int) -> None:
        """The cursor to the first of the next group, or to that of this one, then of the one before."""
        groups = [entry.probe.group for entry in self._entries()]
        firsts = [place for place, group in enumerate(groups) if place == 0 or groups[place - 1] != group]
        there = [place for place in firsts if (place > self._cursor if step > 0 else place < self._cursor)]
        if there:
            self._cursor = there[0 if step > 0 else -1]

    def lines_wanted(self, cells: int) -> int:
        """Lines that the whole list takes."""
        return len(browserlines.list_lines(self._entries(), cells)[0])

    def heading(self, cells: int) -> Line:
        """Names of the columns."""
        return browserlines.heading(cells)

    def list_lines(self, cells: int, room: int) -> tuple[list[Line], int]:
        """The lines around the cursor, and which of them it is on, -1 for none."""
        shown = self._entries()
        lines, self._places = browserlines.list_lines(shown, cells)
        if not shown:
            return [[(f" no probe has “{self.text}”", "faint")]], -1
        at = self._places[self._cursor]
        heading = at - 1 if self._cursor == 0 or self._places[self._cursor - 1] != at - 1 else at
        self._top = first_line(self._top, heading, at, len(lines), room)
        return lines[self._top : self._top + room], at - self._top

    def detail_lines(self, cells: int) -> list[Line]:
        """What there is to say of the probe under the cursor."""
        shown = self._entries()
        if not shown:
            return []
        replay = self._app.timeline.source.mode == "REPLAY"
        return browserlines.detail_lines(shown[self._cursor], self._app.offers, replay, cells)

    def summary(self) -> Line:
        """How many are on, and what all of them cost."""
        frame = self._app.newest
        line: Line = [(f"{len(self._app.wanted)} of {len(self._app.probes)} on", "text")]
        if frame is not None and frame.self_kernel_percent == frame.self_kernel_percent:
            line += [
                (" · ", "rule"),
                (units.hundredths(frame.self_kernel_percent), "text"),
                (" % cpu in the kernel", "dim"),
            ]
        return [(f"“{self.text}” {self.count} · ", "accent"), *line] if self.text else line

    def _entries(self) -> list[Entry]:
        app = self._app
        order = {name: place for place, name in enumerate(registry.probes())}
        probes = sorted(app.probes.values(), key=lambda probe: order.get(probe.name, len(order)))
        digits = {name: key_of(app.slots, name) for name in app.probes}
        return browserlines.entries(probes, digits, app.wanted, app.newest, self.text)

    def _choose(self, name: str) -> None:
        names = [entry.probe.name for entry in self._entries()]
        self._cursor = names.index(name) if name in names else 0

"""The last two lines: what the focused probe costs and loses, or a notice or prompt; and the keys that work now."""

from __future__ import annotations

from dataclasses import dataclass

from textual.reactive import reactive

from ebtop.tui.keys import KEYS, KeyRow, Keys
from ebtop.tui.pieces import Line, fill, line_width
from ebtop.tui.widgets.lines import Lines


@dataclass(frozen=True, slots=True)
class Hints:
    """What the footer depends on."""

    slots: tuple[tuple[int, bool], ...] = ()
    """Digit and whether that probe is on."""
    stage: str = "overview"
    """overview, focus or process."""
    keys: Keys = KEYS
    flame: bool = False
    """The focused probe is seen as a flame graph."""


_LABELS = {
    ("maximise", "focus"): "restore",
    ("open", "flame"): "zoom in",
    ("flame_graph", "flame"): "save SVG",
    ("folded", "flame"): "save folded",
}
"""By action and where: what a key does there, where that is not what it does elsewhere."""
_WIDE = 110
"""Cells from which there is no need to be short."""
_FLAME_RANKS = {"flame_graph": 4, "folded": 4}
"""Of keys that are worth a place beside a flame graph only."""


def footer(hints: Hints, cells: int) -> Line:
    """As many keys as fit, the most useful first; probes that are off have a dot and are dimmed."""
    line = _digits(hints, short=hints.stage != "overview" and cells < _WIDE)
    place = "flame" if hints.flame and hints.stage == "focus" else hints.stage
    for row in sorted(_shown(hints), key=lambda row: _rank(row, hints)):
        label = _LABELS.get((row.action, place)) or _LABELS.get((row.action, hints.stage)) or row.label
        piece: Line = [("   " if cells >= _WIDE else "  ", "text"), (row.shown_keys[0], "key"), (f" {label}", "dim")]
        if line_width(line) + line_width(piece) <= cells - 1:
            line += piece
    return fill(line, cells)


def _digits(hints: Hints, short: bool) -> Line:
    """Each of them and whether its probe is on; `short`: that there are some."""
    digits = [f"{slot}" for slot, _ in hints.slots]
    if short and len(digits) > 2:
        return [(" ", "text"), (f"{digits[0]}…{digits[-1]}", "key"), (" toggle", "dim")]
    line: Line = [(" ", "text")]
    for slot, on in hints.slots:
        line += [(f"{slot}" if on else f"{slot}·", "key" if on else "faint"), (" ", "text")]
    return [*line, ("toggle", "dim")]


def _shown(hints: Hints) -> list[KeyRow]:
    """The keys that do something where the user is; digits stand before them."""
    rows = [row for row in hints.keys if row.keys and hints.stage in row.where and row.action != "toggle_probe"]
    return [row for row in rows if _rank(row, hints) and not (hints.flame and row.rows)]


def _rank(row: KeyRow, hints: Hints) -> int:
    return (hints.flame and _FLAME_RANKS.get(row.action)) or row.footer


class Footer(Lines):
    """Keys."""

    data: reactive[Hints] = reactive(Hints, repaint=False)

    def watch_data(self) -> None:
        """Draw what changed."""
        if self.size.width:
            self.show([footer(self.data, self.size.width)])

    def on_resize(self) -> None:
        """More or fewer keys."""
        self.watch_data()


class Status(Lines):
    """One line about the focused probe; a notice takes its place for a few seconds."""

    data: reactive[tuple[tuple[str, str], ...]] = reactive((), repaint=False)

    def watch_data(self) -> None:
        """Draw what changed."""
        if self.size.width:
            self.show([fill(list(self.data), self.size.width)])

    def on_resize(self) -> None:
        """Cut or padded anew."""
        self.watch_data()

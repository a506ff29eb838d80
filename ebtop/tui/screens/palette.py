"""Find an action by typing part of its name; the actions are those of ebtop.tui.keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from ebtop import registry
from ebtop.tui.keys import KEYS, Keys, key_names
from ebtop.tui.pieces import Line, fill, left, right
from ebtop.tui.slots import in_order, key_of
from ebtop.tui.widgets.lines import Lines

Choice = tuple[str, str, str]
"""Action, words, keys."""


def choices(
    stage: str, slots: Mapping[int, str], keys: Keys = KEYS, themes: Sequence[str] = (), flame: bool = False
) -> list[Choice]:
    """Everything that can be done on that stage; `flame`: where the focused probe is seen as a flame graph."""
    rows = [row for row in keys if stage in row.where and not (flame and row.rows) and row.action != "palette"]
    rows.sort(key=lambda row: row.action != "help")  # before quitting, for nobody is to leave by an Enter too many
    result = [(row.action, f"{row.label}: {row.help}", key_names(row)) for row in rows if row.action != "toggle_probe"]
    for name, probe in in_order(registry.probes(), slots).items():
        result.append((f"switch_probe({name!r})", f"toggle {probe.called}: {probe.question}", key_of(slots, name)))
    return result + [(f"theme({name!r})", f"theme {name}: Other colours, until ebtop ends.", "") for name in themes]


def found(text: str, all_choices: Sequence[Choice]) -> list[Choice]:
    """The choices that have all words of `text`."""
    words = text.lower().split()
    return [choice for choice in all_choices if all(word in choice[1].lower() for word in words)]


class Palette(ModalScreen[str], inherit_bindings=False):
    """Ends with the action that was chosen, or with none."""

    CSS = """
    Palette { align: center top; background: $background; }
    Palette Lines { width: 100%; max-width: 100; height: 100%; }
    """

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices, self._text, self._at = choices, "", 0

    def compose(self) -> ComposeResult:
        """One widget."""
        yield Lines(id="palette")

    def on_mount(self) -> None:
        """All there is."""
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """More or fewer lines."""
        self.call_after_refresh(self._draw)

    def on_key(self, event: events.Key) -> None:
        """Every key belongs to the palette."""
        event.stop()
        if not self.is_current:  # typed faster than it went
            return
        matching = found(self._text, self._choices)
        if event.key == "ctrl+c":
            self.app.exit(return_code=0)
        elif event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            self.dismiss(matching[self._at][0] if matching else None)
        elif event.key in ("up", "down"):
            self._at = max(0, min(len(matching) - 1, self._at + (1 if event.key == "down" else -1)))
        elif event.key == "backspace":
            self._text, self._at = self._text[:-1], 0
        elif event.is_printable and event.character:
            self._text, self._at = self._text + event.character, 0
        if self.is_current:
            self._draw()

    def _draw(self) -> None:
        widget = self.query_one("#palette", Lines)
        width, height = widget.size
        if width < 20 or height < 4:
            return
        matching = found(self._text, self._choices)
        top = max(0, self._at - height + 3)
        lines: list[Line] = [[(" : ", "accent"), (self._text, "strong"), ("█", "accent")], [("─" * width, "rule")]]
        for action, words, keys in matching[top : top + height - 2]:
            name, _, rest = words.partition(":")
            room = width - len(name) - 4 - 18
            line: Line = [(" " + name, "strong"), (" " + left(rest, max(0, room)), "dim"), (right(keys, 18), "key")]
            lines.append(line if action else [])
        lines += [[]] * (height - len(lines))
        widget.show([fill(line, width) for line in lines], 2 + self._at - top if matching else -1)

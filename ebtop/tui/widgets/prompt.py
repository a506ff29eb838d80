"""A line that is typed into, in the place of the status line; knows nothing of what the text means."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from ebtop.text import clean
from ebtop.tui.pieces import fill, width
from ebtop.tui.widgets.lines import Lines


class Prompt(Lines, can_focus=True):
    """Posts `Changed` with every key, `Done` on Enter, `Left` on Escape."""

    @dataclass
    class Changed(Message):
        """The text as it is now."""

        text: str

    @dataclass
    class Done(Message):
        """Enter: the text stands."""

        text: str

    class Left(Message):
        """Escape: as if nothing had been typed."""

    def ask(self, label: str, text: str) -> None:
        """Begin with `text`."""
        self.label, self.text = label, text
        self.draw()

    def draw(self) -> None:
        """Label, text, cursor block and what the keys do."""
        line = [(f" {self.label} ", "accent"), (self.text, "strong"), ("█", "accent")]
        enter = "Enter" if self.dashboard.looks.ascii else "⏎"
        hint = f"text · pid:1 · comm:sh · user:root · ! negates · {enter} keep · Esc leave"
        if width(self.text) + width(hint) + 16 < self.size.width:
            line.append(("  " + hint, "faint"))
        self.show([fill(line, self.size.width)])

    def on_resize(self) -> None:
        """Cut or padded anew."""
        if getattr(self, "label", ""):
            self.draw()

    def on_key(self, event: events.Key) -> None:
        """Every key belongs to the line while it is open."""
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.post_message(self.Done(self.text) if event.key == "enter" else self.Left())
            return
        self._edit(event)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text, made harmless."""
        event.stop()
        self.text += clean(event.text)
        self.draw()
        self.post_message(self.Changed(self.text))

    def _edit(self, event: events.Key) -> None:
        if event.key in ("backspace", "ctrl+h"):
            self.text = self.text[:-1]
        elif event.key == "ctrl+u":
            self.text = ""
        elif event.is_printable and event.character:
            self.text += clean(event.character)
        else:
            return
        self.draw()
        self.post_message(self.Changed(self.text))

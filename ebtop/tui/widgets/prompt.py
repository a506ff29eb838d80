"""A line that is typed into, in the place of the status line; knows nothing of what the text means."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from ebtop.text import clean
from ebtop.tui.pieces import fill, width
from ebtop.tui.widgets.lines import Lines

FILTER_HINT = "text · pid:1 · comm:sh · user:root · c:web · ! negates · ⏎ keep · Esc leave"
FUNCTION_HINT = "k:vfs_read ret<0 · u:libc:malloc arg1>4096 · t:sched:* · ⏎ count · Esc leave"


class Prompt(Lines, can_focus=True):
    """Posts `Changed` with every key, `Done` on Enter, `Left` on Escape."""

    @dataclass
    class Changed(Message):
        """The text as it is now."""

        label: str
        text: str

    @dataclass
    class Done(Message):
        """Enter: the text stands."""

        label: str
        text: str

    @dataclass
    class Left(Message):
        """Escape: as if nothing had been typed."""

        label: str

    def ask(self, label: str, text: str, hint: str) -> None:
        """Begin with `text`; `label` says what is asked for, and comes back with each message."""
        self.label, self.text, self.hint = label, text, hint
        self.draw()

    def draw(self) -> None:
        """Label, text, cursor block and what the keys do."""
        room = max(1, self.size.width - width(self.label) - 4)
        text = self.text
        while width(text) > room:
            text = text[1 + max(0, width(text) - room - 1) // 2 :]
        cut: tuple[str, str] = ("…" if len(text) < len(self.text) else " ", "faint")
        line = [(f" {self.label}", "accent"), cut, (text, "strong"), ("█", "accent")]
        if self.dashboard.looks.ascii:
            self.hint = self.hint.replace("⏎", "Enter")
        if width(self.text) + width(self.hint) + 16 < self.size.width:
            line.append(("  " + self.hint, "faint"))
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
            self.post_message(self.Done(self.label, self.text) if event.key == "enter" else self.Left(self.label))
            return
        self._edit(event)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text, made harmless."""
        event.stop()
        self.text += clean(event.text)
        self.draw()
        self.post_message(self.Changed(self.label, self.text))

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
        self.post_message(self.Changed(self.label, self.text))

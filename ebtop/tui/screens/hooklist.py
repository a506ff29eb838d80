"""The listing of hooks in the browser: the pattern, what was answered, and the arguments of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump
from textual.timer import Timer

from ebtop.offer import Hooks
from ebtop.tui import hooklines
from ebtop.tui.pieces import Line
from ebtop.tui.screens.scrolling import first_line

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard

_TYPED_S = 0.25
"""So long nothing must be typed until it is asked for."""
_RESTED_S = 0.1
"""So long the cursor must rest until arguments are asked for."""


class HookList:
    """Asks while it is typed; answers to what is not asked any more are dropped."""

    label = "pattern"
    keys = (("↑↓", "move"), ("⏎", "count it"))

    def __init__(self, app: Dashboard, pump: MessagePump, changed: Callable[[], None]) -> None:
        """`pump` keeps the time; `changed` is called when an answer is there."""
        self.text = ""
        self._app, self._pump, self._changed = app, pump, changed
        self._hooks: Hooks | None = None
        """None: nothing has been answered."""
        self._asked = self._answered = ""
        self._arguments: dict[str, tuple[str, ...]] = {}
        self._cursor = self._top = 0
        self._typed: Timer | None = None
        self._rested: Timer | None = None

    @property
    def chosen(self) -> str:
        """The hook under the cursor, "" where none is listed."""
        names = self._hooks.names if self._hooks else ()
        return names[self._cursor] if names else ""

    @property
    def count(self) -> int:
        """How many are listed."""
        return len(self._hooks.names) if self._hooks else 0

    def set_text(self, text: str) -> None:
        """Another pattern."""
        self.text = text
        if self._typed is not None:
            self._typed.stop()
        self._typed = self._pump.set_timer(_TYPED_S, self.settle)

    def settle(self) -> None:
        """Ask for the pattern as it is now."""
        if self._typed is not None:
            self._typed.stop()
        if self.text.strip() == self._asked:
            return
        self._asked = pattern = self.text.strip()
        if pattern:
            self._app.ask_hooks(pattern, lambda hooks: self._take(pattern, hooks))
        else:
            self._take("", None)

    def _take(self, pattern: str, hooks: Hooks | None) -> None:
        if pattern == self._asked:
            self._hooks, self._answered, self._cursor, self._top = hooks, pattern, 0, 0
            self._rest()
            self._changed()

    def move(self, step: int) -> None:
        """The cursor by `step` rows."""
        self._cursor = max(0, min(self._cursor + step, self.count - 1))
        self._rest()

    def point(self, line: int) -> None:
        """The cursor to that line of the list."""
        self.move(line - self._said() + self._top - self._cursor)

    def key(self, key: str) -> bool:  # noqa: ARG002
        """No key does anything to a hook."""
        return False

    def _rest(self) -> None:
        if self._rested is not None:
            self._rested.stop()
        if self.chosen and self.chosen not in self._arguments and hooklines.has_arguments(self.chosen):
            self._rested = self._pump.set_timer(_RESTED_S, self._ask_arguments)

    def _ask_arguments(self) -> None:
        name = self.chosen
        if name and name not in self._arguments:
            self._app.ask_hooks(name, lambda hooks: self._learn(name, hooks), arguments=True)

    def _learn(self, name: str, hooks: Hooks) -> None:
        found = dict(zip(hooks.names, hooks.arguments, strict=False))
        self._arguments[name] = found.get(name, ())
        self._changed()

    # --- lines ----------------------------------------------------------------------------------------------------

    def lines_wanted(self, cells: int) -> int:  # noqa: ARG002
        """Lines that the whole list takes."""
        return self.count + self._said() if self._hooks else len(hooklines.example_lines())

    def heading(self, cells: int) -> Line:  # noqa: ARG002
        """The pattern that is answered."""
        return [(" " + self._answered, "strong")] if self._answered else []

    def list_lines(self, cells: int, room: int) -> tuple[list[Line], int]:
        """What is to be said, then the names around the cursor; and which line that is on, -1 for none."""
        if self._hooks is None:
            return (hooklines.example_lines() if not self._asked else [[(" …", "faint")]])[:room], -1
        said = hooklines.said_lines(self._hooks, self._answered, cells)[:room]
        if not self._hooks.names:
            return said, -1
        room -= len(said)
        self._top = first_line(self._top, self._cursor, self._cursor, self.count, room)
        shown = [hooklines.name_line(name, cells) for name in self._hooks.names[self._top : self._top + room]]
        return said + shown, len(said) + self._cursor - self._top

    def detail_lines(self, cells: int) -> list[Line]:
        """The arguments of the hook under the cursor."""
        if not self.chosen:
            return []
        return hooklines.argument_lines(self.chosen, self._arguments.get(self.chosen), cells)

    def summary(self) -> Line:
        """How many there are."""
        hooks = self._hooks
        return [(hooklines.count_text(hooks), "text")] if hooks and not hooks.error else [("as bpftrace -l", "dim")]

    def _said(self) -> int:
        return len(hooklines.said_lines(self._hooks, self._answered, 200)) if self._hooks else 0

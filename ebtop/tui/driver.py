"""Textual's driver for a terminal that may go away while it is drawn on; knows nothing of what is drawn."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

_ESCAPE_MS = 100
"""How often the parser is asked whether an escape has waited long enough for what might have followed it."""


class Driver(LinuxDriver):
    """What cannot be written any more is lost, instead of ending the thread that writes and so blocking the app.

    And the thread that reads sleeps until there is something to be read, instead of looking ten times a second.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast("Any", _Enduring(cast("TextIO", self._file)))
        self._leave = os.eventfd(0, os.EFD_CLOEXEC)
        self._given_back = False

    def run_input_thread(self) -> None:
        """Read keys and what else the terminal says, and pass it on, until input is disabled or at its end."""
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")().decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._leave, select.POLLIN)
        while not self.exit_event.is_set():
            waits = parser._timeout_time is not None  # noqa: SLF001  # nothing public says so
            ready = {descriptor for descriptor, _ in poll.poll(_ESCAPE_MS if waits else None)}
            if self.fileno in ready:
                if not (raw := os.read(self.fileno, 4096)):
                    return
                for message in parser.feed(text) if (text := decode(raw)) else ():
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def write(self, data: str) -> None:
        """Write to the terminal while it is ours: what the app draws in ending stands on nobody's main screen."""
        if not self._given_back:
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal, at first or again."""
        self._given_back = False
        super().start_application_mode()  # type: ignore[no-untyped-call]  # it has no annotations

    def stop_application_mode(self) -> None:
        """Give the terminal back, its alternate screen empty.

        One that was made larger meanwhile may fill the main screen up with lines of the alternate one (tmux 3.3a does).
        """
        self.write("\x1b[2J\x1b[H")
        super().stop_application_mode()
        self._given_back = True

    def disable_input(self) -> None:
        """Let the thread that reads end, and wait for it."""
        os.eventfd_write(self._leave, 1)
        super().disable_input()
        os.eventfd_read(self._leave)


class _Enduring:
    """A text file in which errors of writing are not errors."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.fileno: Callable[[], int] = file.fileno

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def hung_up(descriptor: int) -> bool:
    """Whether the terminal behind `descriptor` is gone.

    Only the leader of the session gets a SIGHUP for that (tty_signal_session_leader, drivers/tty/tty_jobctrl.c), and
    one like make keeps it to itself.
    """
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(happened & select.POLLHUP for _, happened in poll.poll(0))

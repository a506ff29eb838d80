"""Textual's driver for a terminal that may go away while it is drawn on; knows nothing of what is drawn."""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver


class Driver(LinuxDriver):
    """What cannot be written any more is lost, instead of ending the thread that writes and so blocking the app."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast("Any", _Enduring(cast("TextIO", self._file)))


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

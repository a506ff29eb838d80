"""The terminal's modes, kept to be put back when the process that drew is killed; knows nothing of what was drawn."""

from __future__ import annotations

import os
import termios
from dataclasses import dataclass
from typing import Any

_RESTORE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?2026l"  # focus, bracketed paste, in-band resize, synchronized output
    "\x1b[<u"  # kitty keyboard
    "\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h\r"  # colours, wrapping, main screen, cursor
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal as it was found."""

    descriptor: int
    modes: list[Any]

    def changed(self) -> bool:
        """Whether its modes are others now; False when it is gone."""
        try:
            return termios.tcgetattr(self.descriptor) != self.modes
        except (termios.error, OSError):
            return False

    def restore(self) -> None:
        """Put everything back; a terminal that is gone needs nothing."""
        try:
            os.write(self.descriptor, _RESTORE.encode())
            termios.tcsetattr(self.descriptor, termios.TCSANOW, self.modes)
        except (termios.error, OSError):
            return


def found() -> Terminal | None:
    """The terminal of both standard input and output as it is now; None where either is something else."""
    if not (os.isatty(0) and os.isatty(1)):
        return None
    return Terminal(1, termios.tcgetattr(1))

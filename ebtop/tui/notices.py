"""What ebtop has to say: the newest for a few seconds, all of it in a log; knows no screen and no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from ebtop.tui.pieces import Piece

SHOWN_S = 6.0
_LINES = 500


@dataclass(slots=True)
class Notices:
    """Times are seconds of any one clock that only goes forward."""

    lines: list[str] = field(default_factory=list)
    """The log, oldest first, bounded."""
    _newest: Piece = ("", "text")
    _until: float = 0.0

    def say(self, text: str, role: str, now: float) -> None:
        """Show `text` from `now` on."""
        self._newest, self._until = (text, role), now + SHOWN_S

    def remember(self, text: str, clock: str) -> None:
        """A line in the log, headed by `clock`."""
        self.lines.append(f"{clock}  {text}")
        del self.lines[:-_LINES]

    def shown(self, now: float) -> Piece | None:
        """The notice that is shown at `now`, if any."""
        return self._newest if now < self._until else None

    def passed(self, now: float) -> bool:
        """Whether a notice has just gone; once for each."""
        gone = 0 < self._until < now
        if gone:
            self._until = 0.0
        return gone

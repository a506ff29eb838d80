"""A widget that shows lines of pieces and redraws only the pieces that changed; knows nothing of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ebtop.tui.pieces import Line, line_width, width
from ebtop.tui.transliteration import plain

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard


class Lines(Widget):
    """Subclasses call `show`; everything drawn goes through styles of the app, never through markup."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._strips: list[Strip | None] = []
        self._cursor = -1
        self._styles: dict[str, Style] = {}
        """By role, over this widget's ground, which Textual would put together anew for every line."""

    @property
    def dashboard(self) -> Dashboard:
        """The app."""
        return cast("Dashboard", self.app)

    def show(self, lines: list[Line], cursor: int = -1) -> None:
        """Replace what is shown; `cursor` is the line that is set off, -1 for none."""
        before, earlier = self._lines, self._cursor
        self._lines, self._cursor = lines, cursor
        if len(before) != len(lines):
            self._strips = [None] * len(lines)
            self.refresh()
            return
        regions: list[Region] = []
        for y, (old, new) in enumerate(zip(before, lines, strict=True)):
            if cursor != earlier and y in (cursor, earlier):
                self._strips[y] = None
                regions.append(Region(0, y, self.size.width, 1))
            elif old != new:
                first, last = changed(old, new)
                self._strips[y] = None
                regions.append(Region(first, y, last - first, 1))
        if regions:
            self.refresh(*regions)

    def repaint(self) -> None:
        """Draw everything anew, e.g. in other colours."""
        self._strips, self._styles = [None] * len(self._lines), {}
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual asks for line `y`."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self._strip(self._lines[y], y == self._cursor)
        return strip

    def _strip(self, line: Line, selected: bool) -> Strip:
        roles, styles = self.dashboard.roles, self._styles
        if not styles:
            ground = self.rich_style
            styles |= {role: ground + style for role, style in roles.items()}
        ground = styles["cursor" if selected else "text"]
        if self.dashboard.looks.ascii:
            line = [(plain(text), role) for text, role in line]
        segments = [Segment(text, ground + roles[role] if selected else styles[role]) for text, role in joined(line)]
        return Strip(segments, line_width(line)).adjust_cell_length(self.size.width, ground)

    def notify_style_update(self) -> None:
        """Textual says that a style has changed."""
        self._styles = {}
        super().notify_style_update()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What Textual passes each line through at each refresh, less what replaces 16 colours: none is used here."""
        return [kind for kind in super().get_line_filters() if not isinstance(kind, ANSIToTruecolor)]


def joined(line: Line) -> Line:
    """`line` with fewer pieces: blanks look the same in any role, and every piece costs forty bytes of colours."""
    result: Line = []
    for text, role in line:
        if result and (role == result[-1][1] or (text.isspace() and "cursor" not in (role, result[-1][1]))):
            result[-1] = (result[-1][0] + text, result[-1][1])
        elif text:
            result.append((text, role))
    return result


def changed(old: Line, new: Line) -> tuple[int, int]:
    """The cells between which two lines differ, from the first piece that does to the last.

    One span for a line: for each span of it, Textual writes the line anew from its beginning (_compositor.ChopsUpdate).
    """
    differ = [piece for piece, (before, after) in enumerate(zip(old, new, strict=False)) if before != after]
    if len(old) != len(new) or any(width(old[piece][0]) != width(new[piece][0]) for piece in differ):
        return 0, max(line_width(old), line_width(new))
    if not differ:
        return 0, 0
    first = line_width(new[: differ[0]])
    return first, first + line_width(new[differ[0] : differ[-1] + 1])

"""A widget that shows lines of pieces and redraws only the pieces that changed; knows nothing of what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ebtop.tui.pieces import Line, line_width, width

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard


class Lines(Widget):
    """Subclasses call `show`; everything drawn goes through styles of the app, never through markup."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._strips: list[Strip | None] = []
        self._cursor = -1

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
                self._strips[y] = None
                regions += [Region(x, y, size, 1) for x, size in changed(old, new)]
        if regions:
            self.refresh(*regions)

    def repaint(self) -> None:
        """Draw everything anew, e.g. in other colours."""
        self._strips = [None] * len(self._lines)
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
        styles = self.dashboard.roles
        ground = self.rich_style + styles["cursor"] if selected else self.rich_style
        segments = [Segment(text, ground + styles[role]) for text, role in line if text]
        size = line_width(line)
        return Strip(segments, size).adjust_cell_length(self.size.width, ground)


def changed(old: Line, new: Line) -> list[tuple[int, int]]:
    """Where two lines differ, as (first cell, cells): piece by piece where the pieces keep their places."""
    sizes = [width(text) for text, _ in new]
    if [width(text) for text, _ in old] != sizes:
        return [(0, max(sum(sizes), line_width(old)))]
    spans: list[tuple[int, int]] = []
    x = 0
    for before, after, size in zip(old, new, sizes, strict=True):
        if before != after:
            if spans and spans[-1][0] + spans[-1][1] == x:
                spans[-1] = (spans[-1][0], spans[-1][1] + size)
            else:
                spans.append((x, size))
        x += size
    return spans

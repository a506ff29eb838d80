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

from ebtop.tui.pieces import Line, fill, line_width, width
from ebtop.tui.transliteration import plain

if TYPE_CHECKING:
    from ebtop.tui.app import Dashboard


_GAP = 8


class Lines(Widget):
    """Subclasses call `show`; everything drawn goes through styles of the app, never through markup."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._strips: list[Strip | None] = []
        self._cursor = -1
        self._styles: dict[str, Style] = {}
        """By role, over this widget's ground, which Textual would put together anew for every line."""
        self._codes: dict[tuple[str, bool], str] = {}
        """The terminal's codes of the same, by role and whether under the cursor."""

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
        lines_changed = [
            y
            for y, (old, new) in enumerate(zip(before, lines, strict=True))
            if old != new or (cursor != earlier and y in (cursor, earlier))
        ]
        if not lines_changed:
            return
        for y in lines_changed:
            self._strips[y] = None
        if self.dashboard.painter.can_paint(self):
            self._paint(lines_changed, before, earlier)
        else:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in lines_changed))

    def _paint(self, lines_changed: list[int], before: list[Line], earlier: int) -> None:
        """Write what is other than `before` straight to the terminal; whole lines where the cursor comes or goes."""
        painter, (left, top), wide = self.dashboard.painter, self.region.offset, self.size.width
        for y in lines_changed:
            line, selected = self._lines[y], y == self._cursor
            whole = selected != (y == earlier)
            for x, pieces in [(0, fill(line, wide))] if whole else spans(before[y], line, wide):
                drawn = joined(self._drawable(pieces))
                painter.add(left + x, top + y, [(text, self._code(role, selected)) for text, role in drawn])

    def _code(self, role: str, selected: bool) -> str:
        codes = self._codes
        if (role, selected) not in codes:
            ground, style = self.rich_style, self.dashboard.roles[role]
            if selected:
                ground += self.dashboard.roles["cursor"]
            codes[role, selected] = self.dashboard.painter.code(ground + style)
        return codes[role, selected]

    def repaint(self) -> None:
        """Draw everything anew, e.g. in other colours."""
        self._strips, self._styles, self._codes = [None] * len(self._lines), {}, {}
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual asks for lines: without borders and paddings there is nothing to be added, so nothing to be kept."""
        strips = [self.render_line(y) for y in crop.line_range]
        for kind in self.get_line_filters():
            strips = [strip.apply_filter(kind, self.background_colors[1]) for strip in strips]
        return [strip.crop(*crop.column_span) for strip in strips]

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
        pieces = joined(self._drawable(line))
        segments = [Segment(text, ground + roles[role] if selected else styles[role]) for text, role in pieces]
        return Strip(segments, line_width(line)).adjust_cell_length(self.size.width, ground)

    def _drawable(self, line: Line) -> Line:
        """`line` in characters that the terminal can show."""
        return [(plain(text), role) for text, role in line] if self.dashboard.looks.ascii else line

    def notify_style_update(self) -> None:
        """Textual says that a style has changed."""
        self._styles, self._codes = {}, {}
        super().notify_style_update()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What Textual passes each line through at each refresh, less what replaces 16 colours: none is used here."""
        return [kind for kind in super().get_line_filters() if not isinstance(kind, ANSIToTruecolor)]


def joined(line: Line) -> Line:
    """`line` with fewer pieces: blanks look the same in any role, and every piece costs forty bytes of colours."""
    result: Line = []
    for text, role in line:
        if result and (
            role == result[-1][1] or (text.isspace() and not _grounded(role) and not _grounded(result[-1][1]))
        ):
            result[-1] = (result[-1][0] + text, result[-1][1])
        elif text:
            result.append((text, role))
    return result


def _grounded(role: str) -> bool:
    """Whether blanks in that role can be seen."""
    return role == "cursor" or role.startswith("flame")


def spans(old: Line, new: Line, cells: int) -> list[tuple[int, Line]]:
    """What of `new` is other than in `old`: the cell at which each stretch begins, and its pieces.

    All of the line, filled to `cells`, where pieces stand elsewhere than before. Between two stretches lie at least
    _GAP cells: going over fewer costs more bytes than writing them again.
    """
    if len(old) != len(new):
        return [(0, fill(new, cells))]
    found: list[tuple[int, Line]] = []
    x = end = after = 0
    for place, piece in enumerate(new):
        text, before = piece[0], old[place]
        size = len(text) if text.isascii() else width(text)
        if piece != before:
            if width(before[0]) != size:
                return [(0, fill(new, cells))]
            if found and x - end < _GAP:
                found[-1][1].extend(new[after:place])
            else:
                found.append((x, []))
            found[-1][1].append(piece)
            end, after = x + size, place + 1
        x += size
    return found

"""Lines of pieces: what is written again when something changed, and how few pieces do."""

from __future__ import annotations

from ebtop.tui.pieces import Line
from ebtop.tui.widgets.lines import changed, joined

LINE: Line = [("  pid", "dim"), ("  ", "text"), ("name", "strong"), (" 7", "text"), (" µs", "dim")]


def test_one_span_from_the_first_change_to_the_last() -> None:
    """Textual writes a line anew for each span of it."""
    assert changed(LINE, [("  pid", "dim"), ("  ", "text"), ("eman", "strong"), (" 9", "text"), (" µs", "dim")]) == (
        7,
        13,
    )


def test_a_change_of_colour_is_a_change() -> None:
    """The same text in another role."""
    assert changed(LINE, [*LINE[:3], (" 7", "bad"), LINE[4]]) == (11, 13)


def test_pieces_that_move_are_all_written() -> None:
    """The longer of both lines, whole."""
    assert changed(LINE, [("pid", "dim")]) == (0, 16)


def test_blanks_go_with_the_piece_before_them() -> None:
    """They look the same in any role; so do neighbours of one role."""
    assert joined(LINE) == [("  pid  ", "dim"), ("name", "strong"), (" 7", "text"), (" µs", "dim")]
    assert joined([("a", "text"), ("", "dim"), ("b", "text")]) == [("ab", "text")]

"""Lines of pieces: what is written again when something changed, and how few pieces do."""

from __future__ import annotations

import pytest

from ebtop import units
from ebtop.tui.pieces import Line, left, middle, number, tail_of, unit_name, width
from ebtop.tui.widgets.lines import joined, spans
from ebtop.units import Unit

LINE: Line = [("  pid", "dim"), ("  ", "text"), ("name", "strong"), (" 7", "text"), (" µs", "dim")]


def test_only_what_changed_is_written() -> None:
    """From the cell where it stands; what lies between two changes closely together is written again with them."""
    other: Line = [("  pid", "dim"), ("  ", "text"), ("eman", "strong"), (" 9", "text"), (" µs", "dim")]
    assert spans(LINE, other, 20) == [(7, other[2:4])]
    near: Line = [("pid  ", "dim"), *LINE[1:3], (" 9", "text"), LINE[4]]
    assert spans(LINE, near, 20) == [(0, near[:4])]


def test_far_changes_are_written_apart() -> None:
    """Going over the cells between them costs less than writing them."""
    long: Line = [("a", "text"), ("x" * 40, "dim"), ("b", "text")]
    assert spans(long, [("c", "text"), long[1], ("d", "text")], 42) == [(0, [("c", "text")]), (41, [("d", "text")])]


def test_a_units_name_loses_what_every_unit_ends_with_before_it_is_cut() -> None:
    """Two services of one shop are still two where there is no room for both names whole."""
    assert unit_name("shop-mail.service", 17) == "shop-mail.service"
    assert [unit_name(f"shop-{which}.service", 10) for which in ("mail", "cart")] == ["shop-mail ", "shop-cart "]
    assert unit_name("user@1000.scope", 10) == middle("user@1000.scope", 10)


@pytest.mark.parametrize("text", ["all ▸ postgres ▸ main", "全部 ▸ 漢字漢字 ▸ 関数", "é" * 9 + "e\u0301" * 9, "漢", ""])
def test_every_cut_counts_cells(text: str) -> None:
    """A wide character takes two, a combining one none; the end that is kept is whole."""
    for cells in range(1, 40):
        assert [width(cut(text, cells)) for cut in (left, middle, tail_of)] == [cells] * 3
    assert tail_of("漢字 main", 6) == "… main"
    assert tail_of("漢字 main", 7) == "…  main"
    assert tail_of("漢字 main", 8) == "…字 main"


@pytest.mark.parametrize("unit", Unit)
def test_a_number_in_the_cells_of_its_unit_is_never_cut(unit: Unit) -> None:
    """ "<0.01 %" is not "<0.0 %"."""
    cells = units.number_width(unit)
    for value in (0.004, 0.038, 0.7, 9.94, 99.94, 999.4, 99_949.0, 5e6):
        shown = "".join(piece for piece, _ in number(value, unit, cells))
        assert width(shown) == cells
        whole = units.text(value, unit)
        assert shown.split() == whole.split() or width(whole) > cells


def test_a_change_of_colour_is_a_change() -> None:
    """The same text in another role."""
    assert spans(LINE, [*LINE[:3], (" 7", "bad"), LINE[4]], 20) == [(11, [(" 7", "bad")])]


def test_pieces_that_move_are_all_written() -> None:
    """The whole line, filled."""
    assert spans(LINE, [("pid", "dim")], 6) == [(0, [("pid", "dim"), ("   ", "text")])]


def test_a_wide_character_keeps_what_follows_in_place() -> None:
    """Cells count, not characters."""
    wide: Line = [("大", "text"), ("1", "text")]
    assert spans(wide, [("大", "text"), ("2", "text")], 4) == [(2, [("2", "text")])]


def test_blanks_go_with_the_piece_before_them() -> None:
    """They look the same in any role; so do neighbours of one role."""
    assert joined(LINE) == [("  pid  ", "dim"), ("name", "strong"), (" 7", "text"), (" µs", "dim")]
    assert joined([("a", "text"), ("", "dim"), ("b", "text")]) == [("ab", "text")]

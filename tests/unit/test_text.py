"""Cleaning: nothing that could steer a terminal or mislead an eye passes, everything else stays as it is."""

from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pytest

from ebtop.text import REPLACEMENT, clean, clean_array

HARMLESS = (
    "",
    "postgres",
    "[/]",
    "[red]x",
    "[@click=app.quit]q",
    "a b",
    "naïve",
    "日本語",
    "e\u0301",
    "😀",
    "–",
    "\\x1b",
)
HOSTILE = {
    "\x1b[31m": "␛[31m",
    "\x1b]0;title\x07": "␛]0;title␇",
    "a\r\nb\tc": "a␍␊b␉c",
    "\x7f": "␡",
    "\x9b31m": f"{REPLACEMENT}31m",
    "\u202eevil": f"{REPLACEMENT}evil",
    "\u2066x\u2069": f"{REPLACEMENT}x{REPLACEMENT}",
    "zero\u200bwidth": f"zero{REPLACEMENT}width",
    "\u2028": REPLACEMENT,
    "\ud800": REPLACEMENT,
    "\ue000": REPLACEMENT,
    "\U000e0041": REPLACEMENT,
    "nul\0byte": "nul␀byte",
}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text: str) -> None:
    """Brackets and markup are text, as are all scripts."""
    assert clean(text) == text
    assert clean(text.encode()) == text


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.items())
def test_what_is_not_becomes_visible(raw: str, shown: str) -> None:
    """Control pictures where Unicode has them, else the replacement character."""
    assert clean(raw) == shown
    assert clean(shown) == shown


def test_bytes_end_at_the_first_nul_and_need_not_be_utf8() -> None:
    """As the kernel's char arrays come."""
    assert clean(b"sh\0garbage") == "sh"
    assert clean(b"\xff\xfe") == REPLACEMENT * 2
    assert clean(b"caf\xc3") == f"caf{REPLACEMENT}"
    assert clean(b"\x9b31m") == f"{REPLACEMENT}31m"


def test_no_character_of_unicode_passes_that_a_terminal_obeys() -> None:
    """Every code point there is."""
    passed = {character for character in map(chr, range(sys.maxunicode + 1)) if clean(character) == character}
    categories = {unicodedata.category(character) for character in passed}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert all(len(clean(chr(code))) == 1 for code in range(0x2100))


def test_a_clean_column_is_not_even_copied() -> None:
    """The usual case costs one look."""
    column = np.array([b"node", b"", b"postgres"], "S16")
    assert clean_array(column) is column
    empty = np.zeros(0, "S16")
    assert clean_array(empty) is empty


def test_a_column_is_cleaned_element_by_element() -> None:
    """Bytes behind a NUL go, the rows around stay."""
    column = np.array([b"node", b"\x1b[2J", "né".encode(), b"\xff", b"ab\0\x1bcd", b"tail"], "S16")
    cleaned = clean_array(column)
    assert [element.decode() for element in cleaned.tolist()] == ["node", "␛[2J", "né", REPLACEMENT, "ab", "tail"]
    assert column[1] == b"\x1b[2J"


def test_what_grows_is_cut_at_a_whole_character() -> None:
    """An escape takes one byte, its picture three."""
    for width in range(1, 9):
        column = np.array([b"\x1b" * width], f"S{width}")
        cleaned = clean_array(column)[0]
        assert cleaned.decode() == "␛" * (width // 3)


def test_a_member_of_a_struct_is_cleaned_as_well() -> None:
    """Columns of structured arrays do not lie together."""
    records = np.zeros(3, [("pid", "<u4"), ("comm", "S16"), ("n", "<u8")])
    records["comm"] = [b"a", b"b\x07", b"c"]
    assert clean_array(records["comm"]).tolist() == [b"a", "b␇".encode(), b"c"]


def test_cleaning_agrees_with_the_one_for_single_strings() -> None:
    """Random bytes of every length."""
    random = np.random.default_rng(11)
    column = np.array([random.integers(0, 256, random.integers(0, 12), np.uint8).tobytes() for _ in range(500)], "S48")
    assert [element.decode() for element in clean_array(column).tolist()] == [clean(raw) for raw in column.tolist()]

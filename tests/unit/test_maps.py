"""Layouts, per-CPU slots and clean texts, without a kernel."""

from __future__ import annotations

import numpy as np
import pytest

from ebtop.kernel.cpus import cpu_list
from ebtop.kernel.layout import CleanTexts, combine, combine_banks, plain, record_type
from ebtop.text import clean_array
from ebtop.wire import Field

FIELDS = (Field("calls", "<u8", 0), Field("max_ns", "<u8", 8), Field("comm", "S16", 16))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0\n", (0,)), ("0-3\n", (0, 1, 2, 3)), ("0-1,4,6-7\n", (0, 1, 4, 6, 7))],
)
def test_a_list_of_cpus_as_sysfs_writes_it(text: str, numbers: tuple[int, ...]) -> None:
    """Ranges and single numbers, divided by commas."""
    assert cpu_list(text) == numbers


def test_a_struct_keeps_its_offsets_and_its_padding() -> None:
    """Members stand where the compiler put them, and records are as long as it made them."""
    layout = record_type((Field("a", "<u4", 0), Field("slots", "(3,)<u8", 8)), 40)
    assert layout.itemsize == 40
    assert layout.fields is not None
    assert layout.fields["slots"][1] == 8
    assert np.zeros(2, layout)["slots"].shape == (2, 3)


def test_slots_of_three_cpus_become_one() -> None:
    """Sum, maximum, first name that is not empty; row by row."""
    slots = np.zeros((2, 3), record_type(FIELDS, 32))
    slots["calls"] = [[1, 2, 4], [8, 16, 32]]
    slots["max_ns"] = [[5, 9, 7], [0, 0, 3]]
    slots["comm"] = [[b"", b"one", b"two"], [b"three", b"four", b""]]
    rows = combine(slots)
    assert rows["calls"].tolist() == [7, 56]
    assert rows["max_ns"].tolist() == [9, 3]
    assert rows["comm"].tolist() == [b"one", b"three"]


@pytest.mark.parametrize(
    "layout",
    [
        [("slots", "<u8", (5,)), ("sum", "<u8"), ("max_value", "<u8")],
        [("max_ns", "<u8"), ("calls", "<u8"), ("comm", "S16")],
        [("calls", "<u4"), ("max_ns", "<u8")],
    ],
)
@pytest.mark.parametrize("cpus", [1, 2, 5])
def test_banks_in_a_row_are_combined_as_slots_are(layout: list[tuple[str, str]], cpus: int) -> None:
    """All members at once where they are counters, one by one where they are not: the same numbers."""
    random = np.random.default_rng(1)
    slots = np.zeros((cpus, 7), layout)
    for name in slots.dtype.names or ():
        if slots.dtype[name].kind != "S":
            slots[name] = random.integers(0, 1 << 20, slots[name].shape)
    slots["max_value" if "max_value" in (slots.dtype.names or ()) else "max_ns"][0, 3] = 1 << 40
    before = slots.copy()
    assert combine_banks(slots).tobytes() == combine(slots.T).tobytes()
    assert slots.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", True),
        (b"bash", True),
        (b"sixteen bytes!!!", True),
        (b"~ tilde", True),
        (b"\x1b[31m", False),
        (b"tab\there", False),
        (b"del\x7f", False),
        (b"caf\xc3\xa9", False),
        (b"\x9b31m", False),
        (b"ninechars\x1f", False),
        (b"gap\0after", False),
        (b"eight by\0\0x", False),
        (b"\0\0\0\0\0\0\0\0late", False),
    ],
)
def test_plain_text_is_told_from_all_other(text: bytes, expected: bool) -> None:
    """Printable ASCII padded with NULs, and nothing else, passes the quick look; the slow look agrees."""
    column = np.array([b"first", text, b"last"], "S16")
    raw = np.zeros(3, "S16")
    raw.view(np.uint8).reshape(3, 16)[1, : len(text)] = np.frombuffer(text, np.uint8)
    raw[[0, 2]] = column[[0, 2]]
    assert plain(raw) is expected
    assert (clean_array(raw) is raw) is expected


def test_every_single_byte_is_judged_as_the_slow_way_does() -> None:
    """All 256 values in each place of a word."""
    for byte in range(256):
        for place in range(8):
            raw = np.full((1, 8), ord("a"), np.uint8)
            raw[0, place] = byte
            column = raw.view("S8").reshape(-1)
            assert plain(column) == (clean_array(column) is column), (byte, place)


def test_texts_are_cleaned_in_place_and_again_when_they_change() -> None:
    """What was clean stays, what is not is made visible."""
    texts = CleanTexts(record_type(FIELDS, 32))
    rows = np.zeros(2, record_type(FIELDS, 32))
    for name, shown in ((b"a\nb", "a\u240ab"), (b"plain", "plain"), (b"c\x1b", "c\u241b")):
        for _ in range(2):
            rows["comm"] = [b"x", name]
            texts.apply(rows)
            assert rows["comm"][1].decode() == shown

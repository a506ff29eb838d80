"""Maps exchanged in a program's code before it is loaded."""

from __future__ import annotations

import struct

import pytest

from ebtop.kernel.instructions import with_maps, with_numbers

MAP = struct.pack("=BBhi", 0x18, 0x11, 0, 7) + bytes(8)
"""r1 = the map of descriptor 7."""
NUMBER = struct.pack("=BBhi", 0x18, 0x01, 0, 7) + bytes(8)
"""r1 = the number 7."""
SHORT = struct.pack("=BBhi", 0xB7, 0x11, 0, 7)
"""r1 = 7, with what would be a map's mark in a longer instruction."""


def test_a_maps_descriptor_is_exchanged_wherever_it_stands() -> None:
    """Registers and the second half stay; a map that is not named stays."""
    other = struct.pack("=BBhi", 0x18, 0x12, 0, 8) + bytes(8)
    wanted = struct.pack("=BBhi", 0x18, 0x11, 0, 70) + bytes(8)
    assert with_maps(MAP + SHORT + other + MAP, {7: 70}) == wanted + SHORT + other + wanted


def test_numbers_that_look_like_the_descriptor_stay() -> None:
    """A 64-bit constant, its second half, and shorter instructions are no maps."""
    second_half = struct.pack("=BBhi", 0x18, 0x01, 0, 1) + struct.pack("=BBhi", 0x18, 0x11, 0, 7)
    code = NUMBER + SHORT + second_half
    assert with_maps(code, {7: 70}) == code


def test_what_is_cut_off_is_refused() -> None:
    """Instructions are eight bytes each."""
    with pytest.raises(ValueError, match="12 bytes"):
        with_maps(MAP[:12], {7: 70})


def test_a_number_is_exchanged_in_both_halves() -> None:
    """Maps of that number, other numbers and shorter instructions stay."""

    def load(number: int, source: int = 0) -> bytes:
        low, high = struct.unpack("=ii", struct.pack("=Q", number))
        return struct.pack("=BBhiBBhi", 0x18, 0x03 | source << 4, 0, low, 0, 0, 0, high)

    mark, given = 0x6562746F70676901, 0xFFFF_FFFF_0000_0007
    code = SHORT + load(mark) + load(mark + 1) + load(mark, source=1) + load(mark)
    wanted = SHORT + load(given) + load(mark + 1) + load(mark, source=1) + load(given)
    assert with_numbers(code, {mark: given}) == wanted

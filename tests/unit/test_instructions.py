"""Maps exchanged in a program's code before it is loaded."""

from __future__ import annotations

import struct

import pytest

from ebtop.kernel import chained
from ebtop.kernel.instructions import lowest, with_jumps_for_exits, with_maps, with_numbers

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


def insn(opcode: int, to: int = 0, source: int = 0, offset: int = 0, number: int = 0) -> bytes:
    """One instruction."""
    return struct.pack("=BBhi", opcode, source << 4 | to, offset, number)


EXIT = insn(0x95)
CONSTANT = insn(0x18, 1, number=0x95) + insn(0x95)
"""A load of 64 bits, whose second half only looks like an end."""


def test_every_end_of_a_program_becomes_a_jump_behind_it() -> None:
    """Each as far as there is code after it; the halves of a constant are none."""
    code = EXIT + CONSTANT + insn(0xB7) + EXIT
    jump_far, jump_near = insn(0x05, offset=4), insn(0x05)
    assert with_jumps_for_exits(code) == jump_far + CONSTANT + insn(0xB7) + jump_near


@pytest.mark.parametrize(
    ("code", "deepest"),
    [
        (EXIT, 0),
        (insn(0x7B, 10, 1, -504) + EXIT, -504),  # a store from a register
        (insn(0x7A, 10, offset=-16) + EXIT, -16),  # of a constant
        (insn(0x79, 1, 10, -32) + EXIT, -32),  # a load
        (insn(0xBF, 2, 10) + insn(0x07, 2, number=-400) + EXIT, -400),  # an address on the stack
        (insn(0x7B, 1, 2, -48) + insn(0x79, 10, 1, -64) + insn(0x07, 3, number=-4096) + EXIT, 0),  # elsewhere
    ],
)
def test_how_much_of_the_stack_a_program_uses_is_seen(code: bytes, deepest: int) -> None:
    """By where it stores, loads, and takes addresses."""
    assert lowest(code) == deepest


def test_a_program_that_needs_the_whole_stack_shares_no_place() -> None:
    """There is no room for what stands beside it."""
    with pytest.raises(ValueError, match="stack"):
        chained.member(insn(0x7A, 10, offset=-504) + EXIT, 3, 4, 2)

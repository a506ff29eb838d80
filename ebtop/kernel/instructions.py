"""Maps and numbers in the code of a program, exchanged before it is loaded; knows nothing of what the code does."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

_INSTRUCTION = struct.Struct("=BBhi")
"""struct bpf_insn of include/uapi/linux/bpf.h: opcode, registers (source in the high four bits), offset, immediate."""
_IMMEDIATE = struct.Struct("=I")
_LOAD_IMMEDIATE = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: 64 bits in two instructions; the second begins with opcode 0."""
_MAP_DESCRIPTOR = 1
"""BPF_PSEUDO_MAP_FD as source register: the immediate is the descriptor of a map."""


def with_maps(code: bytes, exchanged: Mapping[int, int]) -> bytes:
    """`code` with the descriptors of `exchanged` (new by old) in the place of the old ones; all else as it is.

    ValueError where `code` is no whole number of instructions.
    """
    changed = bytearray(code)
    for place, source in _loads(code):
        opcode, registers, offset, number = _INSTRUCTION.unpack_from(code, place)
        if source == _MAP_DESCRIPTOR and number in exchanged:
            _INSTRUCTION.pack_into(changed, place, opcode, registers, offset, exchanged[number])
    return bytes(changed)


def with_numbers(code: bytes, exchanged: Mapping[int, int]) -> bytes:
    """`code` with the 64-bit constants of `exchanged` (new by old) in the place of the old ones; all else as it is."""
    changed = bytearray(code)
    for place, source in _loads(code):
        low, high = (_IMMEDIATE.unpack_from(code, place + at)[0] for at in (4, 12))
        number = high << 32 | low
        if source == 0 and number in exchanged:
            _IMMEDIATE.pack_into(changed, place + 4, exchanged[number] & 0xFFFF_FFFF)
            _IMMEDIATE.pack_into(changed, place + 12, exchanged[number] >> 32)
    return bytes(changed)


def _loads(code: bytes) -> Iterator[tuple[int, int]]:
    """Where each load of 64 bits stands, and its source register, which says what it loads."""
    if len(code) % _INSTRUCTION.size:
        raise ValueError(f"{len(code)} bytes are no whole number of instructions")
    skipped = False
    for place in range(0, len(code), _INSTRUCTION.size):
        opcode, registers, _, _ = _INSTRUCTION.unpack_from(code, place)
        is_first = opcode == _LOAD_IMMEDIATE and not skipped
        if is_first:
            yield place, registers >> 4
        skipped = is_first

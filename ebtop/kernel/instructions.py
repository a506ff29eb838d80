"""Maps in the code of a program, exchanged for others before it is loaded; knows nothing of what the code does."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_INSTRUCTION = struct.Struct("=BBhi")
"""struct bpf_insn of include/uapi/linux/bpf.h: opcode, registers (source in the high four bits), offset, immediate."""
_LOAD_IMMEDIATE = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: 64 bits in two instructions; the second begins with opcode 0."""
_MAP_DESCRIPTOR = 1
"""BPF_PSEUDO_MAP_FD as source register: the immediate is the descriptor of a map."""


def with_maps(code: bytes, exchanged: Mapping[int, int]) -> bytes:
    """`code` with the descriptors of `exchanged` (new by old) in the place of the old ones; all else as it is.

    ValueError where `code` is no whole number of instructions.
    """
    if len(code) % _INSTRUCTION.size:
        raise ValueError(f"{len(code)} bytes are no whole number of instructions")
    changed = bytearray(code)
    skipped = False
    for place in range(0, len(code), _INSTRUCTION.size):
        opcode, registers, offset, number = _INSTRUCTION.unpack_from(code, place)
        is_first = opcode == _LOAD_IMMEDIATE and not skipped
        if is_first and registers >> 4 == _MAP_DESCRIPTOR and number in exchanged:
            _INSTRUCTION.pack_into(changed, place, opcode, registers, offset, exchanged[number])
        skipped = is_first
    return bytes(changed)

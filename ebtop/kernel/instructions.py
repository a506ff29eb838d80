"""Maps and numbers in the code of a program, exchanged before it is loaded; knows nothing of what the code does."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

_INSTRUCTION = struct.Struct("=BBhi")
"""struct bpf_insn of include/uapi/linux/bpf.h: opcode, registers (source in the high four bits), offset, immediate."""
_IMMEDIATE = struct.Struct("=I")
_LOAD_IMMEDIATE = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: 64 bits in two instructions; the second begins with opcode 0."""
_EXIT, _JUMP, _ADD = 0x95, 0x05, 0x07
"""BPF_JMP | BPF_EXIT, BPF_JMP | BPF_JA, BPF_ALU64 | BPF_ADD | BPF_K."""
_LOAD_MEMORY, _STORE, _STORE_REGISTER = 1, 2, 3
"""Classes BPF_LDX, BPF_ST, BPF_STX: the low three bits of an opcode."""
_FRAME, _DEEPEST = 10, 512
"""The register that points to the end of the stack, and how long that is (MAX_BPF_STACK)."""
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


def with_jumps_for_exits(code: bytes) -> bytes:
    """`code` that, wherever it ended, goes on with what is put behind it."""
    changed = bytearray(code)
    for place in _places(code):
        if code[place] == _EXIT:
            _INSTRUCTION.pack_into(changed, place, _JUMP, 0, (len(code) - place) // _INSTRUCTION.size - 1, 0)
    return bytes(changed)


def lowest(code: bytes) -> int:
    """An offset on the stack that nothing in `code` goes below, from 0 (none is used) down to -512.

    Addresses on the stack are register 10 and what is added to copies of it: any small negative constant that is added
    to anything is taken for one.
    """
    found = 0
    for place in _places(code):
        opcode, registers, offset, number = _INSTRUCTION.unpack_from(code, place)
        base = registers >> 4 if opcode & 7 == _LOAD_MEMORY else registers & 15
        if opcode & 7 in (_LOAD_MEMORY, _STORE, _STORE_REGISTER) and base == _FRAME:
            found = min(found, offset)
        elif opcode == _ADD and -_DEEPEST <= number < 0:
            found = min(found, number)
    return found


def _places(code: bytes) -> Iterator[int]:
    """Where each instruction begins, the second halves of loads of 64 bits left out."""
    skipped = False
    for place in range(0, len(code), _INSTRUCTION.size):
        if not skipped:
            yield place
        skipped = not skipped and code[place] == _LOAD_IMMEDIATE


def _loads(code: bytes) -> Iterator[tuple[int, int]]:
    """Where each load of 64 bits stands, and its source register, which says what it loads."""
    if len(code) % _INSTRUCTION.size:
        raise ValueError(f"{len(code)} bytes are no whole number of instructions")
    for place in _places(code):
        if code[place] == _LOAD_IMMEDIATE:
            yield place, code[place + 1] >> 4

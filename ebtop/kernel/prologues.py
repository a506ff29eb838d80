"""Whether a function keeps a frame pointer, from its first instructions; knows nothing of files or stacks.

A stack is walked from frame pointer to frame pointer: each function has to save its caller's and set its own, which
compilers do first of all where they do it at all.
"""

from __future__ import annotations

import struct

from ebtop.kernel.elfhead import AARCH64, X86_64

BYTES = 48
"""Of a function that are looked at."""
_NEAR = 24
"""Bytes between saving the caller's frame pointer and setting one's own: others may come between."""
_PUSH = b"\x55"  # push %rbp
_SET = (b"\x48\x89\xe5", b"\x48\x8b\xec")  # mov %rsp,%rbp
_LEA = (b"\x48\x8d\x6c\x24", b"\x48\x8d\xac\x24")  # lea N(%rsp),%rbp, as Go has it
_PAIR, _PAIR_MASK = 0xA8007BFD, 0xFE007FFF
"""stp x29, x30, [sp, …]: Arm Architecture Reference Manual, C6.2 STP."""


def keeps_frame(code: bytes, machine: int) -> bool | None:
    """Whether a function that begins with `code` keeps one; None for a machine or code that is not known."""
    if machine == X86_64 and len(code) >= 4:
        pushed = code.find(_PUSH)
        if 0 <= pushed < BYTES // 2 and any(pushed < code.find(one, pushed) <= pushed + _NEAR for one in _SET):
            return True
        return any(one in code for one in _LEA)
    if machine == AARCH64 and len(code) >= 4:
        whole = len(code) // 4
        return any(word & _PAIR_MASK == _PAIR for word in struct.unpack(f"<{whole}I", code[: whole * 4]))
    return None

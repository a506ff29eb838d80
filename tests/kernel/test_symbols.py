"""Names of addresses, as the warden's children look them up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebtop import wire
from ebtop.offer import decode_symbols
from ebtop.warden.answering import Answering
from ebtop.warden.identity import Identity

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]


def kernel_address(function: str) -> int:
    """Where the kernel has it."""
    lines = (line.split() for line in Path("/proc/kallsyms").read_text().splitlines())
    return next(int(words[0], 16) for words in lines if words[2] == function)


def test_functions_of_the_kernel_by_any_of_their_addresses() -> None:
    """Begin, end and name; what is not the kernel's has none."""
    address = kernel_address("vfs_read")
    answering = Answering(Identity(65534, 65534, "nobody", "/"), False)
    found = decode_symbols(answering.content(wire.AskSymbols(1, (address + 5, address + 9, 4096)))).kernel
    assert [(symbol.name, symbol.begin, symbol.module) for symbol in found] == [("vfs_read", address, "kernel")]
    assert address + 9 < found[0].end

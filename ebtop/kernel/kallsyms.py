"""Which function of the kernel, of a module or of a BPF program an address is in; knows nothing of who asks.

/proc/kallsyms gives addresses to root only (kptr_restrict), a line for each: address, type, name and, behind a tab, the
module in brackets. It says no sizes: a function ends where the next begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from ebtop.offer import Symbol

_PLACE = Path("/proc/kallsyms")
_DIGITS = 16
_TEXT = b"tTwW"
"""Types of what is in a text section (nm(1))."""
_ENDS = frozenset({b"_etext", b"_einittext", b"__end_rodata", b"_end"})
"""What begins where the functions before it end, and is none itself."""
_MOST = 1 << 20
"""Bytes; no function is longer, so what lies further behind one is in none that is known."""
KERNEL = "kernel"
"""The module of what is in none."""


def symbols(addresses: Iterable[int], place: Path = _PLACE) -> tuple[Symbol, ...]:
    """The functions that `addresses` are in, each once; those in none are left out. OSError where there is no list."""
    lines = place.read_bytes().splitlines()
    lines.sort()  # by address, as all are written with 16 digits; nearly sorted already
    found = {symbol.begin: symbol for address in addresses if (symbol := _symbol(lines, address))}
    return tuple(found.values())


def _symbol(lines: list[bytes], address: int) -> Symbol | None:
    after = bisect_right(lines, b"%016x\xff" % address)
    if not after:
        return None
    begin = lines[after - 1][:_DIGITS]
    end = int(lines[after][:_DIGITS], 16) if after < len(lines) else 0
    start = int(begin, 16)
    end = end if start < end <= start + _MOST else start + _MOST
    if not start or not start <= address < end:
        return None
    names = list(_names(lines, after - 1, begin))
    if not names:
        return None
    name, module = min(names, key=lambda one: (one[0].startswith(b"_"), len(one[0])))
    return Symbol(start, end, name.decode("utf-8", "replace"), module.decode("utf-8", "replace") or KERNEL)


def _names(lines: list[bytes], last: int, begin: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and module of every function that begins there."""
    while last >= 0 and lines[last].startswith(begin):
        words = lines[last].split()
        if len(words) > 2 and words[1] in _TEXT and words[2] not in _ENDS:
            yield words[2], words[3].strip(b"[]") if len(words) > 3 else b""
        last -= 1

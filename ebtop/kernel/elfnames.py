"""Which functions of an ELF file are at given offsets of it, and whether they keep a frame pointer.

Files may be anybody's, and hostile: to be called only by a process without privilege, in bounded time and memory.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ebtop.kernel import demangling, elfhead, prologues
from ebtop.kernel.elfhead import Head, Section

DEBUG_FILES = "/usr/lib/debug/.build-id"
"""Where packages with debugging symbols put them, by build id (gdb's "Separate Debug Files")."""
LIMIT_S = 2.0
"""For one file: what is in it then has no names."""
_FUNCTIONS = (2, 10)
"""STT_FUNC, STT_GNU_IFUNC."""
_NAMELESS = 0
"""STT_NOTYPE: functions written in assembler often are no more than that."""
_BACK = 8
"""How many symbols before an address are looked at: functions may lie in one another."""
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Name:
    """A function, at offsets of the file."""

    begin: int
    end: int
    name: str
    keeps_frame: bool | None


class _TooLong(Exception):  # noqa: N818 - private
    """It took longer than LIMIT_S."""


def names(descriptor: int, offsets: Sequence[int]) -> dict[int, Name]:
    """By offset, the function there; those that no symbol covers are left out, and all of a file that is broken."""
    found: dict[int, Name] = {}
    with suppress(_TooLong, OSError, ValueError, MemoryError, struct.error, OverflowError), _in_time():
        _find(descriptor, offsets, found)
    return found


def _find(descriptor: int, offsets: Sequence[int], found: dict[int, Name]) -> None:
    head = Head(descriptor)
    wanted = {offset: load for offset in offsets for load in head.loads if 0 <= offset - load.offset < load.size}
    left = {offset - load.offset + load.address: offset for offset, load in wanted.items()}
    for table in _tables(head):
        for address, (begin, end, name) in table.find(left).items():
            offset = left.pop(address)
            shift = offset - address
            keeps = prologues.keeps_frame(head.read(begin + shift, prologues.BYTES), head.machine)
            found[offset] = Name(begin + shift, end + shift, demangling.plain(name), keeps)
        if not left:
            return


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _tables(head: Head) -> Iterator[_Table]:
    """The file's own symbols, those of its file of debugging symbols, and what it exports: the fullest first."""
    yield from _of_type(head, elfhead.SYMTAB)
    build = head.build_id()
    with suppress(OSError):
        more = os.open(f"{DEBUG_FILES}/{build[:2]}/{build[2:]}.debug", os.O_RDONLY | os.O_CLOEXEC) if build else -1
        try:
            yield from _of_type(Head(more), elfhead.SYMTAB) if more >= 0 else ()
        finally:
            if more >= 0:
                os.close(more)
    yield from _of_type(head, elfhead.DYNSYM)


def _of_type(head: Head, kind: int) -> Iterator[_Table]:
    for section in head.sections:
        if section.type == kind and section.link < len(head.sections):
            yield _Table(head, section)


class _Table:
    """Functions by address."""

    def __init__(self, head: Head, section: Section) -> None:
        self._strings = head.content(head.sections[section.link])
        self._sections = head.sections
        self._columns = _columns(head.content(section), head)
        kinds, begins = self._columns.kinds, self._columns.begins
        self._functions = self._ordered(at for at, kind in enumerate(kinds) if kind in _FUNCTIONS and begins[at])
        self._labels: tuple[list[int], list[int]] | None = None

    def _ordered(self, places: Iterable[int]) -> tuple[list[int], list[int]]:
        """Those symbols by address: their places, and where they begin."""
        begins = self._columns.begins
        ordered = sorted(places, key=begins.__getitem__)
        return ordered, [begins[place] for place in ordered]

    def find(self, addresses: Iterable[int]) -> dict[int, tuple[int, int, bytes]]:
        """Begin, end and name of the function at each of `addresses` that has one."""
        found = {}
        for address in addresses:
            at = self._at(address, *self._functions) or self._at(address, *self._all_labels())
            if at:
                begin, end, places = at
                name = min((self._name(place) for place in places), key=lambda name: (name.startswith(b"_"), len(name)))
                if name:
                    found[address] = begin, end, name
        return found

    def _all_labels(self) -> tuple[list[int], list[int]]:
        if self._labels is None:
            kinds, begins, names = self._columns.kinds, self._columns.begins, self._columns.names
            labels = (at for at, kind in enumerate(kinds) if kind == _NAMELESS and begins[at] and names[at])
            self._labels = self._ordered(labels)
        return self._labels

    def _at(self, address: int, places: list[int], begins: list[int]) -> tuple[int, int, list[int]] | None:
        """Begin and end of the symbol that `address` is in, and the places of all that begin there."""
        after = bisect_right(begins, address)
        for at in range(after - 1, max(-1, after - 1 - _BACK), -1):
            begin = begins[at]
            end = self._end(places[at], begin, begins[after] if after < len(begins) else address + 1)
            if address < end:
                first = at
                while first and begins[first - 1] == begin:
                    first -= 1
                return begin, end, places[first : at + 1]
        return None

    def _end(self, place: int, begin: int, following: int) -> int:
        """Where a symbol ends; one without size at the next, or where its section ends."""
        if size := self._columns.sizes[place]:
            return begin + size
        number = self._columns.sections[place]
        if number >= len(self._sections):
            return begin
        section = self._sections[number]
        return min(following, section.address + section.size)

    def _name(self, place: int) -> bytes:
        begin = self._columns.names[place]
        name = self._strings[begin : self._strings.find(b"\0", begin, begin + _LONGEST)]
        return name.partition(b"@")[0]  # the version of what it exports


@dataclass(frozen=True, slots=True)
class _Columns:
    """Every symbol of a table: Elf64_Sym, Elf32_Sym."""

    kinds: Sequence[int]
    sections: Sequence[int]
    names: Sequence[int]
    begins: Sequence[int]
    sizes: Sequence[int]


def _columns(content: bytes, head: Head) -> _Columns:
    if head.wide and head.order == "<" and sys.byteorder == "little":  # three words each, without a loop over symbols
        words = array("Q")
        words.frombytes(content[: len(content) // 24 * 24])
        halves = array("H")
        halves.frombytes(content[: len(content) // 24 * 24])
        names = array("I")
        names.frombytes(content[: len(content) // 24 * 24])
        kinds = bytes(content[4 : len(content) // 24 * 24 : 24]).translate(_LOW_BITS)
        return _Columns(kinds, halves[3::12], names[0::6], words[1::3], words[2::3])
    layout = struct.Struct(head.order + ("IBBHQQ" if head.wide else "IIIBBH"))
    rows = list(layout.iter_unpack(content[: len(content) // layout.size * layout.size]))
    name, info, number, begin, size = (0, 1, 3, 4, 5) if head.wide else (0, 3, 5, 1, 2)
    kinds = bytes(row[info] & 15 for row in rows)
    return _Columns(kinds, *([row[member] for row in rows] for member in (number, name, begin, size)))


_LOW_BITS = bytes(byte & 15 for byte in range(256))

"""Where the parts of an ELF file are: sections, what is loaded, its build id; knows nothing of symbols.

Files may be anybody's, and hostile: every number is taken for what it is, a place to read at, and what is not there is
not there. Layouts: elf.h, the System V ABI's chapter 4.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SYMTAB, DYNSYM = 2, 11
_NOTE, _LOAD, _BUILD_ID = 7, 1, 3
"""Types of sections, segments and notes."""
_MOST = 4096
"""Sections or segments that are looked at."""
_LARGEST = 256 << 20
"""Bytes of one part; a larger one is not read."""
X86_64, AARCH64 = 62, 183
"""e_machine."""


class NotElf(ValueError):  # noqa: N818 - what it is
    """The file does not begin as one."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file."""

    type: int
    address: int
    offset: int
    size: int
    link: int
    """Number of another section: of symbols, that of their names."""


@dataclass(frozen=True, slots=True)
class Load:
    """A part that is loaded."""

    offset: int
    size: int
    address: int


class Head:
    """The head of the file behind a descriptor that stays the caller's."""

    def __init__(self, descriptor: int) -> None:
        """NotElf where it is none."""
        self._descriptor = descriptor
        start = self.read(0, 64)
        if len(start) < 52 or start[:4] != b"\x7fELF" or start[4] not in (1, 2) or start[5] not in (1, 2):
            raise NotElf
        self.wide, self.order = start[4] == 2, "<" if start[5] == 1 else ">"
        (self.machine,) = struct.unpack_from(self.order + "H", start, 18)
        segments, sections = struct.unpack_from(
            self.order + ("QQ" if self.wide else "II"), start, 32 if self.wide else 28
        )
        counts = struct.unpack_from(self.order + "HHHH", start, 54 if self.wide else 42)
        self.loads = tuple(self._loads(segments, *counts[:2]))
        self.sections = tuple(self._sections(sections, *counts[2:]))

    def read(self, offset: int, size: int) -> bytes:
        """What is there of so many bytes at `offset`; b"" where more is asked for than is ever read."""
        if not 0 <= offset < 1 << 62 or not 0 <= size <= _LARGEST:
            return b""
        return os.pread(self._descriptor, size, offset)

    def content(self, section: Section) -> bytes:
        """The bytes of a section."""
        return self.read(section.offset, section.size)

    def _parts(self, offset: int, size: int, count: int, layout: str) -> Iterator[tuple[int, ...]]:
        form = struct.Struct(self.order + layout)
        if size >= form.size:
            content = self.read(offset, size * min(count, _MOST))
            for at in range(0, len(content) - form.size + 1, size):
                yield form.unpack_from(content, at)

    def _loads(self, offset: int, size: int, count: int) -> Iterator[Load]:
        for part in self._parts(offset, size, count, "IIQQQQ" if self.wide else "IIIII"):
            if part[0] == _LOAD:
                begin, address, length = (part[2], part[3], part[5]) if self.wide else (part[1], part[2], part[4])
                yield Load(begin, length, address)

    def _sections(self, offset: int, size: int, count: int) -> Iterator[Section]:
        for part in self._parts(offset, size, count, "IIQQQQI" if self.wide else "IIIIIII"):
            yield Section(part[1], *part[3:7])

    def build_id(self) -> str:
        """Its build id in hexadecimal digits, "" where it has none."""
        for section in self.sections:
            if section.type == _NOTE and section.size < 4096:
                content = self.content(section)
                if len(content) >= 16:
                    name, length, kind = struct.unpack_from(self.order + "III", content)
                    if kind == _BUILD_ID and content[12:16] == b"GNU\0" and name == 4 and 0 < length <= 64:
                        return content[16 : 16 + length].hex()
        return ""

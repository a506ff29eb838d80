"""What a program or library has to hook: functions and static markers (USDT); knows nothing of who asks.

Files may be anybody's, and hostile: to be called only by a process without privilege, in bounded time and memory.
Headers, sections and notes are read by pyelftools; symbols, which may be a million, all at once by `struct`.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

DEBUG_FILES = Path("/usr/lib/debug/.build-id")
"""Where packages with debugging symbols put them, by build id (gdb's "Separate Debug Files")."""
_FUNCTIONS = (2, 10)
"""STT_FUNC, STT_GNU_IFUNC (elf.h)."""
_TABLES = ("SHT_SYMTAB", "SHT_DYNSYM")


@dataclass(frozen=True, slots=True)
class Marker:
    """A static marker: <sys/sdt.h>."""

    provider: bytes
    name: bytes
    arguments: tuple[bytes, ...]
    """Each as size@place, e.g. -4@%eax."""


def functions(path: str) -> frozenset[bytes]:
    """Names of all functions with an address in the file and in its file of debugging symbols.

    OSError when it cannot be read; ValueError when it is no ELF file.
    """
    with _opened(path) as file:
        names = _functions(file)
        more = _debug_file(file)
    if more and os.access(more, os.R_OK):
        with _opened(more) as file:
            names |= _functions(file)
    return frozenset(names)


def markers(path: str) -> tuple[Marker, ...]:
    """All static markers of the file. OSError and ValueError as for `functions`."""
    with _opened(path) as file:
        section = file.get_section_by_name(".note.stapsdt")
        notes = section.iter_notes() if section is not None else ()
        return tuple(_marker(note, file.elfclass // 8) for note in notes)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """The ELF file at `path`; whatever a broken one makes pyelftools raise becomes ValueError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{path} is not a regular file")
        try:
            yield ELFFile(stream)
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"{path} is not an ELF file that can be read: {type(error).__name__}: {error}") from error


def _functions(file: Any) -> set[bytes]:
    names: set[bytes] = set()
    order = "<" if file.little_endian else ">"
    layout = struct.Struct(order + ("IBBHQQ" if file.elfclass == 64 else "IIIBBH"))
    info, value = (1, 4) if file.elfclass == 64 else (3, 1)
    for section in file.iter_sections():
        if section["sh_type"] in _TABLES:
            strings = file.get_section(section["sh_link"]).data()
            content = section.data()
            whole = len(content) - len(content) % layout.size
            for symbol in layout.iter_unpack(content[:whole]):
                if symbol[info] & 15 in _FUNCTIONS and symbol[value] and symbol[0]:
                    names.add(strings[symbol[0] : strings.index(b"\0", symbol[0])])
    return names - {b""}


def _debug_file(file: Any) -> str:
    section = file.get_section_by_name(".note.gnu.build-id")
    for note in section.iter_notes() if section is not None else ():
        build = note["n_desc"]
        if note["n_type"] == "NT_GNU_BUILD_ID" and isinstance(build, str) and len(build) > 2:
            return str(DEBUG_FILES / build[:2] / f"{build[2:]}.debug")
    return ""


def _marker(note: Any, size: int) -> Marker:
    """Three addresses, then three texts: provider, name, arguments (systemtap's UserSpaceProbeImplementation)."""
    provider, name, arguments = bytes(note["n_descdata"])[3 * size :].split(b"\0")[:3]
    return Marker(provider, name, tuple(arguments.split()))

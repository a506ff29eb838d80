"""What a program or library has to hook: functions and static markers (USDT); knows nothing of who asks.

Files may be anybody's, and hostile: to be called only by a process without privilege, in bounded time and memory.
Headers, sections and notes are read by pyelftools; symbols, which may be a million, all at once by `struct`.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

DEBUG_FILES = Path("/usr/lib/debug/.build-id")
"""Where packages with debugging symbols put them, by build id (gdb's "Separate Debug Files")."""
_FUNCTIONS = (2, 10)
"""STT_FUNC, STT_GNU_IFUNC (elf.h)."""
_INDIRECT = 10
_EXECUTABLE = 1
"""PF_X."""
_TABLES = ("SHT_SYMTAB", "SHT_DYNSYM")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a hook goes in a file."""

    name: str
    """Function, or provider:name of a marker."""
    offset: int
    """In bytes from the file's beginning."""
    semaphore: int = 0
    """Likewise, of the counter that a marker looks at to know whether it is hooked; 0: it does not look."""


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a file that a hook can be set on."""

    spots: tuple[Spot, ...]
    """One for each place: of several names the shortest that fits, the first of those by alphabet."""
    indirect: frozenset[str]
    """Names that fit and stand for a function that is only chosen when a program starts (IFUNC): no place at all."""
    is_go: bool
    """Made by Go's compiler, whose stacks move: what is put in the way of a return would crash the program."""


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


def function_spots(path: str | int, fits: Callable[[str], bool], exact: bool = False) -> Functions:
    """The functions whose name `fits`, of the file at that path or descriptor (taken over).

    `exact`: where the file itself has one, its file of debugging symbols is not looked at. Errors are those of
    `functions`.
    """
    with _opened(path) as file:
        segments = _segments(file)
        names = [symbol for symbol in _symbols(file) if fits(os.fsdecode(symbol[0]))]
        is_go = file.get_section_by_name(".gopclntab") is not None
        more = "" if exact and names else _debug_file(file)
    if more and os.access(more, os.R_OK):
        with _opened(more) as file:
            names += [symbol for symbol in _symbols(file) if fits(os.fsdecode(symbol[0]))]
    found: dict[int, str] = {}
    for name, type_, value in names:
        offset, text = _offset(segments, value, _EXECUTABLE), os.fsdecode(name)
        if type_ != _INDIRECT and offset >= 0:
            found[offset] = min(found.get(offset, text), text, key=lambda one: (len(one), one))
    spots = sorted((name, offset) for offset, name in found.items())
    indirect = {os.fsdecode(name) for name, type_, _ in names if type_ == _INDIRECT}
    return Functions(tuple(Spot(*spot) for spot in spots), frozenset(indirect) - set(found.values()), is_go)


def marker_spots(path: str | int, fits: Callable[[str], bool]) -> tuple[Spot, ...]:
    """The static markers whose provider:name `fits`; a marker that stands in several places has several spots."""
    with _opened(path) as file:
        section, base = file.get_section_by_name(".note.stapsdt"), file.get_section_by_name(".stapsdt.base")
        segments, size = _segments(file), file.elfclass // 8
        order = "little" if file.little_endian else "big"
        found = []
        for note in section.iter_notes() if section is not None else ():
            content, marker = bytes(note["n_descdata"]), _marker(note, size)
            name = os.fsdecode(marker.provider + b":" + marker.name)
            at, then, semaphore = (int.from_bytes(content[n * size : n * size + size], order) for n in range(3))  # type: ignore[arg-type]  # a literal
            moved = base["sh_addr"] - then if base is not None else 0
            if fits(name) and (offset := _offset(segments, at + moved, _EXECUTABLE)) >= 0:
                counter = _offset(segments, semaphore + moved, 0) if semaphore else 0
                found.append(Spot(name, offset, max(counter, 0)))
    return tuple(sorted(found, key=lambda spot: (spot.name, spot.offset)))


@contextmanager
def _opened(path: str | int) -> Iterator[Any]:
    """The ELF file at `path`; whatever a broken one makes pyelftools raise becomes ValueError."""
    if isinstance(path, int):
        descriptor, name = path, "it"
    else:
        descriptor, name = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), path
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError(f"{name} is not a regular file")
        try:
            yield ELFFile(stream)
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"{name} is not an ELF file that can be read: {type(error).__name__}: {error}") from error


def _functions(file: Any) -> set[bytes]:
    return {name for name, _, _ in _symbols(file)}


def _symbols(file: Any) -> Iterator[tuple[bytes, int, int]]:
    """Name, type and address of every function that has both."""
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
                    name = strings[symbol[0] : strings.index(b"\0", symbol[0])]
                    if name:
                        yield name, symbol[info] & 15, symbol[value]


def _segments(file: Any) -> list[tuple[int, int, int, int]]:
    """Address, size, offset in the file and flags of what is loaded of it."""
    loaded = (segment.header for segment in file.iter_segments() if segment["p_type"] == "PT_LOAD")
    return [(one["p_vaddr"], one["p_filesz"], one["p_offset"], one["p_flags"]) for one in loaded]


def _offset(segments: Iterable[tuple[int, int, int, int]], address: int, flags: int) -> int:
    """The place in the file of what is loaded at `address` in a segment of these `flags`; -1 when nothing is."""
    for start, size, offset, has in segments:
        if start <= address < start + size and has & flags == flags:
            return offset + address - start
    return -1


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

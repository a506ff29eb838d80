"""Names out of files that may be anybody's: ELF files, perf maps, and what is neither."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from ebtop.kernel import elfnames, perfmap, prologues
from ebtop.kernel.demangling import plain
from ebtop.kernel.elfhead import AARCH64, DYNSYM, SYMTAB, X86_64, Head, NotElf
from ebtop.kernel.spaces import looked_at, named
from ebtop.offer import Symbol

MODULE = "memory of no file"


def opened(path: str | Path) -> int:
    """A descriptor, closed with the process."""
    return os.open(path, os.O_RDONLY)


def library() -> str:
    """A file with symbols that this process has mapped as code."""
    lines = (line.split() for line in Path("/proc/self/maps").read_text().splitlines())
    paths = {words[5] for words in lines if len(words) > 5 and "x" in words[1] and words[5].startswith("/")}
    return next(path for path in sorted(paths) if "libc.so" in path or "libc-" in path or "ld-musl" in path)


def test_every_function_of_a_library_is_found_where_it_says_that_it_is() -> None:
    """By its first byte and by its last; the same as its own table has."""
    path = library()
    head = Head(opened(path))
    assert any(section.type in (SYMTAB, DYNSYM) for section in head.sections)
    first = head.loads[0]
    offsets = list(range(first.offset + first.size, first.offset + first.size + 200_000, 997))
    found = elfnames.names(opened(path), offsets)
    assert len(found) > 10
    for offset, name in found.items():
        assert name.begin <= offset < name.end
        assert elfnames.names(opened(path), [name.begin])[name.begin].name


def test_a_file_that_is_broken_has_no_names_and_does_no_harm(tmp_path: Path) -> None:
    """Cut off anywhere, or with other bytes at random: never an exception."""
    whole = Path(library()).read_bytes()
    seed = random.Random(7)
    for _ in range(60):
        broken = bytearray(whole[: seed.choice((64, 1000, 100_000, len(whole)))])
        for _ in range(seed.choice((1, 8, 64))):
            broken[seed.choice((seed.randrange(64), seed.randrange(len(broken))))] = seed.randrange(256)
        path = tmp_path / "broken"
        path.write_bytes(broken)
        elfnames.names(opened(path), [0, 0x1000, 0x28000, 1 << 40])
    with pytest.raises(NotElf):
        Head(opened(__file__))


def test_a_frame_pointer_is_told_by_the_first_instructions() -> None:
    """Both spellings of x86-64, Go's, that of arm64; what is not known is not guessed."""
    assert prologues.keeps_frame(b"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\x41\x57", X86_64) is True
    assert prologues.keeps_frame(b"\x55\x31\xc0\x48\x89\xe5\xc3\x90", X86_64) is True
    assert prologues.keeps_frame(b"\x48\x83\xec\x18\x48\x89\x6c\x24\x10\x48\x8d\x6c\x24\x10", X86_64) is True
    assert prologues.keeps_frame(b"\x41\x57\x41\x56\x55\x53\x48\x83\xec\x18", X86_64) is False
    assert prologues.keeps_frame(b"\xfd\x7b\xbf\xa9\xfd\x03\x00\x91", AARCH64) is True
    assert prologues.keeps_frame(b"\x20\x00\x80\x52\xc0\x03\x5f\xd6", AARCH64) is False
    assert prologues.keeps_frame(b"\x55\x48\x89\xe5", 8) is None
    assert prologues.keeps_frame(b"", X86_64) is None


def test_names_of_cpp_and_rust_are_written_as_people_do() -> None:
    """Where the library is there; what is no such name, and what is too long, stays."""
    if plain(b"_Z3foov") == "_Z3foov":
        pytest.skip("there is no libstdc++ here")
    assert plain(b"_ZN4core3fmt5Write9write_str17h0123456789abcdefE") == "core::fmt::Write::write_str"
    assert plain(b"_ZN3foo3barEi") == "foo::bar(int)"
    assert plain(b"_Zgarbage") == "_Zgarbage"
    assert plain(b"main") == "main"
    assert len(plain(b"_Z" + b"1a" * 5000)) == 256


def test_a_perf_map_names_what_it_says_last() -> None:
    """Lines that are none are passed over; so are sizes that cannot be."""
    descriptor = os.memfd_create("map")
    os.write(
        descriptor,
        b"1000 40 first\nrubbish\n1000 40 LazyCompile:~render a.js:1\n2000 zz x\n3000 0 y\n4000 10 \xff\xfe\n",
    )
    os.lseek(descriptor, 0, os.SEEK_SET)
    found = {symbol.begin: symbol for symbol in perfmap.symbols(descriptor, [0x1010, 0x3000, 0x4001], MODULE)}
    assert found[0x1000] == Symbol(0x1000, 0x1040, "LazyCompile:~render a.js:1", MODULE)
    assert found[0x3000].name == ""
    assert found[0x4000].name == "\N{REPLACEMENT CHARACTER}" * 2
    assert [symbol.name for symbol in perfmap.symbols(-1, [0x1010], MODULE)] == [""]


def test_a_perf_map_is_not_read_where_somebody_else_may_have_put_it(tmp_path: Path) -> None:
    """A link, a second name of another file, a pipe, another user's: none is opened."""
    root = os.open(tmp_path, os.O_PATH)
    folder = tmp_path / "tmp"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("1000 40 secret\n")
    (folder / "plain").write_text("1000 40 mine\n")
    (folder / "link").symlink_to(secret)
    os.link(secret, folder / "second")
    os.mkfifo(folder / "pipe")
    assert perfmap._open_in(root, "plain", os.getuid()) >= 0
    for name in ("link", "second", "pipe"):
        assert perfmap._open_in(root, name, os.getuid()) == -1
    if os.getuid():
        assert perfmap._open_in(root, "plain", os.getuid() + 1) == -1
    else:
        os.chown(folder / "plain", 1234, 1234)
        assert perfmap._open_in(root, "plain", 4321) == -1
    with pytest.raises(OSError):
        perfmap._open_in(root, "missing", os.getuid())


def test_addresses_of_a_process_are_named_or_said_to_be_no_code() -> None:
    """Of this one: its interpreter is code, its data is not; a process that is gone has no identity."""
    lines = (line.split() for line in Path("/proc/self/maps").read_text().splitlines())
    code = next(words for words in lines if len(words) > 5 and "x" in words[1] and words[5] == library())
    address = int(code[0].split("-")[0], 16) + 0x8000
    one, gone = named(looked_at([(os.getpid(), address, 16, id(sys)), (2**22 - 3, 1)]))
    assert (gone.identity, gone.symbols) == ("", ())
    assert one.identity.count(" ") == 2
    inside = [symbol for symbol in one.symbols if symbol.begin <= address < symbol.end]
    assert [symbol.module for symbol in inside] == [library()]
    low = next(symbol for symbol in one.symbols if symbol.begin <= 16 < symbol.end)
    assert low.module == "" and low.end > 4096

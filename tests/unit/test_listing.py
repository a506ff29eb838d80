"""Hooks that fit a pattern, over a small tracefs made here, over this very interpreter, and over broken files."""

from __future__ import annotations

import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ebtop import hooklist
from ebtop.kernel import btf, elf, libraries, listing, namespace, programs
from ebtop.kernel.pattern import parse
from tests.unit.test_btf import Blob

FORMAT = """name: sched_switch
ID: 372
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char prev_comm[16];	offset:8;	size:16;	signed:0;
	field:__data_loc char[] name;	offset:24;	size:4;	signed:1;

print fmt: "field:none", REC->prev_comm
"""
PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def tracefs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tracefs of three tracepoints, two functions, and a kernel without types."""
    place = tmp_path / "tracing"
    (place / "events/sched/sched_switch").mkdir(parents=True)
    (place / "events/sched/sched_switch/format").write_text(FORMAT)
    (place / "available_events").write_text("sched:sched_switch\nsched:sched_wakeup\nirq:softirq_exit\n")
    (place / "available_filter_functions").write_text("tcp_connect\next4_sync [ext4]\nsched_fork.part.0\n")
    (place / "kprobe").touch()
    monkeypatch.setattr(namespace, "mounted_tracefs", lambda: str(place))
    monkeypatch.setattr(programs, "KPROBE_UNIT", place / "kprobe")
    monkeypatch.setattr(listing, "BTF", tmp_path / "no-btf")
    return place


def names(text: str, arguments: bool = False) -> tuple[str, ...]:
    """The names that fit."""
    return listing.listed(parse(text), arguments).names


def test_tracepoints_are_those_of_tracefs(tracefs: Path) -> None:
    """Sorted, each with its kind."""
    assert names("tracepoint:sched:*") == ("tracepoint:sched:sched_switch", "tracepoint:sched:sched_wakeup")
    assert names("t:*exit") == ("tracepoint:irq:softirq_exit",)


def test_arguments_of_a_tracepoint_are_those_of_its_format(tracefs: Path) -> None:
    """Without those that all have; one whose format is gone has none."""
    found = listing.listed(parse("tracepoint:sched:*"), True)
    assert found.arguments == (("char prev_comm[16]", "__data_loc char[] name"), ())


def test_functions_are_listed_without_their_modules_and_parts(tracefs: Path) -> None:
    """What a compiler split off is no function that is called."""
    assert names("kprobe:*") == ("kprobe:ext4_sync", "kprobe:tcp_connect")
    assert names("kretprobe:tcp*") == ("kretprobe:tcp_connect",)


def test_a_kernel_without_kprobes_says_so_and_lists_the_rest(tracefs: Path) -> None:
    """One line for each kind that cannot be listed."""
    (tracefs / "kprobe").unlink()
    found = listing.listed(parse("sched"))
    assert found.names == ("tracepoint:sched:sched_switch", "tracepoint:sched:sched_wakeup")
    assert len(found.notes) == 2
    assert any("CONFIG_KPROBES" in note for note in found.notes)
    assert any("BTF" in note for note in found.notes)


def test_who_may_not_read_tracefs_is_told_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is listed all the same."""
    monkeypatch.setattr(namespace, "mounted_tracefs", lambda: "")
    (note,) = listing.listed(parse("tracepoint:*")).notes
    assert "sudo ebtop" in note


def test_an_answer_is_cut_and_says_so(tracefs: Path) -> None:
    """As many as are wanted, and how many there are."""
    found = listing.listed(parse("tracepoint:*"), most=2)
    assert (len(found.names), found.whole) == (2, 3)


def test_raw_tracepoints_and_their_arguments_come_from_the_types(
    tracefs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the kernel and of its modules; the argument that all of them have is left out."""
    blob = Blob()
    integer, void = blob.integer("int", 4, signed=True), blob.pointer(0)
    task = blob.pointer(blob.struct("task_struct", 8, ("pid", integer, 0)))
    blob.function("__traceiter_sched_switch", blob.prototype(("__data", void), ("cpu", integer), ("prev", task)))
    blob.named("btf_trace_sched_switch", 0)
    blob.named("other_btf_trace_not", 0)
    folder = tmp_path / "no-btf"
    folder.mkdir()
    (folder / "vmlinux").write_bytes(blob.blob())
    assert names("rawtracepoint:*") == ("rawtracepoint:sched_switch",)
    monkeypatch.setattr(btf, "kernel", blob.types)
    found = listing.listed(parse("rt:sched_switch"), True).arguments
    assert found == (("int cpu", "struct task_struct * prev"),)


# --- files ------------------------------------------------------------------------------------------------------------


def nm(path: str) -> set[str]:
    """Functions that binutils finds."""
    done = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True)
    rows = [row.split() for row in done.stdout.splitlines() if " FUNC " in row or " IFUNC " in row]
    return {row[7].partition("@")[0] for row in rows if len(row) > 7 and int(row[1], 16)}


def test_functions_of_a_program_are_those_of_its_symbol_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both tables of this interpreter, or of the library that it is."""
    monkeypatch.setattr(elf, "DEBUG_FILES", tmp_path)
    found = {name.decode().partition("@")[0] for name in elf.functions(PYTHON)}
    assert found == nm(PYTHON)
    assert found


def test_uprobes_are_spelled_with_their_file() -> None:
    """The path as it was given."""
    own = next(iter(sorted(elf.functions(PYTHON)))).decode()
    assert names(f"uprobe:{PYTHON}:{own}") == (f"uprobe:{PYTHON}:{own}",)


def note(provider: bytes, name: bytes, arguments: bytes) -> bytes:
    """A note of a static marker, as <sys/sdt.h> makes it."""
    content = struct.pack("<QQQ", 0x1000, 0, 0) + b"\0".join((provider, name, arguments, b""))
    padded = content.ljust(-(-len(content) // 4) * 4, b"\0")
    return struct.pack("<III8s", 8, len(content), 3, b"stapsdt\0") + padded


def marked(path: Path, notes: bytes, *, offset: int | None = None, size: int | None = None) -> str:
    """A 64-bit ELF file with a section of notes and one of names, which may lie about where its notes are."""
    texts = b"\0.note.stapsdt\0.shstrtab\0"
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, 0, 0, 64, 0, 64, 0, 0, 64, 3, 2)
    begin = 64 + 3 * 64
    row = "<IIQQQQIIQQ"
    sections = struct.pack(row, *[0] * 10)
    where = (begin if offset is None else offset, len(notes) if size is None else size)
    sections += struct.pack(row, 1, 7, 0, 0, *where, 0, 0, 4, 0)
    sections += struct.pack(row, 15, 3, 0, 0, begin + len(notes), len(texts), 0, 0, 1, 0)
    path.write_bytes(header + sections + notes + texts)
    return str(path)


def test_static_markers_have_provider_name_and_arguments(tmp_path: Path) -> None:
    """Each once; arguments as size and place."""
    path = marked(tmp_path / "x", note(b"python", b"gc__start", b"-4@%eax 8@%rdx") + note(b"python", b"gc__done", b""))
    found = listing.listed(parse(f"usdt:{path}"), True)
    assert found.names == (f"usdt:{path}:python:gc__done", f"usdt:{path}:python:gc__start")
    assert found.arguments == ((), ("-4@%eax", "8@%rdx"))
    assert names(f"usdt:{path}:python:gc__s*") == (f"usdt:{path}:python:gc__start",)


def test_hostile_names_are_made_harmless(tmp_path: Path) -> None:
    """Escape sequences and undecodable bytes are visible substitutes."""
    path = marked(tmp_path / "x", note(b"a\x1b[2J", b"b\xff", b""))
    (name,) = names(f"usdt:{path}")
    assert "\x1b" not in name and name.isprintable()


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\2\1\1" + bytes(57), b"\x7fELF\2\1\1" + b"\xff" * 300],
    ids=["empty", "script", "magic", "zeros", "ones"],
)
def test_what_is_no_elf_file_is_told_in_one_line(content: bytes, tmp_path: Path) -> None:
    """ValueError, whatever the parser stumbled over; or nothing at all is found in it."""
    (tmp_path / "x").write_bytes(content)
    for find in (elf.functions, elf.markers):
        said = ""
        try:
            assert not find(str(tmp_path / "x"))
        except ValueError as error:
            said = str(error)
        assert "\n" not in said
        assert not said or str(tmp_path / "x") in said


def test_a_section_that_lies_about_its_place_is_told_in_one_line(tmp_path: Path) -> None:
    """Neither a crash nor endless reading."""
    path = marked(tmp_path / "x", note(b"a", b"b", b""), offset=1 << 40, size=1 << 20)
    with pytest.raises(ValueError, match="not an ELF file that can be read"):
        elf.markers(path)


def test_pipes_and_folders_are_not_waited_for(tmp_path: Path) -> None:
    """A named pipe has no writer, a folder no symbols."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        elf.functions(str(tmp_path / "pipe"))
    with pytest.raises((ValueError, OSError)):
        elf.functions(str(tmp_path))


# --- names of libraries -----------------------------------------------------------------------------------------------

CACHED = (
    "2 libs found in cache `/etc/ld.so.cache'",
    "\tlibcrypt.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libcrypt.so.1",
    "\tlibc.so.6 (libc6) => /lib/i386-linux-gnu/libc.so.6",
    "\tlibc.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libc.so.6",
)


@pytest.mark.parametrize("name", ["libc", "libc.so", "libc.so.6"])
def test_a_library_is_found_by_its_short_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the machine's own kind, and not one whose name only begins the same."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert libraries.chosen(name, CACHED) == "/lib/x86_64-linux-gnu/libc.so.6"


def test_a_program_is_found_on_the_path_and_a_pattern_of_paths_means_several(tmp_path: Path) -> None:
    """What is not to be found is named."""
    assert libraries.files("sh")[0].endswith("/sh")
    for name in ("a1", "a2", "b1"):
        (tmp_path / name).touch()
    assert libraries.files(f"{tmp_path}/a*") == (f"{tmp_path}/a1", f"{tmp_path}/a2")
    with pytest.raises(FileNotFoundError, match="nosuch-library"):
        libraries.files("nosuch-library")


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_names_and_arguments(tracefs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments indented below their hook, as bpftrace -lv prints them."""
    assert hooklist.run("tracepoint:sched:sched_switch", True) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tracepoint:sched:sched_switch",
        "    char prev_comm[16]",
        "    __data_loc char[] name",
    ]


@pytest.mark.parametrize(("text", "status"), [("nosuch:x", 2), ("uprobe:/nosuch:*", 2), ("tracepoint:nosuch:*", 1)])
def test_what_cannot_be_listed_is_one_line(
    text: str, status: int, tracefs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 for what makes no sense, 1 where nothing fits."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert hooklist.run(text, False) == status
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_listing_needs_nothing_heavy() -> None:
    """The privileged process forks who does it: neither numpy nor the parser of files is loaded before."""
    code = "import sys, ebtop.warden.launch, ebtop.kernel.listing; print({'numpy', 'elftools'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

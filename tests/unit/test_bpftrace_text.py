"""Programs of bpftrace: what their text says and declares, and what was typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ebtop import registry
from ebtop.bpftrace import is_script
from ebtop.bpftrace.declaring import declared, maps_of, named, text_of
from ebtop.bpftrace.lexing import tokens
from ebtop.bpftrace.program import Map, program
from ebtop.spec import Events, Histogram, Kind, Table
from ebtop.typed import script
from ebtop.warden.trusted import found

OPENS = r'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args->filename)); }'
CALLS = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
READS = "tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); }"


def maps(text: str) -> dict[str, Map]:
    """The maps of a program."""
    return {one.name: one for one in program(text).maps}


def test_maps_are_found_with_what_they_hold_and_by_what() -> None:
    """In the order of the text, keys as they are written."""
    text = "uprobe:/lib/*/libc.so.6:malloc { @a[pid, str(arg0)] = hist(arg0); @b = lhist(arg0, 0, 9, 3); @c[comm]++; }"
    assert [(one.name, one.holds, one.keys) for one in program(text).maps] == [
        ("@a", "hist", ("pid", "str(arg0)")),
        ("@b", "lhist", ()),
        ("@c", "sum", ("comm",)),
    ]
    assert program(text).points == ("uprobe:/lib/*/libc.so.6:malloc",)


def test_neither_texts_nor_comments_hold_maps() -> None:
    """Of both kinds, one in a predicate's place too; a comment that never ends takes the rest."""
    text = 'BEGIN /* @a */ { printf("@b \\" @c"); // @d\n @e = 1; }\n  # @f\n/* @g = count();'
    assert list(maps(text)) == ["@e"]


def test_what_a_variable_was_given_is_what_its_map_holds() -> None:
    """Also through another map; what is neither is taken for a number."""
    found = maps("BEGIN { $n = comm; @a[tid] = $n; @b = @a[tid]; @c = (1, comm); @d = nsecs - @e; @e = nsecs }")
    assert [one.holds for one in found.values()] == ["text", "text", "text", "number", "number"]


def test_what_the_program_clears_itself_is_known_but_not_what_it_clears_in_the_end() -> None:
    """The one can fall at any time and has no rate; the other is its scratch, if it is only written to."""
    text = (
        "k:f { @a = count(); @b[tid] = nsecs; @c = hist(1); } i:s:1 { print(@a, 10); clear(@a); }"
        " END { clear(@b); clear(@c); }"
    )
    found = maps(text)
    assert (found["@a"].cleared, found["@a"].printed, found["@a"].limit) == (True, True, 10)
    assert (found["@b"].cleared, found["@b"].scratch) == (False, True)
    assert (found["@c"].cleared, found["@c"].scratch) == (False, False)


@pytest.mark.parametrize(
    "text", ["", "{", "}", "@", "@[", '"', "a { @x[", "a { @x = ", "/*", "a {} }}{ @x = count(", "//{"]
)
def test_any_text_at_all_is_taken_apart(text: str) -> None:
    """Without an error of its own, other than that it is no program."""
    assert "".join(token.text for token in tokens(text)) in "".join(text.split())
    if "{" not in text or text == "//{":
        with pytest.raises(ValueError, match="braces"):
            program(text)
    else:
        program(text)


@pytest.mark.parametrize("file", sorted(Path("/usr/sbin").glob("*.bt")), ids=lambda path: path.name)
def test_every_packaged_tool_has_something_to_show(file: Path) -> None:
    """Where they are installed: a panel has at least one view, and every map is in one."""
    name = script(str(file), os.getuid(), os.getgid())
    probe = registry.probe(name)
    assert probe.title == file.name
    shown = {view.map for view in probe.views}
    alone = {"counters", "averages", "values", "texts"}
    assert probe.views and all(one in shown or shown & alone for one in maps_of(name))


def test_the_name_alone_declares_the_probe() -> None:
    """So that a recording needs no more; a name is clean, and the text comes out of it as it went in."""
    text = "// two\n\tlines\nBEGIN { @x = count(); }"
    name = named(text, "my tool.bt")
    assert is_script(name) and name.isprintable() and text_of(name) == text
    assert declared(name).title == "my_tool.bt"
    assert registry.probe(name) is registry.probe(name)
    assert not registry.probe(name).default


@pytest.mark.parametrize("text", ["BEGIN { \x1b[2J }", "BEGIN { \u202e }", "no braces", "x" * 20_000 + "{}"])
def test_what_cannot_be_run_has_no_name(text: str) -> None:
    """Control characters, what is no program, what is too long."""
    with pytest.raises(ValueError, match=r"control|braces|longer"):
        named(text)


def test_the_three_lines_declare_a_table_a_table_and_events() -> None:
    """The program's name is a text, the count has a rate, lines have a time."""
    (calls,), (reads,), (opens,) = (registry.probe(named(text)).views for text in (CALLS, READS, OPENS))
    assert isinstance(calls, Table) and [key.kind for key in calls.keys] == [Kind.TEXT]
    assert [column.name for column in calls.columns] == ["count_per_second", "count_total"]
    assert isinstance(reads, Table) and [column.name for column in reads.columns] == ["sum_per_second", "sum_total"]
    assert isinstance(opens, Events) and [key.kind for key in opens.keys] == [Kind.TIME, Kind.TEXT]
    assert registry.probe(named(READS)).headline == ("sum",)


def test_keys_that_are_known_are_what_they_mean() -> None:
    """Processes, users and calls by name; call numbers only where the attach points say that they are some."""
    text = (
        "tracepoint:raw_syscalls:sys_enter { @[pid, uid, args->id] = hist(args->id); } k:f { @y[args->id] = count(); }"
    )
    table, histogram, other = registry.probe(named(text)).views
    assert isinstance(table, Table) and isinstance(histogram, Histogram) and isinstance(other, Table)
    assert [key.kind for key in table.keys] == [Kind.PID, Kind.UID, Kind.SYSCALL]
    assert histogram.by == table.keys
    assert [key.kind for key in other.keys] == [Kind.TEXT]


def test_a_file_is_read_and_gives_the_panel_its_name(tmp_path: Path) -> None:
    """Whatever it is called."""
    tmp_path.joinpath("mine").write_text(CALLS)
    name = script(str(tmp_path / "mine"), os.getuid(), os.getgid())
    assert (text_of(name), declared(name).title) == (CALLS, "mine.bt")
    assert text_of(script("BEGIN {␊}", 0, 0)) == "BEGIN {\n}"


def test_programs_that_are_too_long_together_are_told_of() -> None:
    """Their names travel in one message."""
    longest = [named(f"// {'x' * 16_000}\nBEGIN {{ @ = {number}; }}") for number in range(7)]
    assert script(text_of(longest[5]), 0, 0, longest[:6]) == longest[5]
    with pytest.raises(ValueError, match="together"):
        script(text_of(longest[6]), 0, 0, longest[:6])


@pytest.mark.parametrize(
    ("said", "why"),
    [("", "no program"), ("nowhere.bt", "No such file"), ("/dev/null", "no regular file"), ("/etc", "irectory")],
)
def test_what_is_neither_program_nor_file_is_told_in_one_line(said: str, why: str) -> None:
    """With an example of what is."""
    with pytest.raises(ValueError, match=why) as told:
        script(said, os.getuid(), os.getgid())
    assert "\n" not in str(told.value)
    assert ".bt" in str(told.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be told from others here")
def test_only_what_nobody_but_root_can_change_is_run(tmp_path: Path) -> None:
    """Neither a file of another user, nor one in a folder that others can write to, nor none at all."""
    assert found("/bin/sh") == "/bin/sh"
    tmp_path.joinpath("bpftrace").write_text("#!/bin/sh\n")
    tmp_path.joinpath("bpftrace").chmod(0o755)
    with pytest.raises(LookupError, match="others may change /tmp"):
        found(str(tmp_path / "bpftrace"))
    with pytest.raises(LookupError, match="package bpftrace"):
        found(folders=(str(tmp_path / "none"),))
    with pytest.raises(LookupError, match="no such program"):
        found("/nowhere/bpftrace")


def test_a_name_that_is_not_clean_is_no_program() -> None:
    """As a recording may bring it; what is declared of those that are is clean."""
    with pytest.raises(KeyError):
        declared('bt:BEGIN { printf("\x1b[2J"); }')
    (view, *_) = declared(named("BEGIN { @[1 +\n 2] = count(); }")).views
    assert view.title.isprintable()

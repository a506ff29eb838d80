"""Patterns of hooks: what each part means, and the one line said to what makes no sense."""

from __future__ import annotations

import pytest

from ebtop.kernel.pattern import FILES, KERNEL, parse


@pytest.mark.parametrize(
    ("text", "kind", "place", "name"),
    [
        ("tracepoint:sched:sched_*", "tracepoint", "", "sched:sched_*"),
        ("t:sched*", "tracepoint", "", "sched*"),
        ("tracepoint:sched", "tracepoint", "", "sched:*"),
        ("tracepoint", "tracepoint", "", "*"),
        ("rt:sys_*", "rawtracepoint", "", "sys_*"),
        ("k:tcp*", "kprobe", "", "tcp*"),
        ("kr:tcp*", "kretprobe", "", "tcp*"),
        ("u:libc:get*", "uprobe", "libc", "get*"),
        ("uprobe:/bin/bash", "uprobe", "/bin/bash", "*"),
        ("ur:/bin/bash:readline", "uretprobe", "/bin/bash", "readline"),
        ("usdt:/bin/x", "usdt", "/bin/x", "*:*"),
        ("U:/bin/x:gc*", "usdt", "/bin/x", "*:gc*"),
        ("usdt:/bin/x:python:gc*", "usdt", "/bin/x", "python:gc*"),
        (" openat ", "", "", "*openat*"),
        ("*_exec", "", "", "*_exec"),
    ],
)
def test_a_pattern_has_a_kind_a_place_and_a_name(text: str, kind: str, place: str, name: str) -> None:
    """Short kinds as in bpftrace; what is left out is any; a word alone is part of a name."""
    pattern = parse(text)
    assert (pattern.kind, pattern.place, pattern.name) == (kind, place, name)
    assert pattern.in_file == (kind in FILES)


def test_a_word_alone_looks_through_the_kernel_once() -> None:
    """Returns of functions are not listed beside the functions."""
    assert parse("tcp").kinds == KERNEL[:3]
    assert parse("kretprobe:tcp*").kinds == ("kretprobe",)


@pytest.mark.parametrize(
    ("name", "fits"),
    [("sched:sched_switch", True), ("sched:xsched_switch", False), ("sched:sched_", True), ("sched.sched_a", False)],
)
def test_only_the_star_stands_for_anything(name: str, fits: bool) -> None:
    """The whole name has to fit."""
    assert parse("tracepoint:sched:sched_*").fits(name) is fits


def test_other_signs_of_expressions_are_themselves() -> None:
    """Dots, brackets and question marks are in names of symbols."""
    pattern = parse("uprobe:/x:a.b[?]**(c)")
    assert pattern.fits("a.b[?]any(c)")
    assert not pattern.fits("axb?(c)")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one line"),
        ("a\nb", "one line"),
        ("x" * 600, "one line"),
        ("nosuch:x", "'nosuch' is no kind"),
        ("tracepoint:a:b:c", "tracepoint:sched:"),
        ("tracepoint:a:", "tracepoint:sched:"),
        ("kprobe:a:b", "kprobe:tcp*"),
        ("uprobe:", "uprobe:/bin/bash:*"),
        ("uprobe", "uprobe:/bin/bash:*"),
        ("uprobe:/x:a:b", "uprobe:/bin/bash:*"),
        ("usdt:/x:a:b:c", "usdt:/path"),
    ],
)
def test_what_makes_no_sense_is_told_with_an_example(text: str, says: str) -> None:
    """In one line."""
    with pytest.raises(ValueError) as error:
        parse(text)
    assert says in str(error.value) and "\n" not in str(error.value)

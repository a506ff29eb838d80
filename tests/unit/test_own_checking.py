"""What is wrong with a declaration, or with its C, is told before anything is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ebtop import vocabulary
from ebtop.own import checking, cnames, example
from ebtop.spec import Column, Events, Histogram, Hook, Key, Kind, Measure, Probe, Table, Way
from ebtop.units import Unit
from tests.own import example as text

C = text("example", ".c")
PROBE = example.PROBE
TABLE = PROBE.views[0]
WAY = PROBE.ways[0]
WRONG_KIND: Any = Key
assert isinstance(TABLE, Table)


def changed(**changes: Any) -> Probe:
    """The example, declared otherwise, whatever the types."""
    return replace(PROBE, **changes)


def with_way(**changes: Any) -> Probe:
    """The example, fed otherwise."""
    return replace(PROBE, ways=(replace(WAY, **changes),))


def with_table(**changes: Any) -> Probe:
    """The example, shown otherwise."""
    return replace(PROBE, views=(replace(TABLE, **changes),))


HISTOGRAM = Histogram("spread", "spread", "example_rows", Unit.NS, (), "example_rows", (Key("comm", Kind.TEXT),))


def test_the_example_is_in_order() -> None:
    """Which is what `ebtop new-probe` writes under another name."""
    assert list(checking.flaws(PROBE, C, "example")) == []


@pytest.mark.parametrize(
    ("probe", "says"),
    [
        (replace(PROBE, name="an_example"), "'an_example' is no name for a probe"),
        (replace(PROBE, name="other"), "the probe is called 'other' and its files 'example'"),
        (replace(PROBE, name="all"), "means something else to ebtop"),
        (replace(PROBE, misses=" "), "misses is empty"),
        (changed(title="\x1b[31mred"), "PROBE.title has signs that cannot be shown: '\\x1b[31mred'"),
        (with_table(name="By process"), "'By process' is no name for a column or view"),
        (changed(slot="1"), "PROBE.slot is str, not int"),
        (changed(views=TABLE), "PROBE.views is Table, not tuple: a comma is missing"),
        (changed(views=[TABLE]), "PROBE.views is list, not tuple: write ( ), not [ ]"),
        (with_table(keys=(WRONG_KIND("pid", "pid"),)), "PROBE.views[0].keys[0].kind is str, not Kind"),
        (with_table(keys=(WRONG_KIND("pid", Kind.CODE, codes=((1,),)),)), "codes[0] has 1 members, not 2"),
        (with_way(hooks=()), "way 'raw_tracepoint' has no hooks"),
        (with_way(hooks=(Hook("tracepiont", "a:b", "example_made"),)), "there is no kind 'tracepiont'"),
        (with_way(hooks=(Hook("tracepoint", "a:b", "made"),)), "the function 'made' does not begin with example_"),
        (with_way(hooks=(Hook("tracepoint", "a:b", "example_no"),)), "the C file has no function example_no"),
        (with_way(fields=("pid",)), "'pid' is no struct.member"),
        (replace(PROBE, ways=(WAY, WAY)), "names of ways: 'raw_tracepoint' is there twice"),
        (replace(PROBE, views=()), "it has no views"),
        (replace(PROBE, views=(TABLE, TABLE)), "names of views: 'by_process' is there twice"),
        (with_table(map="rows"), "the map 'rows' does not begin with example_"),
        (with_table(map="example_no"), "the C file has no 'example_no'"),
        (with_table(sort="threads"), "is sorted by 'threads', which is none of its columns: processes_per_second"),
        (with_table(keys=()), "view by_process has no keys"),
        (with_table(keys=(Key("parent", Kind.PID),)), "the C file has no 'parent'"),
        (with_table(columns=TABLE.columns * 2), "names of columns: 'processes_per_second' is there twice"),
        (with_table(columns=TABLE.columns[2:], sort="threads_total"), "none of its columns is a rate of plain events"),
        (
            with_table(columns=(*TABLE.columns, Column("x", Measure.MEAN, "threads"))),
            "column x does not say what it is divided by",
        ),
        (with_table(columns=(*TABLE.columns, Column("x", Measure.RATIO, "threads"))), "which only ebtop itself makes"),
        (replace(PROBE, headline=("forks",)), "headline: the C file has no 'forks'"),
        (replace(PROBE, views=(HISTOGRAM,)), "the first of worst_keys is not a process"),
        (replace(PROBE, views=(Events("e", "", "example_rows", "example_rows", ()),)), "view e has no title"),
    ],
)
def test_each_flaw_has_a_line_of_its_own(probe: Probe, says: str) -> None:
    """One that says where it is, and what is right."""
    found = list(checking.flaws(probe, C, "example"))
    assert any(says in flaw for flaw in found), found
    assert all("\n" not in flaw for flaw in found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda c: f"{c}\nstruct key {{\n    u32 pid;\n}};\n",
            "example.c declares key: a name that does not begin with",
        ),
        (lambda c: f"#define ROWS 3\n{c}", "example.c declares ROWS"),
        (lambda c: f"{c}\nBPF_HASH(starts, u64, u64);\n", "example.c declares BPF_HASH starts u64"),
        (lambda c: f"{c}\nstatic __always_inline int help(void) {{\n    return 0;\n}}\n", "example.c declares help"),
        (lambda c: c.replace("example_totals", "example_sums"), "example.c keeps no books"),
    ],
)
def test_c_that_would_not_go_together_with_others_is_told(change: Callable[[str], str], says: str) -> None:
    """All probes are one module."""
    found = list(checking.flaws(PROBE, change(C), "example"))
    assert any(says in flaw for flaw in found), found


def test_names_at_file_scope_are_found_whatever_stands_around_them() -> None:
    """Comments, texts, directives over several lines, blocks, prototypes, variables; nothing inside of braces."""
    c = """
/* int no(void) { */ // struct no {
#include "no.h"
#define A_ONE(x) \\
    struct no { x; }
#if A_ONE
enum a_two { NO, NO2 };
#endif
typedef struct { u32 no; } a_three;
struct a_four;
struct a_five { char no[16]; union { int no; } inner; };
static const char a_six[] = "; int no(void) {";
int a_seven(struct no *ctx);
static __always_inline __attribute__((noinline)) int a_eight(int no) {
    if (no) { int nor = 1; }
    return 0;
}
BPF_TABLE("hash", struct no, u64, a_nine, A_ROWS);
"""
    assert list(cnames.declared(c)) == [
        *("A_ONE", "a_two", "a_three", "a_five", "a_six", "a_seven", "a_eight", "BPF_TABLE u64 a_nine A_ROWS"),
    ]


@pytest.mark.parametrize(
    "name", ["", "Forks", "4ks", "a-b", "a_b", "a.b", "../a", "twelveletter", "all", "ebtop", "ａ"]
)
def test_names_that_are_no_names(name: str) -> None:
    """They would not go with C, with files, or with what else is said on the command line."""
    assert repr(name) in vocabulary.name_flaw(name)


def test_names_that_are() -> None:
    """Letters and digits."""
    assert not any(map(vocabulary.name_flaw, ("a", "forks", "tcp4", "elevenmarks")))


def test_a_declaration_of_every_kind_passes_the_look_at_its_types() -> None:
    """Enumerations, nested declarations, alternatives, codes."""
    key = Key("pid", Kind.CODE, codes=((1, "one"),))
    probe = Probe(
        *("example", "title", "question?"),
        ways=(Way("way", (Hook("tracepoint", "a:b", "example_made", True),)),),
        views=(Histogram("h", "h", "example_rows", Unit.NS, (key,)),),
        misses="nothing",
        slot=0,
    )
    assert list(checking.flaws(probe, C, "example")) == []


def test_a_macro_may_be_given_the_name_that_it_pastes() -> None:
    """As EBTOP_EVENTS does with it."""
    assert list(checking.flaws(PROBE, f"{C}\nEBTOP_EVENTS(example, struct example_value, 64);\n", "example")) == []

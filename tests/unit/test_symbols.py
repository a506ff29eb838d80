"""Names of addresses: what is asked for and when, which stretch an address is in, how it is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop.callers import Callers
from ebtop.kernel import elfnames, kallsyms, spaces
from ebtop.lookup import Lookup
from ebtop.offer import Symbol, Symbols, decode_symbols, encode_symbols
from ebtop.symbols import AGAIN_S, EVERY_S, SHARE, KernelSymbols, Pace, Ranges

READ = Symbol(0xFFFF1000, 0xFFFF1400, "vfs_read", "kernel")
DROP = Symbol(0xFFFFA000, 0xFFFFA080, "nft_do_chain", "nf_tables")
LIST = """\
ffffffffc0001000 t nft_init\t[nf_tables]
ffffffff81000000 T _stext
ffffffff81000000 T first
ffffffff81000040 t vfs_read
ffffffff81000100 d table
ffffffff81000200 T _etext
ffffffffc0001080 t nft_exit\t[nf_tables]
"""


def test_a_function_ends_where_the_next_begins(tmp_path: Path) -> None:
    """Modules with their names; data, what lies behind the text and what nobody has named are in no function."""
    place = tmp_path / "kallsyms"
    place.write_text(LIST)
    base = 0xFFFFFFFF81000000
    asked = (base, base + 0x41, base + 0x50, base + 0x110, base + 0x300, 0xFFFFFFFFC0001010, 0x10)
    assert kallsyms.symbols(asked, place) == (
        Symbol(base, base + 0x40, "first", "kernel"),
        Symbol(base + 0x40, base + 0x100, "vfs_read", "kernel"),
        Symbol(0xFFFFFFFFC0001000, 0xFFFFFFFFC0001080, "nft_init", "nf_tables"),
    )


def test_without_addresses_nothing_is_in_a_function(tmp_path: Path) -> None:
    """As anybody but root is shown the list."""
    place = tmp_path / "kallsyms"
    place.write_text("0000000000000000 T first\n0000000000000000 t vfs_read\n")
    assert kallsyms.symbols((0, 0x20, 0xFFFFFFFF81000000), place) == ()


def test_addresses_are_asked_for_once_and_written_with_their_offset() -> None:
    """The very same mapping comes back while nothing is new; a whole function is known by one of its addresses."""
    symbols = KernelSymbols()
    assert symbols.names(frozenset({0xFFFF1000, 0xFFFFA010})) == {}
    assert sorted(symbols.question(0)) == [0xFFFF1000, 0xFFFFA010]
    assert symbols.question(1) == ()
    symbols.learn((READ, DROP))
    names = symbols.names(frozenset({0xFFFF1000, 0xFFFFA010}))
    assert names == {0xFFFF1000: "vfs_read", 0xFFFFA010: "nft_do_chain+0x10 [nf_tables]"}
    assert symbols.names(frozenset({0xFFFF1000})) is names
    assert symbols.names(frozenset({0xFFFF1009}))[0xFFFF1009] == "vfs_read+0x9"
    assert symbols.question(2) == ()


def test_what_has_no_name_is_asked_for_again_later() -> None:
    """A module may have come meanwhile."""
    symbols = KernelSymbols()
    symbols.names(frozenset({0xFFFFA010}))
    assert symbols.question(0) == (0xFFFFA010,)
    symbols.learn(())
    symbols.names(frozenset({0xFFFFA010}))
    assert symbols.question(AGAIN_S - 1) == ()
    assert symbols.question(AGAIN_S) == (0xFFFFA010,)


def test_of_stretches_that_overlap_the_last_one_said_is_right() -> None:
    """A program goes and another comes to where it was."""
    ranges = Ranges()
    for symbol in (Symbol(10, 20, "a"), Symbol(30, 40, "b"), Symbol(20, 30, "c")):
        ranges.add(symbol)
    assert [found and found.name for found in map(ranges.find, (9, 10, 19, 20, 29, 30, 39, 40))] == [
        *(None, "a", "a", "c", "c", "b", "b", None)
    ]
    ranges.add(Symbol(15, 35, "new"))
    assert [found and found.name for found in map(ranges.find, (10, 14, 15, 34, 36))] == [
        None,
        None,
        "new",
        "new",
        None,
    ]


def test_looking_up_is_paced_by_how_long_it_takes() -> None:
    """One question at a time; the next waits so many times as long as the last took of a CPU."""
    pace = Pace()
    assert pace.may_ask(5)
    pace.asked()
    assert not pace.may_ask(9)
    pace.answered(7, 2)
    assert not pace.may_ask(7 + 2 * SHARE - 1)
    assert pace.may_ask(7 + 2 * SHARE)
    pace.asked()
    pace.answered(30, 0)
    assert not pace.may_ask(30 + EVERY_S / 2)
    assert pace.may_ask(30 + EVERY_S)


def test_an_answer_arrives_as_it_was_sent_and_clean() -> None:
    """Whatever a module calls itself."""
    assert decode_symbols(encode_symbols(Symbols((READ, DROP)))) == Symbols((READ, DROP))
    found = decode_symbols(encode_symbols(Symbols((Symbol(1, 2, "a\x1b[2J", "\u202e"),), error="\n")))
    assert all(text.isprintable() for text in (found.kernel[0].name, found.kernel[0].module, found.error))


def test_files_that_are_not_begun_in_time_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is read in any case: every question brings something."""
    mapping = spaces.Mapping(0x1000, 0x2000, True, 0, "/usr/bin/x", 7)
    asked = [spaces.Looked(pid, "1", ((0x1100, mapping),), {0x1000: 9}, -1) for pid in (7, 8)]
    monkeypatch.setattr(elfnames, "names", lambda *_: {0x100: elfnames.Name(0x100, 0x180, "work", True)})
    first, second = spaces.named(asked, 0)
    assert [symbol.name for symbol in first.symbols] == ["work"]
    assert (second.identity, second.symbols) == ("1", ())
    assert all(one.symbols for one in spaces.named(asked))


def test_an_answer_that_fails_costs_as_much_time_as_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up after ten seconds is not asked for at once; why is said."""
    now, said, asked = [100.0], list[str](), list[Callable[[Symbols], None]]()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    callers = Callers()
    callers.path(7, "x", (0x100,), ())
    lookup = Lookup(callers, lambda _, __, then: asked.append(then), said.append)
    lookup.ask(now[0])
    now[0] += 10
    asked[0](Symbols(error="it was not answered within 10 s"))
    assert said == ["symbols: it was not answered within 10 s"]
    lookup.ask(now[0] + 10 * SHARE - 1)
    assert len(asked) == 1
    assert not callers.kernel.is_nameless(0x100)
    lookup.ask(now[0] + AGAIN_S)
    assert len(asked) == 2

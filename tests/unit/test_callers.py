"""Stacks as functions: where a walk along frame pointers goes astray, what is asked for, and what is said of it."""

from __future__ import annotations

import pytest

from ebtop.callers import DONE, NAMELESS, PENDING, Callers, told
from ebtop.callers import NOWHERE as NO_WALK
from ebtop.offer import ProcessSymbols, Symbol, Symbols

EXE, LIBC = "/usr/bin/x", "/usr/lib/libc.so.6"


def symbol(name: str, module: str = EXE, keeps: bool | None = True, at: int = 0) -> Symbol:
    """A function of 16 bytes."""
    return Symbol(at, at + 16, name, module, keeps)


MAIN, LEAF, WORK = symbol("main"), symbol("leaf", keeps=False), symbol("work")
START, HIDDEN_START = symbol("__libc_start_call_main", LIBC, False), symbol("", LIBC, None)
WRITE, NOWHERE = symbol("write", LIBC, False), Symbol(1, 2, "")


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ([WORK, MAIN, START], "work main __libc_start_call_main"),
        ([WORK, MAIN, HIDDEN_START], "work main [no symbol: libc.so.6]"),
        ([WORK, MAIN, START, NOWHERE, MAIN], "work main __libc_start_call_main"),
        ([LEAF], f"leaf [no frame pointer: {EXE}]"),
        ([LEAF, NOWHERE], f"leaf [no frame pointer: {EXE}]"),
        ([LEAF, MAIN, START], f"leaf [no frame pointer: {EXE}] main __libc_start_call_main"),
        ([WRITE, symbol("a", keeps=False)], f"write [no frame pointer: {LIBC}] a [no frame pointer: {EXE}]"),
        ([WRITE, HIDDEN_START], f"write [no frame pointer: {LIBC}] [no symbol: libc.so.6] [no frame pointer: {LIBC}]"),
        ([symbol("", EXE, None)], f"[no symbol: x] [no frame pointer: {EXE}]"),
        ([WORK, WORK, MAIN, symbol("", EXE, None)], "work work main [no symbol: x]"),
        ([symbol("start_thread", LIBC, False)], "start_thread"),
        ([NOWHERE], "[outside of any code]"),
    ],
)
def test_the_end_of_a_stack_is_told_by_how_its_last_function_begins(stack: list[Symbol], said: str) -> None:
    """A beginning of a thread, a function without a frame pointer, or one of which nothing is known."""
    assert " ".join(name for name, _ in told(stack)) == said


def path_of(
    callers: Callers, kernel: tuple[int, ...] | None, user: tuple[int, ...] | None, **how: bool
) -> tuple[str, int]:
    """Names joined, and how far they are known."""
    path = callers.path(7, "x", kernel, user, **how)
    names = callers.functions.labels()["function"]
    return ";".join(names[number] for number in path.numbers), path.known


def test_each_address_is_asked_for_and_then_known_for_its_whole_function() -> None:
    """Callers one byte before where they are returned to: a call may be the last that a function does."""
    callers = Callers()
    assert path_of(callers, (0x100, 0x210), (0x1000, 0x2010)) == (
        "x;[not named yet];[not named yet];[not named yet]",
        PENDING,
    )
    assert callers.question(0) == ((0x100, 0x20F), ((7, 0x1000, 0x200F),))
    user = (symbol("work", at=0x1000), symbol("_start", at=0x2000))
    kernel = (Symbol(0x100, 0x200, "vfs_read", "kernel"), Symbol(0x200, 0x210, "ksys_read", "kernel"))
    callers.learn(Symbols(kernel, (ProcessSymbols(7, "1 2 3", user),)))
    assert path_of(callers, (0x100, 0x210), (0x1000, 0x2010)) == ("x;_start;work;ksys_read;vfs_read", DONE)
    assert path_of(callers, (), (0x1008,))[1] == DONE
    assert callers.question(1) == ((), ())


def test_a_process_that_has_ended_says_so_in_the_place_of_its_functions() -> None:
    """What the kernel did is known all the same, and what had been named before."""
    callers = Callers()
    path_of(callers, (), (0x1000,))
    callers.question(0)
    callers.learn(Symbols(processes=(ProcessSymbols(7, "1 2 3", (symbol("work", at=0x1000),)),)))
    path_of(callers, (), (0x3000,))
    callers.question(1)
    callers.learn(Symbols(processes=(ProcessSymbols(7, ""),)))
    assert path_of(callers, (), (0x3000, 0x4000)) == ("x;[process ended]", DONE)
    assert path_of(callers, (), (0x1000, 0x4000)) == ("x;[process ended];work", DONE)


def test_another_process_of_the_same_number_has_functions_of_its_own() -> None:
    """What the one before had at an address is forgotten."""
    callers = Callers()
    for identity, name in (("1 2 3", "old"), ("9 2 3", "new")):
        callers.path(7, "x", (), (0x1000 if name == "old" else 0x2000,))
        callers.question(0)
        at = 0x1000 if name == "old" else 0x2000
        callers.learn(Symbols(processes=(ProcessSymbols(7, identity, (symbol(name, at=at, keeps=None),)),)))
    assert path_of(callers, (), (0x1000,))[1] == PENDING


def test_code_of_no_file_may_be_named_later() -> None:
    """It is asked for again along with others, once a minute."""
    callers = Callers()
    nameless = Symbol(0x1000, 0x1001, "", "memory of no file")
    path_of(callers, (), (0x1000,))
    callers.question(0)
    callers.learn(Symbols(processes=(ProcessSymbols(7, "1", (nameless,)),)))
    said, known = path_of(callers, (), (0x1000,))
    assert ("[no symbol: memory of no file]" in said, known) == (True, NAMELESS)
    path_of(callers, (), (0x5000,))
    assert callers.question(100) == ((), ((7, 0x5000, 0x1000),))
    named = Symbol(0x1000, 0x1040, "LazyCompile:~render", "memory of no file")
    callers.learn(Symbols(processes=(ProcessSymbols(7, "1", (named, symbol("_start", at=0x5000))),)))
    assert "LazyCompile:~render" in path_of(callers, (), (0x1000,))[0]


def test_stacks_that_found_no_room_and_those_that_are_cut_say_so() -> None:
    """They count, in the place of what nobody knows."""
    callers = Callers()
    assert path_of(callers, None, None) == ("x;[no room for this stack];[no room for this stack]", DONE)
    assert path_of(callers, (), ()) == ("x;[no stack]", DONE)
    assert path_of(callers, (), NO_WALK) == ("x;[its stack could not be walked]", DONE)
    callers.kernel.learn((Symbol(0x100, 0x200, "deep", "kernel"),))
    assert path_of(callers, (0x150,) * 127, ())[0].startswith("x;[deeper than 127];deep;deep")


def test_how_the_probe_itself_was_called_is_left_out() -> None:
    """Of a stack that a program on a tracepoint took."""
    names = ("bpf_prog_1_offcpu_switch", "bpf_trace_run4", "__schedule", "schedule", "do_nanosleep")
    callers = Callers()
    callers.kernel.learn(tuple(Symbol(at * 16, at * 16 + 16, name, "kernel") for at, name in enumerate(names, 1)))
    stack = tuple(at * 16 + 8 for at in range(1, 6))
    assert path_of(callers, stack, (), hooked=True)[0] == "x;do_nanosleep"
    assert path_of(callers, stack, ())[0].endswith("bpf_trace_run4;bpf_prog_1_offcpu_switch")


def test_code_of_no_file_is_asked_for_again_by_itself_and_ever_less_often() -> None:
    """A map of a compiler may appear; where none does, questions are rare, and end with the process."""
    callers = Callers()
    nameless = Symbol(0x1000, 0x1001, "", "memory of no file")
    path_of(callers, (), (0x1000,))
    asked = []
    for second in range(0, 3600, 10):
        if callers.question(second)[1]:
            asked.append(second)
            callers.learn(Symbols(processes=(ProcessSymbols(7, "1", (nameless,)),)))
    assert asked == [0, 60, 120, 240, 480, 960, 1920, 2880]
    assert callers.question(4000)[1] == ((7, 0x1000),)
    callers.learn(Symbols(processes=(ProcessSymbols(7, ""),)))
    assert callers.question(99_999) == ((), ())


def test_what_had_no_answer_together_is_asked_for_one_by_one() -> None:
    """The one that spoils it waits, ever longer; nothing of the others, or of the kernel, is taken for nameless."""
    callers = Callers()
    for pid in (7, 8, 9):
        callers.path(pid, "x", (0x100,), (0x1000,))
    assert len(callers.question(0)[1]) == 3
    callers.fail(1)
    assert not callers.kernel.is_nameless(0x100)
    assert callers.question(2) == ((0x100,), ())
    callers.learn(Symbols((Symbol(0x100, 0x200, "vfs_read", "kernel"),)))
    asked = []
    for second in range(3, 300):
        _, processes = callers.question(second)
        for pid, _ in processes:
            asked.append((second, pid))
            if pid == 8:
                callers.fail(second)
            else:
                callers.learn(Symbols(processes=(ProcessSymbols(pid, "1", (symbol("work", at=0x1000),)),)))
    assert asked == [(3, 7), (4, 8), (5, 9), (124, 8)]


def test_no_process_is_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first."""
    monkeypatch.setattr("ebtop.callers._SPACES", 11)
    callers = Callers()
    for pid in range(7):
        callers.path(pid, "x", (), (0x1000,))
    callers.forget(())
    assert len(callers._spaces) == 7
    for pid in range(13):
        callers.path(pid, "x", (), (0x1000,))
    callers.forget(())
    assert list(callers._spaces) == list(range(2, 13))

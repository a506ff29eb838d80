"""The probe browser: every key of it, what it says of a probe, and that it follows frames while it is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot

from ebtop import registry
from ebtop.offer import Hooks, WayOffer
from ebtop.sample import ProbeSample, State
from ebtop.spec import GROUPS
from ebtop.tui.app import Dashboard
from ebtop.tui.pieces import width
from ebtop.tui.screens.browser import Browser, hints
from ebtop.tui.screens.probelist import ProbeList
from tests.samples import failed, sample, session, with_probe
from tests.tui.scenes import DEFAULT, SMALL, WIDE, dashboard, drawn, lines, panels, shown, source_of, text

HUGE = (200, 60)
OFFERS = {
    "syscalls": (WayOffer("raw_tracepoint"), WayOffer("raw_tracepoint, counts only")),
    "tcpaccept": (
        WayOffer("fexit", "fexit inet_csk_accept: this kernel refuses every program there"),
        WayOffer("kretprobe", "kprobe inet_csk_accept: this kernel is built without CONFIG_KPROBES"),
        WayOffer("tracepoint"),
    ),
}
SCHED = Hooks(("rawtracepoint:sched_switch", "tracepoint:sched:sched_switch"), 2, notes=("kprobe: there are none",))
SWITCH = Hooks(("tracepoint:sched:sched_switch",), 1, (("char prev_comm[16]", "pid_t prev_pid"),))


@pytest.fixture(autouse=True)
def nine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probes with digits only: what is where in the list does not depend on how many others there are by now."""
    monkeypatch.setattr(registry, "_NAMES", registry.FIRST)


def given(mode: str = "LIVE", wanted: tuple[str, ...] = DEFAULT) -> Dashboard:
    """A dashboard whose source knows what works here, and some hooks."""
    app = dashboard(mode=mode, wanted=wanted)
    source = source_of(app)
    source.offers = dict(OFFERS)
    source.hooks = {"sched_switch": SCHED, "tracepoint:sched:sched_switch": SWITCH}
    source.hooks["tracepoint:*"] = Hooks(tuple(f"tracepoint:a:event{number:05}" for number in range(3000)), 4001)
    return app


@asynccontextmanager
async def opened(app: Dashboard, *keys: str, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    """The app with the browser open, and `keys` pressed in it."""
    async with shown(app, size) as pilot:
        await pilot.press("f2", *keys)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait until that is true."""
    for _ in range(300):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never was")


def browser(app: Dashboard) -> Browser:
    """The browser, which has to be open."""
    assert isinstance(app.screen, Browser)
    return app.screen


def chosen(app: Dashboard) -> str:
    """What is under the cursor."""
    return browser(app).shown.chosen


def row(app: Dashboard, name: str) -> str:
    """The line of probe `name`."""
    return next(line for line in lines(app) if line[5:].startswith(name + " "))


# --- opening and leaving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enter", ["f2", "o"])
@pytest.mark.parametrize("leave", ["escape", "q", "f2", "o", "backspace"])
async def test_it_opens_and_closes(enter: str, leave: str) -> None:
    """The dashboard is as it was."""
    app = given()
    async with shown(app) as pilot:
        await pilot.press(enter)
        assert len(app.screen_stack) == 2
        await pilot.press(leave)
        assert len(app.screen_stack) == 1
        assert app.return_code is None
        assert app.wanted == DEFAULT


async def test_ctrl_c_ends_ebtop_from_here_too() -> None:
    """With status 0."""
    app = given()
    async with opened(app, "ctrl+c"):
        pass
    assert app.return_code == 0


async def test_all_probes_are_there_by_group_with_digit_state_and_cost() -> None:
    """Those that are off as well; numbers only where something was measured."""
    app = given()
    async with opened(app):
        seen = lines(app)
        groups = {probe.group for probe in app.probes.values()}
        assert [line.strip() for line in seen if line.strip() in groups] == [one for one in GROUPS if one in groups]
        assert row(app, "runqlat").startswith(" 8 ● runqlat")
        assert "live · raw_tracepoint" in row(app, "runqlat")
        assert "142 ns" in row(app, "runqlat") and "%" in row(app, "runqlat")
        assert row(app, "bpf").startswith(" 9 ○ bpf") and row(app, "bpf").rstrip().endswith("off")
        assert f"8 of {len(app.probes)} on" in seen[0]


async def test_the_cursor_begins_on_the_focused_probe_and_walks_all() -> None:
    """j, k, arrows, g, G, pages: never beyond the ends."""
    app = given()
    async with shown(app) as pilot:
        await pilot.press("tab", "f2")
        await pilot.pause()
        assert chosen(app) == "rw"
        await pilot.press("g", "k")
        assert chosen(app) == "syscalls"
        await pilot.press("j", "down", "up")
        assert chosen(app) == "exec"
        await pilot.press("G", "j", "down")
        assert chosen(app) == "bpf"
        await pilot.press("home", "pagedown")
        assert chosen(app) == "bpf"
        await pilot.press("ctrl+u")
        assert chosen(app) == "syscalls"


async def test_arrows_to_the_sides_go_from_group_to_group() -> None:
    """To the first probe of the next; back to the first of this one, then of the one before; never beyond the ends."""
    app = given()
    async with opened(app, "j") as pilot:
        assert chosen(app) == "exec"
        for key, name in (("right", "rw"), ("j", "opens"), ("left", "rw"), ("left", "syscalls"), ("h", "syscalls")):
            await pilot.press(key)
            assert chosen(app) == name
        for _ in GROUPS:
            await pilot.press("l")
        assert app.probes[chosen(app)].group == GROUPS[-1]


@pytest.fixture
def many() -> Iterator[tuple[str, ...]]:
    """Names of forty more probes, which are there while the test runs."""
    names = tuple(f"own{number:02}" for number in range(40))
    for name in names:
        registry.add(
            replace(registry.probe("exec"), name=name, slot=0, default=False, group=GROUPS[int(name[3:]) // 5])
        )
    yield names
    registry.forget()


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE])
async def test_fifty_probes_are_found_by_group_and_by_word(many: tuple[str, ...], size: tuple[int, int]) -> None:
    """The cursor is on the screen wherever it goes, and above it the heading of its group as long as there is room."""
    app = given()
    async with opened(app, "g", size=size) as pilot:
        for _ in GROUPS:
            await pilot.press("right")
            await pilot.pause()
            at = next(place for place, line in enumerate(lines(app)) if f" {chosen(app)} " in line[:18])
            assert lines(app)[at - 1].strip() == app.probes[chosen(app)].group
        await pilot.press("slash", *"locks", "enter", "j")
        await pilot.pause()
        fit = [
            probe for probe in app.probes.values() if "locks" in f"{probe.name} {probe.question} {probe.group}".lower()
        ]
        assert len(fit) >= 5 and f"“locks” {len(fit)} ·" in lines(app)[0]
        assert app.probes[chosen(app)] in fit


# --- what keys do to a probe ------------------------------------------------------------------------------------------


async def test_space_switches_the_probe_under_the_cursor() -> None:
    """Off, and on again, and the source is told each time; the browser stays."""
    app = given()
    async with opened(app, "j", "space") as pilot:
        assert "exec" not in source_of(app).wanted[-1]
        await pilot.pause()
        assert row(app, "exec").startswith(" 4 ○")
        assert f"7 of {len(app.probes)} on" in lines(app)[0]
        await pilot.press("space")
        await pilot.pause()
        assert "exec" in source_of(app).wanted[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert "exec" in panels(app)


async def test_enter_maximises_the_probe_and_leaves() -> None:
    """One that was on."""
    app = given()
    async with opened(app, "j", "j", "enter") as pilot:
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert (app.focused_probe, app.is_maximised) == ("rw", True)
        assert "Reads and writes" in text(app)


async def test_enter_switches_on_a_probe_that_was_off() -> None:
    """And it keeps the focus once its panel is there."""
    app = given()
    async with opened(app, "G", "enter") as pilot:
        await pilot.pause()
        assert "bpf" in source_of(app).wanted[-1]
        assert (app.focused_probe, app.is_maximised) == ("bpf", True)


async def test_a_digit_moves_to_the_probe_under_the_cursor() -> None:
    """From whoever had it; panels, titles, footer and keys follow."""
    app = given()
    async with opened(app, "G", "1", "space") as pilot:
        assert app.slots[1] == "bpf"
        assert 9 not in app.slots
        await pilot.pause()
        assert row(app, "syscalls").startswith("   ●")
        await pilot.press("escape")
        await pilot.pause()
        assert panels(app)[0] == "bpf" and panels(app)[-1] == "syscalls"
        assert "─1 BPF programs and maps" in text(app)
        assert lines(app)[-1].startswith(" 1 2 3 4 5 6 7 8 toggle")
        await pilot.press("tab")
        assert app.focused_probe == "bpf"
        await pilot.press("1")
        await pilot.pause()
        assert "bpf" not in source_of(app).wanted[-1]


async def test_the_key_zero_is_the_tenth_slot() -> None:
    """Empty at first; once given, it toggles."""
    app = given()
    async with shown(app) as pilot:
        await pilot.press("0")
        assert "no probe has the digit 0" in text(app)
        await pilot.press("f2", "0", "escape")
        await pilot.pause()
        assert app.slots[0] == "syscalls"
        assert panels(app)[-1] == "syscalls"
        assert "2 3 4 5 6 7 8 9· 0 toggle" in lines(app)[-1]
        await pilot.press("0")
        assert "syscalls" not in source_of(app).wanted[-1]


async def test_the_palette_toggles_probes_with_and_without_a_digit() -> None:
    """By name."""
    app = given()
    async with opened(app, "G", "1", "escape") as pilot:
        await pilot.press("colon", *"toggle syscalls", "enter")
        await pilot.pause()
        assert "syscalls" not in source_of(app).wanted[-1]


# --- search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["slash", "f", "f4", "backslash"])
async def test_a_search_leaves_what_has_all_words(key: str) -> None:
    """In name, title, question or group; digits and Space are text while it is typed; Escape first clears it."""
    app = given()
    async with opened(app, key, *"network", "space", *"backlog") as pilot:
        assert browser(app).shown.count == 1
        assert chosen(app) == "tcpaccept"
        assert "“network backlog” 1" in lines(app)[0]
        await pilot.press("enter", "space")
        assert "tcpaccept" not in source_of(app).wanted[-1]
        await pilot.press("escape")
        assert browser(app).shown.count == len(registry.probes())
        assert chosen(app) == "tcpaccept"
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_a_search_that_finds_nothing_says_so_and_harms_nothing() -> None:
    """No key does anything to no probe; leaving the line brings back what was."""
    app = given()
    async with opened(app, "slash", *"zzz", "backspace", "z") as pilot:
        assert "no probe has “zzz”" in text(app)
        await pilot.press("enter", "space", "1", "enter", "j", "G", "g")
        assert source_of(app).wanted == []
        await pilot.press("slash", "ctrl+u", *"tcp", "escape")
        assert browser(app).shown.text == "zzz"


# --- what is said of a probe ------------------------------------------------------------------------------------------


async def test_ways_are_asked_for_once_and_the_one_that_would_win_is_marked() -> None:
    """What the others lack stands beside them; a probe that is live says which runs."""
    app = given(wanted=("syscalls",))
    async with opened(app, "slash", *"tcpaccept", "enter") as pilot:
        said = text(app)
        assert "✗ fexit       fexit inet_csk_accept: this kernel refuses every program there" in said
        assert "without CONFIG_KPROBES" in said
        assert "▸ tracepoint  would win here · syscalls:sys_exit_accept" in said
        assert "misses" in said and "never accepted" in said
        source_of(app).offers = {}
        await pilot.press("escape", "escape", "f2")
        await pilot.pause()
        assert "● raw_tracepoint               runs now · sched_switch" in text(app)
        assert "· raw_tracepoint, counts only  would do · sys_enter" in text(app)


async def test_a_replay_says_what_was_recorded_and_no_more() -> None:
    """Nothing is claimed about this machine."""
    app = given("REPLAY")
    async with opened(app):
        assert "recorded with raw_tracepoint; a recording does not say what would work" in text(app)
        assert "would" not in text(app).replace("would work on", "")


async def test_a_probe_that_failed_says_why() -> None:
    """In its row that it did, below the list why."""
    app = dashboard(*session(3, DEFAULT), with_probe(sample(3, DEFAULT), "rw", failed("the verifier refused rw_exit")))
    async with opened(app, "j", "j"):
        assert " 2 ✗ rw" in text(app)
        assert "failed" in row(app, "rw")
        assert "the verifier refused rw_exit" in text(app)


async def test_a_probe_without_programs_says_who_reads_it() -> None:
    """The census is no hook."""
    app = given()
    async with opened(app, "G"):
        assert "asks bpf(2), no program is attached" in text(app)


async def test_it_follows_frames_also_while_the_screen_is_held() -> None:
    """State and cost are the newest; only lines that changed are made anew."""
    app = given()
    async with shown(app) as pilot:
        await pilot.press("space", "f2")
        source = source_of(app)
        source.push(with_probe(sample(41, DEFAULT), "rw", ProbeSample(State.COMPILING)))
        await pilot.pause()
        assert row(app, "rw").startswith(" 2 ◌") and "compiling…" in row(app, "rw")
        source.push(with_probe(sample(42, DEFAULT), "rw", failed("no")))
        await pilot.pause()
        assert "failed" in row(app, "rw")


async def test_a_list_that_is_higher_than_the_terminal_scrolls_with_the_cursor() -> None:
    """The heading of the first group comes back with its first probe."""
    app = given()
    async with opened(app, "G", size=(80, 16)) as pilot:
        assert " 9 ○ bpf" in text(app)
        assert "processes and system calls" not in "\n".join(lines(app)[2:8])
        await pilot.press("g")
        await pilot.pause()
        assert lines(app)[2].strip() == "processes and system calls"


async def test_a_click_takes_the_cursor_and_the_wheel_moves_it() -> None:
    """On the first line it changes the list."""
    app = given()
    async with opened(app) as pilot:
        line = next(number for number, line in enumerate(lines(app)) if " opens " in line[:12])
        await pilot.click(offset=(20, line))
        assert chosen(app) == "opens"
        await pilot._post_mouse_events([events.MouseScrollDown], offset=(20, 5))
        await pilot.pause()
        assert chosen(app) == "blockio"
        await pilot.click(offset=(20, 0))
        assert not isinstance(browser(app).shown, ProbeList)


@pytest.mark.parametrize("size", [(60, 16), SMALL, (100, 30), WIDE, HUGE])
async def test_lines_fill_the_terminal_and_no_number_is_cut(size: tuple[int, int]) -> None:
    """Whatever there is room for."""
    app = given()
    async with opened(app, size=size) as pilot:
        assert len(lines(app)) == size[1]
        if size[0] >= 80:
            assert "142 ns" in row(app, "syscalls") and row(app, "syscalls").rstrip().endswith("%")
        await pilot.press("tab", "escape")
        assert len(lines(app)) == size[1]


# --- hooks ------------------------------------------------------------------------------------------------------------


async def test_tab_shows_hooks_with_examples_and_back() -> None:
    """What may be typed, and the line to type it in."""
    app = given()
    async with opened(app, "tab") as pilot:
        assert "uprobe:libc:get*" in text(app)
        assert " pattern █" in lines(app)[-1]
        await pilot.press("tab")
        await pilot.pause()
        assert isinstance(browser(app).shown, ProbeList)
        await pilot.press("tab", "escape")
        await pilot.pause()
        assert isinstance(browser(app).shown, ProbeList)


async def test_a_pattern_is_asked_on_enter_and_lists_names() -> None:
    """With what cannot be listed, and the arguments of the one under the cursor, asked for once."""
    app = given()
    async with opened(app, "tab", *"sched_switch", "enter") as pilot:
        await until(pilot, lambda: "2 hooks" in lines(app)[0])
        assert "kprobe: there are none" in text(app)
        assert chosen(app) == "rawtracepoint:sched_switch"
        await pilot.press("j")
        await until(pilot, lambda: "prev_comm[16]" in text(app))
        assert "2 arguments" in text(app)
        await pilot.press("k", "j")
        await pilot.pause(0.15)
        assert source_of(app).asked.count(("tracepoint:sched:sched_switch", True)) == 1


async def test_a_pattern_is_asked_while_it_is_typed_once_typing_rests() -> None:
    """Not with every key."""
    app = given()
    async with opened(app, "tab", *"sched_switch") as pilot:
        await until(pilot, lambda: "2 hooks" in lines(app)[0])
        assert [pattern for pattern, arguments in source_of(app).asked if not arguments] == ["sched_switch"]


async def test_what_makes_no_sense_is_told_in_the_list() -> None:
    """And the next pattern is asked all the same."""
    app = given()
    async with opened(app, "tab", *"no:sense", "enter") as pilot:
        await until(pilot, lambda: "nothing was given for that" in text(app))
        await pilot.press("slash", "ctrl+u", *"sched_switch", "enter")
        await until(pilot, lambda: "2 hooks" in lines(app)[0])


async def test_a_list_that_was_cut_says_so() -> None:
    """The last of thousands is reached at once."""
    app = given()
    async with opened(app, "tab", *"tracepoint:*", "enter") as pilot:
        await until(pilot, lambda: "the first 3,000 of 4,001" in lines(app)[0])
        await pilot.press("G")
        await pilot.pause()
        assert "tracepoint:a:event02999" in text(app)
        await pilot.press("g")
        await pilot.pause()
        assert "tracepoint:a:event00000" in lines(app)[2]


async def test_hooks_are_left_as_probes_are() -> None:
    """First the pattern, then the browser."""
    app = given()
    async with opened(app, "tab", *"sched_switch", "enter", "escape") as pilot:
        await until(pilot, lambda: "uprobe:libc:get*" in text(app))
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_an_answer_to_what_is_not_asked_any_more_is_dropped() -> None:
    """Answers may come late, also when the browser is gone."""
    app = given()
    late: list[Callable[[Hooks], None]] = []
    source_of(app).list_hooks = lambda pattern, then, arguments=False: late.append(then)  # type: ignore[method-assign]
    async with opened(app, "tab", *"a", "enter", "slash", *"b", "enter") as pilot:
        await until(pilot, lambda: len(late) == 2)
        late[0](SCHED)
        await pilot.pause()
        assert "sched_switch" not in text(app)
        await pilot.press("q")
        late[1](SCHED)
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert app.return_code is None


# --- pictures ---------------------------------------------------------------------------------------------------------

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE, HUGE], ids=["80x24", "120x40", "200x60"])


@SIZES
def test_the_browser_in_a_picture(snap_compare: Compare, size: tuple[int, int]) -> None:
    """One probe failed, one is off, one is under the cursor."""
    app = given()
    source = source_of(app)
    source._samples = (*session(39, DEFAULT), with_probe(sample(39, DEFAULT), "rw", failed()))
    assert snap_compare(app, terminal_size=size, run_before=drawn, press=["f2", "j", "j", "j", "j", "j"])


@SIZES
def test_the_listing_of_hooks_in_a_picture(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Names and arguments."""
    press = ["f2", "tab", *"tracepoint:sched:sched_switch", "enter", "wait:300"]
    assert snap_compare(given(), terminal_size=size, run_before=drawn, press=press)


@pytest.mark.parametrize("cells", [60, 80, 100, 120])
@pytest.mark.parametrize("spelled", [False, True])
def test_the_browsers_keys_are_never_cut(cells: int, spelled: bool) -> None:
    """Where there is not room for all, the way out and to the other list stay."""
    line = hints((*ProbeList.keys, ("/", "search"), ("Esc", "back"), ("Tab", "hooks")), cells, spelled)
    said = "".join(piece for piece, _ in line)
    assert width(said.rstrip()) <= cells
    assert said.rstrip().endswith("Tab hooks")
    assert "Esc back" in said
    assert said.isascii() or not spelled

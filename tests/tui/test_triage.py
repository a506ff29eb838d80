"""Triage on the screen: the seconds that go by, the ranked list, and the way to a probe and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import Frame
from ebtop.sample import ProbeSample, State
from ebtop.tui.app import Dashboard
from tests.samples import failed, sample, with_probe
from tests.tui.scenes import SMALL, WIDE, dashboard, drawn, lines, shown, source_of, text

HUGE = (200, 60)
TWO = ("syscalls", "exec")
CHEAP = ("opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat")


def past(seconds: int = 10) -> Frame:
    """Ten seconds of a busy machine."""
    return derive(sample(10 + seconds), sample(10), registry.probes())


async def let_pass(pilot: Pilot[None], app: Dashboard, first: int, last: int, *without: str) -> None:
    """Seconds `first` to `last`, with what was asked of the source, live; those `without` are still on their way."""
    source = source_of(app)
    for second in range(first, last + 1):
        names = source.wanted[-1] if source.wanted else app.wanted
        given = sample(second, names, interval=app.interval, started=-5)
        for name in without:
            given = with_probe(given, name, ProbeSample(State.COMPILING))
        source.push(given)
        await pilot.pause()


async def test_ten_seconds_go_by_then_the_worst_comes_first() -> None:
    """A bar with what is left, what is being looked at, then findings with number, threshold and who."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("exclamation_mark")
        await let_pass(pilot, app, 40, 43)
        assert "7 s left" in text(app)
        assert "Disk latency, mean" in text(app)
        await let_pass(pilot, app, 44, 50)
        assert "the worst first" in text(app)
        first = next(line for line in lines(app) if "severe" in line)
        assert "Disk errors" in first
        assert "USE method: error counters above zero should be investigated" in text(app)


async def test_cheap_probes_are_borrowed_and_given_back() -> None:
    """Those that are off run for the ten seconds, without a panel; the dear ones stay off."""
    app = dashboard(sample(39, TWO), wanted=TWO)
    async with shown(app) as pilot:
        await pilot.press("exclamation_mark")
        assert set(source_of(app).wanted[-1]) == {"syscalls", *CHEAP}
        assert app.wanted == TWO
        await let_pass(pilot, app, 40, 50)
        assert source_of(app).wanted[-1] == TWO
        await pilot.press("G")
        assert "Tiny reads and writes" in text(app)
        assert "Reads and writes: off" in text(app)


async def test_escape_gives_them_back_at_once() -> None:
    """In the middle of the ten seconds."""
    app = dashboard(sample(39, TWO), wanted=TWO)
    async with shown(app) as pilot:
        await pilot.press("exclamation_mark")
        await let_pass(pilot, app, 40, 43)
        await pilot.press("escape")
        await pilot.pause()
        assert source_of(app).wanted[-1] == TWO
        assert (app.followers, app.borrowed) == ([], ())
        assert len(app.screen_stack) == 1


async def test_the_seconds_begin_when_all_is_attached() -> None:
    """Or after a while without what is not: that is listed as not looked at."""
    app = dashboard(sample(39, TWO), wanted=TWO)
    async with shown(app) as pilot:
        await pilot.press("exclamation_mark")
        await let_pass(pilot, app, 40, 45, "blockio")
        assert "attaching" in text(app)
        assert "compiling" in text(app)
        await let_pass(pilot, app, 46, 47, "blockio")
        assert "attaching" in text(app)
        await let_pass(pilot, app, 48, 58, "blockio")
        assert "worst first" in text(app)
        await pilot.press("G")
        assert "Block I/O: not attached in time" in text(app)


async def test_a_slow_refresh_is_quicker_for_the_ten_seconds() -> None:
    """A minute would be six times as long as is looked."""
    app = dashboard(sample(39, TWO, interval=60.0), wanted=TWO)
    async with shown(app) as pilot:
        await pilot.press("exclamation_mark")
        assert source_of(app).intervals[-1] == 1.0
        await let_pass(pilot, app, 40, 50)
        assert source_of(app).intervals[-1] == 60.0


@pytest.mark.parametrize(("keys", "row"), [([], 0), (["j"], 1), (["j", "j", "k"], 1), (["G"], -1), (["G", "g"], 0)])
async def test_rows_are_walked_and_each_tells_its_source(keys: list[str], row: int) -> None:
    """Headings are stepped over."""
    app = dashboard()
    async with shown(app, HUGE) as pilot:
        app.triage(past())
        await pilot.pause()
        await pilot.press(*keys)
        titles = [line[10:35].strip() for line in lines(app) if line[:2] in (" ▲", " △", " ·", " –")]
        about = next(line for line in lines(app)[1:] if line.startswith("─ "))
        assert about.startswith(f"─ {titles[row]} ─")


async def test_enter_goes_to_the_probe_in_its_order() -> None:
    """The whole stage, the view and the column of the finding."""
    app = dashboard()
    async with shown(app) as pilot:
        app.triage(past())
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert (app.focused_probe, app.is_maximised) == ("blockio", True)
        assert app.looked("blockio").view is app.probes["blockio"].views[0]
        assert "err/s▾" in text(app)


async def test_enter_switches_on_what_is_off() -> None:
    """And says so."""
    app = dashboard(sample(39, TWO), wanted=TWO)
    async with shown(app) as pilot:
        app.triage(past())
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.wanted == ("syscalls", "exec", "blockio")
        assert app.focused_probe == "blockio"
        assert "Block I/O: on, counting from zero" in text(app)


async def test_a_quiet_machine_is_told_what_came_closest() -> None:
    """And what was looked at."""
    app = dashboard()
    quiet = derive(sample(20, rows=0), sample(10, rows=0), registry.probes())
    async with shown(app) as pilot:
        app.triage(quiet)
        await pilot.pause()
        assert "nothing looks abnormal; closest: Load per CPU, last minute 0.9 of 1" in text(app)
        assert "CPU busy" in text(app)


async def test_a_probe_that_failed_is_not_looked_at() -> None:
    """With what it failed of."""
    app = dashboard()
    frame = derive(with_probe(sample(20), "rw", failed("refused")), sample(10), registry.probes())
    async with shown(app) as pilot:
        app.triage(frame)
        await pilot.pause()
        await pilot.press("G")
        assert "Reads and writes: failed: refused" in text(app)


async def test_it_can_be_done_again() -> None:
    """From the list, with the next ten seconds."""
    app = dashboard()
    async with shown(app) as pilot:
        app.triage(past())
        await pilot.pause()
        await pilot.press("r")
        await let_pass(pilot, app, 40, 42)
        assert "8 s left" in text(app)
        await let_pass(pilot, app, 43, 50)
        assert "worst first" in text(app)


async def test_what_the_brake_has_switched_off_stays_off() -> None:
    """It was too expensive a moment ago."""
    app = dashboard(sample(39, TWO), wanted=TWO)
    async with shown(app) as pilot:
        app.brake.off = ("opens",)
        await pilot.press("exclamation_mark")
        assert "opens" not in source_of(app).wanted[-1]


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE, (61, 16), (300, 18)])
async def test_every_size_is_filled_and_nothing_more(size: tuple[int, int]) -> None:
    """List and progress; the row under the cursor is always seen."""
    app = dashboard()
    async with shown(app, size) as pilot:
        await pilot.press("exclamation_mark")
        await let_pass(pilot, app, 40, 43)
        assert len(lines(app)) == size[1]
        await let_pass(pilot, app, 44, 50)
        for key in ("G", "ctrl+u", "k", "g", "pagedown"):
            await pilot.press(key)
            page = app.screen.query_one("#triage")
            assert 0 <= page._cursor < size[1] - 1  # type: ignore[attr-defined]  # a test looks inside
            assert lines(app)[page._cursor][1] in "▲△·–"  # type: ignore[attr-defined]
            assert all(len(line) == size[0] for line in lines(app))


Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE, HUGE], ids=["80x24", "120x40", "200x60"])


@SIZES
def test_the_ranked_list(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Columns under one another; what stands behind the chosen row below."""

    async def judged(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        assert isinstance(pilot.app, Dashboard)
        pilot.app.triage(past())
        await pilot.pause()

    assert snap_compare(dashboard(), terminal_size=size, run_before=judged)


@SIZES
def test_the_seconds_before_it(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A bar, and what each probe is asked."""

    async def looking(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        assert isinstance(pilot.app, Dashboard)
        await pilot.press("exclamation_mark")
        await let_pass(pilot, pilot.app, 40, 43)

    assert snap_compare(dashboard(), terminal_size=size, run_before=looking)

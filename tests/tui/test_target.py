"""What the dashboard says of a target and of a program that has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ebtop.sample import Target
from ebtop.tui.headline import words
from tests.samples import SECOND, sample, session
from tests.tui.scenes import dashboard, lines, shown, source_of, text

TWO = ("syscalls", "rw")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(), ""),
        (Target(pids=(4121,)), "pid 4121"),
        (Target(pids=(1, 2, 3, 4)), "4 pids"),
        (Target(comm="nginx", user="www"), "comm nginx, user www"),
        (Target(unit="web"), "in web"),
    ],
)
def test_a_target_is_said_in_a_few_words(target: Target, said: str) -> None:
    """Every part that is set."""
    assert words(target) == said


async def test_the_header_says_whose_events_are_counted_only() -> None:
    """As the source says it is in force; nothing where everybody is counted."""
    app = dashboard(*session(3, TWO), wanted=TWO)
    async with shown(app) as pilot:
        assert "only" not in lines(app)[0]
        source_of(app).push(replace(sample(4, TWO), target=Target(pids=(4121,))))
        await pilot.pause()
        assert "only pid 4121" in lines(app)[0]


async def test_a_program_that_ended_holds_the_screen_also_where_it_was_paused() -> None:
    """The last frame is shown, the header says how it ended, and nothing can be begun any more."""
    app = dashboard(*session(3, TWO), wanted=TWO)
    async with shown(app) as pilot:
        await pilot.press("space")
        last = replace(sample(9, TWO), wall_ns=sample(9, TWO).wall_ns + 3600 * SECOND)
        source = source_of(app)
        source.command_status = 3  # type: ignore[attr-defined]
        source.push(last)
        await pilot.pause()
        assert app.frame is not None
        assert app.frame.sample.wall_ns == last.wall_ns
        assert "command ended with status 3" in lines(app)[0]
        asked = list(source.wanted)
        await pilot.press("1")
        assert source.wanted == asked
        assert "nothing is counted any more" in text(app)
        for key in ("F", "e"):
            await pilot.press("plus", key)
            await pilot.pause()
            assert "nothing can be attached any more: the command has ended" in text(app), key
        app.count_function("u:libc:malloc")
        await pilot.press("plus", "t")
        await pilot.pause()
        assert "nothing is counted any more" in text(app)
        assert (source.wanted, app.wanted, app.target) == (asked, TWO, Target())


async def test_the_last_frame_of_a_program_is_over_its_whole_run() -> None:
    """Compared with what was there before it began, not with the tick before."""
    app = dashboard(*session(3, TWO), wanted=TWO)
    async with shown(app) as pilot:
        source = source_of(app)
        source.baseline = sample(0, TWO)  # type: ignore[attr-defined]
        source.push(replace(sample(5, TWO), tick=False))
        await pilot.pause()
        assert app.frame is not None
        assert app.frame.seconds == 5


async def test_others_rows_go_when_a_target_comes_into_force_and_return_with_it() -> None:
    """All is counted from that moment on the screen, histograms too; nothing of it is lost."""
    app = dashboard(*session(3, TWO), wanted=TWO)
    async with shown(app) as pilot:
        app.aim(Target(pids=(4121,)))
        source_of(app).push(replace(sample(4, TWO), target=Target(pids=(4121,))))
        await pilot.pause()
        assert app.target == Target(pids=(4121,))
        assert app.looked("syscalls").since
        app.aim(Target())
        source_of(app).push(sample(5, TWO))
        await pilot.pause()
        assert app.target == Target()
        assert not app.looked("syscalls").since


async def test_a_recording_is_filtered_where_a_kernel_would_be_aimed() -> None:
    """It has counted everybody already; the status line says so."""
    app = dashboard(mode="REPLAY")
    async with shown(app) as pilot:
        await pilot.press("t")
        await pilot.pause()
        pid = app.target.pids[0]
        assert source_of(app).targets == []
        assert {state.filter for state in app.views.values()} == {f"pid:{pid}"}
        assert "a recording has counted everybody" in text(app)
        await pilot.press("t")
        await pilot.pause()
        assert {state.filter for state in app.views.values()} == {""}


async def test_a_target_of_the_command_line_hides_nothing() -> None:
    """It was in force before anything was counted."""
    app = dashboard(*session(3, TWO), wanted=TWO)
    async with shown(app) as pilot:
        source_of(app).push(replace(sample(4, TWO), target=Target(pids=(4121,))))
        await pilot.pause()
        assert app.target == Target(pids=(4121,))
        assert not app.looked("syscalls").since

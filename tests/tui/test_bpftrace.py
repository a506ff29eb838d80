"""Programs of bpftrace that are typed on the screen: each becomes a panel, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ebtop import registry
from ebtop.bpftrace.declaring import named
from ebtop.sample import Sample
from ebtop.tui.app import Dashboard
from ebtop.tui.widgets.prompt import Prompt
from tests import samples
from tests.tui.scenes import SMALL, dashboard, lines, shown, source_of, text

ONE = ("rw",)
CALLS = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); @h = hist(args->id); }"
WRONG = "tracepoint:no:such { @[comm] = count(); }"


@pytest.fixture(autouse=True)
def _only_built_in() -> Iterator[None]:
    """As if ebtop had just been started, before and after."""
    yield
    registry.forget()


async def typed(app: Dashboard, said: str) -> None:
    """Type that behind the key, and Enter."""
    await app.run_action("bpftrace")
    prompt = app.main.query_one(Prompt)
    prompt.text = said
    prompt.post_message(Prompt.Done("bpftrace", said))


def beside(second: float, name: str, error: str = "") -> Sample:
    """A sample in which that program is live, or has failed."""
    given = samples.sample(second, ONE)
    probe = samples.failed(error) if error else samples.live(registry.probe(name), second)
    return replace(given, probes={**given.probes, name: probe})


async def test_a_program_that_is_typed_becomes_a_panel_beside_the_others() -> None:
    """Table and histogram; it can be focused, maximised and switched off like any other."""
    name = named(CALLS)
    app = dashboard(*samples.session(3, ONE), wanted=ONE)
    async with shown(app, SMALL) as pilot:
        await typed(app, CALLS)
        await pilot.pause()
        assert source_of(app).wanted[-1] == ("rw", name)
        assert app.focused_probe == name
        for second in (4, 5):
            source_of(app).push(beside(second, name))
            await pilot.pause()
        assert any("tracepoint:raw_syscalls:sys_enter" in line for line in lines(app))
        await pilot.press("m")
        assert "@[comm]" in text(app)
        await app.run_action(f"switch_probe({name!r})")
        assert source_of(app).wanted[-1] == ONE


async def test_what_cannot_be_run_is_said_and_stays_to_be_mended() -> None:
    """The line is there again with the next stroke of the key, also after Escape."""
    app = dashboard(*samples.session(3, ONE), wanted=ONE)
    async with shown(app) as pilot:
        await typed(app, "count everything")
        await pilot.pause()
        assert "not run" in text(app)
        assert source_of(app).wanted == [] or source_of(app).wanted[-1] == ONE
        await pilot.press("e")
        assert app.main.query_one(Prompt).text == "count everything"
        await pilot.press("!", "escape", "e")
        assert app.main.query_one(Prompt).text == "count everything!"


async def test_a_program_that_failed_is_replaced_by_the_one_typed_next() -> None:
    """It is what the line begins with; its error is in its panel until then. The same once more begins anew."""
    app = dashboard(*samples.session(3, ONE), wanted=ONE)
    async with shown(app) as pilot:
        await typed(app, WRONG)
        await pilot.pause()
        source_of(app).push(beside(4, named(WRONG), "stdin:1:1-19: ERROR: tracepoint not found: no:such"))
        await pilot.pause()
        assert "tracepoint not found: no:such" in text(app)
        await pilot.press("e")
        assert app.main.query_one(Prompt).text == WRONG
        await pilot.press("enter")
        await pilot.pause()
        assert source_of(app).wanted[-2:] == [ONE, ("rw", named(WRONG))]
        await typed(app, CALLS)
        await pilot.pause()
        assert source_of(app).wanted[-1] == ("rw", named(CALLS))


async def test_a_long_program_shows_its_end_where_it_is_typed() -> None:
    """The cursor is never beyond the edge."""
    app = dashboard(*samples.session(3, ONE), wanted=ONE)
    async with shown(app, SMALL) as pilot:
        await pilot.press("e")
        prompt = app.main.query_one(Prompt)
        prompt.text = CALLS * 3
        prompt.draw()
        await pilot.pause()
        line = next(line for line in lines(app) if "bpftrace" in line)
        assert line.rstrip().endswith("@h = hist(args->id); }█")


async def test_a_recording_runs_no_program() -> None:
    """It says so."""
    app = dashboard(*samples.session(3, ONE), wanted=ONE, mode="REPLAY")
    async with shown(app) as pilot:
        await pilot.press("e")
        assert "nothing can be attached to a recording" in text(app)

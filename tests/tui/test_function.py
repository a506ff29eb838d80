"""Functions that are named while it runs: typed, chosen from the listing, mended, and met in a recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from ebtop import registry
from ebtop.offer import Hooks
from ebtop.own import example
from tests.samples import failed, sample, session, with_probe
from tests.tui.scenes import SMALL, dashboard, lines, panels, shown, source_of, text

MALLOC = "func:u:libc:malloc arg1>4096"


async def typed(pilot: Pilot[Any], words: str) -> None:
    """Type `words` into the prompt and end with Enter."""
    await pilot.press(*words, "enter")
    await pilot.pause()


async def test_what_is_typed_gets_a_panel_of_its_own() -> None:
    """F: the source is asked for it, and it has the focus; once more does no harm."""
    app = dashboard(*session(3, ("rw",)), wanted=("rw",))
    async with shown(app) as pilot:
        for line in ("uprobe:libc:malloc arg1 > 0x1000", "u:libc:malloc arg1>4096"):
            await pilot.press("F")
            assert "u:libc:malloc arg1>4096 · t:sched:*" in lines(app)[-2]
            await typed(pilot, line)
            assert panels(app) == ["rw", MALLOC]
            assert app.focused_probe == MALLOC and source_of(app).wanted[-1] == ("rw", MALLOC)
        source_of(app).push(sample(4, ("rw", MALLOC)))
        await pilot.pause()
        assert "u:libc:malloc arg1>4096 ─" in text(app) and "calls/s▾ mean max in it" in " ".join(text(app).split())
        await pilot.press("F")
        assert " count █" in lines(app)[-2]


async def test_what_makes_no_sense_is_told_and_nothing_begins() -> None:
    """One line with the remedy; Esc leaves without a word."""
    app = dashboard(*session(3, ("rw",)), wanted=("rw",))
    async with shown(app) as pilot:
        await pilot.press("F")
        await typed(pilot, "malloc")
        assert "not counted: 'malloc' names no function" in lines(app)[-2]
        await pilot.press("F", "k", "escape")
        assert panels(app) == ["rw"] and not source_of(app).wanted


async def test_one_that_failed_is_mended_in_its_place() -> None:
    """F offers its line; what comes of it takes its panel."""
    wrong = "func:u:libc:mallo"
    given = with_probe(sample(3, ("rw", wrong)), wrong, failed("no function mallo; did you mean malloc?"))
    app = dashboard(given, wanted=("rw", wrong))
    async with shown(app, SMALL) as pilot:
        app.focus_probe(wrong)
        await pilot.press("F")
        assert " count u:libc:mallo█" in lines(app)[-2]
        await typed(pilot, "c")
        assert panels(app) == ["rw", "func:u:libc:malloc"]


async def test_a_hook_of_the_listing_is_counted_at_enter() -> None:
    """As bpftrace spells it; the browser is left for its panel."""
    app = dashboard(*session(3, ("rw",)), wanted=("rw",))
    source = source_of(app)
    source.hooks["sched_switch"] = Hooks(("tracepoint:sched:sched_switch",), 1)
    async with shown(app) as pilot:
        await pilot.press("f2", "tab", *"sched_switch", "enter")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert panels(app) == ["rw", "func:t:sched:sched_switch"]


async def test_a_recording_shows_what_was_added_while_it_was_taken() -> None:
    """Also in the midst of it; the key says that nothing can be attached."""
    app = dashboard(*session(3, ("rw",)), wanted=("rw",), mode="REPLAY")
    async with shown(app) as pilot:
        source_of(app).push(sample(4, ("rw", MALLOC)))
        await pilot.pause()
        source_of(app).push(sample(5, ("rw", MALLOC)))
        await pilot.pause()
        assert panels(app) == ["rw", MALLOC] and "calls/s▾ mean max in it" in " ".join(text(app).split())
        await pilot.press("F")
        assert "nothing can be attached to a recording" in lines(app)[-2]


async def test_a_recording_shows_a_probe_of_its_own_that_came_later() -> None:
    """What it declares is known from then on."""
    mine = replace(example.PROBE, name="mine")
    app = dashboard(*session(3, ("rw",)), wanted=("rw",), mode="REPLAY")
    async with shown(app) as pilot:
        registry.show(mine)
        try:
            for second in (4, 5):
                source_of(app).push(replace(sample(second, ("rw", "mine")), declared={"mine": mine}))
                await pilot.pause()
            assert panels(app) == ["rw", "mine"] and mine.title in text(app)
        finally:
            registry.forget()


async def test_a_name_that_makes_no_probe_is_passed_over() -> None:
    """Whatever a recording says."""
    app = dashboard(*session(3, ("rw",)), wanted=("rw",), mode="REPLAY")
    async with shown(app) as pilot:
        given = sample(4, ("rw",))
        source_of(app).push(with_probe(given, "func:system('x')", failed()))
        await pilot.pause()
        assert panels(app) == ["rw"]

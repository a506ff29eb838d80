"""The flame graph: what is drawn, and where the keys lead."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ebtop import flames
from ebtop.sample import MapRows, Sample
from ebtop.settings import Settings
from ebtop.spec import Kind
from ebtop.tui import flamelines
from ebtop.tui.app import Dashboard
from ebtop.tui.flamelines import FlameLines
from tests.samples import sample, session, with_probe
from tests.tui.scenes import SMALL, WIDE, Saved, dashboard, lines, shown, source_of, text

PROBES = ("profile",)


def graph(**settings: object) -> Dashboard:
    """Ten seconds of a busy machine."""
    return dashboard(*session(10, PROBES), wanted=PROBES, settings=Settings(**settings))  # type: ignore[arg-type]


def without(sample: Sample, program: str) -> Sample:
    """The same before `program` had a stack."""
    number = next(at for at, name in sample.labels[Kind.FUNCTION.value].items() if name == program)
    probe = sample.probes["profile"]
    stacks = probe.maps["profile_stacks"]
    kept = stacks.values["path"][:, 0] != number
    left = MapRows(stacks.keys[kept], stacks.values[kept], stacks.capacity)
    return with_probe(sample, "profile", replace(probe, maps={**probe.maps, "profile_stacks": left}))


def footer(app: Dashboard) -> set[str]:
    """The keys that are named."""
    return set(re.split(r"   +", lines(app)[-1].strip()))


def drawn(app: Dashboard) -> FlameLines:
    """What is seen of it."""
    found = app.flame_drawn()
    assert found is not None
    return found


def selected(app: Dashboard) -> str:
    """The name that is read out."""
    return next(line for line in lines(app) if line.startswith(" ◆ ")).split("·")[0].removeprefix(" ◆ ").strip()


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_v_leads_to_it_and_callers_stand_over_what_they_call(size: tuple[int, int]) -> None:
    """All of the width is everything; each line is one call further."""
    app = graph()
    async with shown(app, size) as pilot:
        await pilot.press("m", "v", "v", "v")
        await pilot.pause()
        assert "▸flame graph" in text(app)
        seen = lines(app)
        first = next(place for place, line in enumerate(seen) if line.startswith("▏all"))
        assert "▏postgres" in seen[first + 1]
        assert "▏PostgresMain" in seen[first + 3]
        assert selected(app) == "all"


async def test_arrows_go_to_what_is_called_to_callers_and_beside() -> None:
    """Down: the widest; up: the caller; left and right along a line; j and k as down and up."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down")
        await pilot.pause()
        assert selected(app) == "postgres"
        await pilot.press("j", "j")
        await pilot.pause()
        assert selected(app) == "PostgresMain postgres"
        await pilot.press("k", "up", "left")
        await pilot.pause()
        assert selected(app) == "node"
        await pilot.press("right", "right")
        await pilot.pause()
        assert selected(app) == "rsync"
        await pilot.press(*["right"] * 9, *["up"] * 9)
        await pilot.pause()
        assert selected(app) == "all"


async def test_enter_zooms_and_escape_and_backspace_lead_back() -> None:
    """A function less each time; from everything on, back to the overview."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "down", "enter")
        await pilot.pause()
        assert "all ▸ postgres ▸ main" in text(app)
        assert not any("▏node" in line for line in lines(app))
        await pilot.press("escape")
        await pilot.pause()
        assert "all ▸ postgres ▸ main" not in text(app)
        assert "all ▸ postgres" in text(app)
        await pilot.press("backspace")
        await pilot.pause()
        assert any("▏node" in line for line in lines(app))
        assert app.is_maximised
        await pilot.press("escape")
        await pilot.pause()
        assert not app.is_maximised


async def test_what_is_zoomed_stays_so_in_the_past() -> None:
    """It is a view of any moment: the counts are those of then."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "enter")
        await pilot.pause()
        now = drawn(app).selected
        await pilot.press(*["left_square_bracket"] * 5)
        await pilot.pause()
        then = drawn(app).selected
        assert now is not None and then is not None
        assert (then.path, app.paused) == (now.path, True)
        assert 0 < then.count < now.count


async def test_down_on_the_innermost_box_moves_nothing() -> None:
    """There is nothing under it to be scrolled to, in a terminal with room for all and in one without."""
    app = graph()
    async with shown(app, SMALL) as pilot:
        await pilot.press("m", "v", "v", "v", *["down"] * 60)
        await pilot.pause()
        before = text(app)
        assert drawn(app).selected is not None
        await pilot.press("down", "down", "j", "pagedown")
        await pilot.pause()
        assert text(app) == before


async def test_pages_and_ends_go_along_the_widest_calls() -> None:
    """Home is what fills the width, End the innermost; half of the lines that are seen for a page."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "enter", "end")
        await pilot.pause()
        innermost = drawn(app).selected
        assert innermost is not None and len(innermost.path) > 5
        await pilot.press("pageup")
        await pilot.pause()
        above = drawn(app).selected
        assert above is not None and above.path == innermost.path[: len(above.path)]
        assert 1 < len(above.path) < len(innermost.path) - 1
        await pilot.press("home")
        await pilot.pause()
        assert selected(app) == "postgres"
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        assert drawn(app).selected == innermost


async def test_zoom_and_cursor_outlive_a_moment_without_that_stack() -> None:
    """What is left of them is shown there; further on they are what they were."""
    first, *later = session(10, PROBES)
    app = dashboard(without(first, "postgres"), *later, wanted=PROBES)
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "enter", "down", "down")
        await pilot.pause()
        before = drawn(app).selected
        assert before is not None
        await pilot.press(*["left_square_bracket"] * 9)
        await pilot.pause()
        assert "all ▸ postgres" not in text(app)
        assert selected(app) == "all"
        await pilot.press(*["right_square_bracket"] * 9)
        await pilot.pause()
        assert "all ▸ postgres" in text(app)
        assert drawn(app).selected == before


async def test_the_stacks_are_put_in_order_once_for_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at each key: there are machines with ten thousand of them."""
    made: list[object] = []

    def counted(*given: Any) -> flames.Chains:
        made.append(given)
        return flames.ordered(*given)

    monkeypatch.setattr(flamelines, "ordered", counted)
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "down", "enter", "right", "escape", "end", "home")
        await pilot.pause()
        assert len(made) == 1
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert len(made) == 2


async def test_keys_without_a_meaning_there_are_not_named_and_say_so() -> None:
    """Filter, sort and shape are for rows; zoom and saving stand in their place."""
    app = dashboard(*session(10, ("offcpu",)), wanted=("offcpu",))
    async with shown(app, (200, 60)) as pilot:
        await pilot.press("m")
        await pilot.pause()
        assert {"/ filter", "s sort", "g group"} <= footer(app)
        await pilot.press("H", "v", "v", "v")
        await pilot.pause()
        assert {"⏎ zoom in", "Esc back", "W save SVG", "D save folded", "m restore"} <= footer(app)
        assert not {"/ filter", "s sort", "g group", "H shape"} & footer(app)
        for key in ("slash", "s", "r", "H"):
            await pilot.press("space", "space", key)
            await pilot.pause()
            assert "a flame graph has no rows" in text(app), key
        before = drawn(app).selected
        await pilot.press("down")
        await pilot.pause()
        assert drawn(app).selected != before
        await pilot.press("v")
        await pilot.pause()
        assert "/ filter" in footer(app)


async def test_a_stack_is_copied_whole() -> None:
    """Down to the box under the cursor, folded."""
    app = graph()
    copied: list[str] = []
    app.copy_to_clipboard = copied.append  # type: ignore[method-assign, assignment]
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v", "down", "down", "y")
        await pilot.pause()
    assert copied == ["postgres;main"]


async def test_a_click_points_and_a_second_one_zooms() -> None:
    """On any cell of a box."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "v", "v")
        await pilot.pause()
        row = next(place for place, line in enumerate(lines(app)) if "▏postgres" in line)
        column = lines(app)[row].index("▏postgres") + 4
        await pilot.click(offset=(column, row))
        await pilot.pause()
        assert selected(app) == "postgres"
        await pilot.click(offset=(column, row))
        await pilot.pause()
        assert "all ▸ postgres" in text(app)


async def test_it_is_drawn_in_ascii_and_in_the_overview_too() -> None:
    """Where a terminal has no more; in its panel without keys of its own."""
    app = graph(ascii="always")
    async with shown(app, SMALL) as pilot:
        await pilot.press("v", "v", "v")
        await pilot.pause()
        assert text(app).isascii() and "|postgres" in text(app)
        await pilot.press("m", "down", "down")
        await pilot.pause()
        assert text(app).isascii() and "|main" in text(app)
        assert {len(line) for line in lines(app)} == {SMALL[0]}


async def test_other_views_of_stacks_are_tables_like_any() -> None:
    """Functions with what they are in, sorted, filtered; stacks folded."""
    app = graph()
    async with shown(app) as pilot:
        await pilot.press("m")
        await pilot.pause()
        assert "heap_getnextslot" in lines(app)[4]
        await pilot.press("slash", *"hash_search", "enter")
        await pilot.pause()
        assert "2 of " in text(app)
        await pilot.press("escape", "v", "v")
        await pilot.pause()
        assert any("postgres;main;PostgresMain" in line for line in lines(app))


async def test_stacks_are_saved_by_a_key_each() -> None:
    """As a flame graph and as folded text, from any view of a probe that has them; others say so."""
    save = Saved()
    app = dashboard(*session(10, ("rw", "profile")), wanted=("rw", "profile"), save=save)
    async with shown(app) as pilot:
        await pilot.press("W")
        await pilot.pause()
        assert "this probe has no stacks" in text(app)
        app.focus_probe("profile")
        await pilot.press("W", "D")
        await app.workers.wait_for_complete()
        await pilot.pause()
        svg, folded = sorted(save.files, reverse=True)
        whole = save.files.pop(svg)
        assert whole.startswith(b"<svg ") and b"stacks since the probe started" in whole
        await pilot.press("c")
        source_of(app).push(sample(11, ("rw", "profile"), started=-1))
        await pilot.pause()
        await pilot.press("W")
        await app.workers.wait_for_complete()
        since = app.looked("profile").since.encode()
        cleared = next(content for name, content in save.files.items() if name.endswith("-profile.svg"))
        assert since and b"stacks since " + since in cleared
    assert svg.endswith("-profile.svg")
    assert folded.endswith("-profile.folded") and b"postgres;main;PostgresMain" in save.files[folded]

"""The heatmap: what is drawn of which tick and bucket, and what the cursor reads out of it."""

from __future__ import annotations

import numpy as np

from ebtop import units
from ebtop.tui.tablelines import HeatCursor
from tests.samples import session
from tests.tui.scenes import DEFAULT, dashboard, lines, shown, source_of, text


async def test_h_goes_through_the_shapes_and_maximises_first() -> None:
    """Trend and histogram, heatmap, trend, histogram, and round again."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("H")
        await pilot.pause()
        assert app.is_maximised
        assert app.views["syscalls"].shape == "heatmap"
        assert "◆ 14:04:00" in text(app)
        await pilot.press("H")
        await pilot.pause()
        assert app.views["syscalls"].shape == "trend"
        assert "◆" not in text(app)
        await pilot.press("H", "H")
        await pilot.pause()
        assert app.views["syscalls"].shape == "both"


async def test_a_probe_without_a_histogram_says_so() -> None:
    """It stays as it is."""
    app = dashboard()
    async with shown(app) as pilot:
        app.focus_probe("opens")
        await pilot.press("H")
        await pilot.pause()
        assert app.views["opens"].shape == "both"
        assert "no histogram" in text(app)


async def test_the_cursor_reads_out_time_range_and_count() -> None:
    """As the frames of that tick have them; at the edges it stays."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "H", *["left"] * 5)
        await pilot.pause()
        state = app.views["syscalls"]
        last = app.timeline.moments().last
        assert state.heat.number == last - 5
        assert "◆ 14:03:55" in text(app)
        frame = app.timeline.at(last - 5)
        counts = frame.probes["syscalls"].views["latency"].counts.sum(axis=0)  # type: ignore[union-attr]  # a histogram
        first, after = _range(app)
        assert f" {units.exact(int(counts[first:after].sum()))} events" in text(app)
        await pilot.press(*["left"] * 80)
        await pilot.pause()
        assert state.heat.number == app.timeline.moments().first
        await pilot.press(*["right"] * 120)
        await pilot.pause()
        assert state.heat.number is None


def _range(app: object) -> tuple[int, int]:
    """First bucket and the one after the last of the line under the cursor, from the words of the read-out."""
    from ebtop.tui.app import Dashboard
    from ebtop.tui.shapes import edge
    from ebtop.units import Unit

    assert isinstance(app, Dashboard)
    said = next(line for line in lines(app) if line.startswith(" ◆ "))
    begin, end = (part.strip() for part in said.split("·")[1].split("–"))
    edges = {edge(bucket, Unit.NS): bucket for bucket in range(41)}
    return edges[begin], edges[end]


async def test_up_and_down_go_through_the_buckets() -> None:
    """And the worst of each is named."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "H", "up")
        await pilot.pause()
        first = _range(app)
        await pilot.press("up", "up", "up", "up")
        await pilot.pause()
        assert _range(app) > first
        assert "worst" in text(app)


async def test_tab_goes_to_the_table_and_back() -> None:
    """Escape first leaves the heatmap's cursor, then the stage."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "H", "tab", "j", "j")
        await pilot.pause()
        assert app.views["syscalls"].cursor == 2
        await pilot.press("tab", "j")
        await pilot.pause()
        assert app.views["syscalls"].cursor == 2
        await pilot.press("escape")
        assert app.is_maximised
        await pilot.press("escape")
        assert not app.is_maximised


async def test_the_heatmap_follows_new_frames() -> None:
    """One column for each tick; the newest is at the right edge."""
    given = session(43, DEFAULT)
    app = dashboard(*given[:40])
    async with shown(app) as pilot:
        await pilot.press("m", "H")
        for sample in given[40:]:
            source_of(app).push(sample)
            await pilot.pause()
        await pilot.pause()
        assert "◆ 14:04:03" in text(app)
        heat = app.looked("syscalls").heat
        assert heat is not None
        assert len(heat.counts) == 43
        assert bool((np.diff(heat.monotonic_ns) == 10**9).all())


async def test_a_heatmap_of_a_moment_ends_there() -> None:
    """Back in time nothing later is drawn."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "H", "left_curly_bracket")
        await pilot.pause()
        heat = app.looked("syscalls").heat
        assert heat is not None
        assert int(heat.numbers[-1]) == app.position
        assert app.views["syscalls"].heat == HeatCursor()
        assert "◆ 14:03:50" in text(app)


async def test_the_past_is_walked_and_left() -> None:
    """[ and { go back and hold the screen, ] and } on, . follows again; every panel shows that moment."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("left_square_bracket", "left_square_bracket")
        await pilot.pause()
        last = app.timeline.moments().last
        assert (app.paused, app.position) == (True, last - 2)
        assert "14:03:58" in lines(app)[0]
        assert "2.0 s ago" in text(app)
        await pilot.press("left_curly_bracket", "right_square_bracket")
        await pilot.pause()
        assert (app.paused, app.position) == (True, last - 11)
        assert app.frame is not None
        assert app.frame.sample.monotonic_ns == app.timeline.at(last - 11).sample.monotonic_ns
        await pilot.press(*["right_curly_bracket"] * 3)
        await pilot.pause()
        assert (app.paused, app.position) == (True, last)
        await pilot.press("full_stop")
        await pilot.pause()
        assert (app.paused, app.position) == (False, None)
        assert "LIVE" in lines(app)[0]


async def test_a_held_screen_keeps_still_while_history_goes_on() -> None:
    """Trends too; what came meanwhile can be stepped into."""
    given = session(45, DEFAULT)
    app = dashboard(*given[:40])
    async with shown(app) as pilot:
        await pilot.press("space")
        await pilot.pause()
        before = text(app)
        for sample in given[40:]:
            source_of(app).push(sample)
        await pilot.pause()
        after = text(app)
        assert before.splitlines()[1:-2] == after.splitlines()[1:-2]
        await pilot.press("right_curly_bracket")
        await pilot.pause()
        assert "14:04:05" in lines(app)[0]

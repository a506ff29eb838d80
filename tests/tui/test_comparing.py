"""Grouping, baseline and zero on the screen: view state over frames, of which the source is never told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ebtop.baseline import CHANGE, RATIO
from ebtop.frame import Frame, TableFrame
from ebtop.grouping import COUNT, GROUP, Grouping
from ebtop.sample import MapRows, Sample
from ebtop.tui.app import Dashboard
from ebtop.tui.columns import PROGRAM
from ebtop.tui.panellines import repeats
from ebtop.tui.spreads import MARK
from ebtop.tui.tablelines import sort_in
from tests.samples import SECOND, sample, with_probe
from tests.tui.scenes import DEFAULT, SMALL, WIDE, dashboard, drawn, lines, shown, source_of, text

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE, (200, 60)], ids=["80x24", "120x40", "200x60"])


def table(app: Dashboard) -> TableFrame:
    """The focused probe's table as it is looked at."""
    rows = app.looked(app.focused_probe).rows
    assert isinstance(rows, TableFrame)
    return rows


def frame_of(app: Dashboard) -> Frame:
    """What is on the screen."""
    assert app.frame is not None
    return app.frame


def told(app: Dashboard) -> tuple[int, ...]:
    """How often the source was asked for anything."""
    source = source_of(app)
    return len(source.wanted), len(source.intervals), len(source.targets), len(source.inspected)


def busier(second: int, calls: int) -> Sample:
    """The machine at `second`, each process with `calls` more system calls than it would have made."""
    given = sample(second, DEFAULT, started=-1)
    probe = given.probes["syscalls"]
    content = probe.maps["syscalls_calls"]
    values = content.values.copy()
    values["calls"] += np.uint64(calls)
    maps = {**probe.maps, "syscalls_calls": MapRows(content.keys, values, content.capacity)}
    return with_probe(given, "syscalls", replace(probe, maps=maps))


async def test_g_groups_all_panels_and_goes_round() -> None:
    """By program, unit, user, and by process again; the header says it, rows have a name and a count."""
    app = dashboard()
    async with shown(app) as pilot:
        before, asked = text(app), told(app)
        for by in ("program", "unit", "user"):
            await pilot.press("g")
            assert f"by {by}" in lines(app)[0]
            assert [key.field for key in table(app).view.keys] == [GROUP]
        assert "root" in text(app)
        whole = frame_of(app).probes["syscalls"].views["by_process"]
        assert isinstance(whole, TableFrame)
        assert table(app).columns[COUNT].sum() == whole.keys.size
        assert table(app).columns["calls_total"].sum() == whole.columns["calls_total"].sum()
        await pilot.press("g")
        assert told(app) == asked
        assert lines(app)[:-2] == before.split("\n")[:-2]


async def test_g_does_the_same_over_a_recording() -> None:
    """Replay is no other case."""
    app = dashboard(mode="REPLAY")
    async with shown(app) as pilot:
        await pilot.press("g")
        assert "by program" in lines(app)[0]


async def test_tables_without_processes_stay_as_they_are() -> None:
    """By call there is nothing to group."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "v", "g")
        assert [key.field for key in table(app).view.keys] == ["nr"]


async def test_a_group_under_the_cursor_names_its_processes() -> None:
    """In the status line: the group, and the first of its processes."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("g", "g", "g", "slash", *"user:root", "enter")
        drawn_now = app.drawn()
        assert drawn_now is not None
        assert drawn_now.row.names == "root (pids 388, 515, 860)"
        app.notices._until = 0.0
        app.hand_down()
        assert "root (pids 388, 515, 860)" in lines(app)[-2]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("comm:sshd", ["ssh.service"]),
        ("user:deploy", ["web"]),
        ("c:web", ["web"]),
        ("pid:4121", ["postgresql@15-main.service"]),
        ("pid:412", []),
        ("!c:service !user:ada comm:node", ["web"]),
        ("web", ["web"]),
    ],
)
async def test_filter_words_find_groups_by_their_processes(words: str, names: list[str]) -> None:
    """A group passes where one of its processes does."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("g", "g")
        app.views["syscalls"].filter = words
        app.hand_down()
        found = app.drawn()
        assert found is not None
        shown_names = [row[0][0].strip() for row in found.rows]
        assert [name for name in names if any(name[:4] == seen[:4] for seen in shown_names)] == names
        assert found.shown == len(names)


async def test_an_order_by_name_survives_grouping() -> None:
    """By program, then by group, then by program again; a count that is no longer there leaves the view's own order."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m")
        view = table(app).view
        app.views["syscalls"].sorts["by_process"] = PROGRAM
        await pilot.press("g")
        assert app.views["syscalls"].sort_of(table(app).view) == GROUP
        assert sort_in(view, GROUP) == PROGRAM
        assert sort_in(view, COUNT) == view.sort
        assert sort_in(view, CHANGE + "errors_per_second") == "errors_per_second"


async def test_b_marks_a_baseline_and_capital_b_clears_it() -> None:
    """The header has its age by the samples' clock; the table gains a difference and a ratio beside what orders it."""
    app = dashboard(*(busier(second, 0) for second in range(4)))
    async with shown(app) as pilot:
        await pilot.press("m", "b")
        assert "Δ 0s" in lines(app)[0]
        source_of(app).push(busier(4, 1_000_000))
        await pilot.pause()
        assert "Δ 1s" in lines(app)[0]
        titles = [column.title for column in table(app).view.columns]
        assert titles[:3] == ["calls/s", "Δ calls/s", "×"]
        change = table(app).columns[CHANGE + "calls_per_second"]
        assert np.all(change > 900_000)
        compared = table(app).compared
        assert compared is not None
        assert compared.large.any()
        assert any(role == "warn" for row in app.drawn().rows for _, role in row)  # type: ignore[union-attr]
        await pilot.press("B")
        assert "Δ" not in text(app)


async def test_change_columns_follow_the_order_and_order_themselves() -> None:
    """s steps from a column to its change and its ratio, then to the next column with its own."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "b")
        seen = []
        for _ in range(4):
            seen.append(app.views["syscalls"].sort_of(table(app).view))
            await pilot.press("s")
        rate = "calls_per_second"
        assert seen == [rate, CHANGE + rate, RATIO + rate, "errors_per_second"]
        app.views["syscalls"].sorts["by_process"] = CHANGE + rate
        await pilot.press("B")
        assert app.views["syscalls"].sort_of(table(app).view) == rate


async def test_groups_are_compared_too() -> None:
    """Both at once."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("g", "b")
        titles = [column.title for column in table(app).view.columns]
        assert titles[:4] == ["n", "calls/s", "Δ calls/s", "×"]
        assert not np.isnan(table(app).columns[CHANGE + "calls_per_second"]).any()


async def test_a_baseline_is_drawn_in_histogram_and_trend() -> None:
    """A mark on each bar, both percentiles, and a level across the trend."""
    app = dashboard(*(busier(second, 0) for second in range(6)))
    async with shown(app, (140, 45)) as pilot:
        await pilot.press("m", "b")
        source_of(app).push(busier(6, 10))
        await pilot.pause()
        assert f"share of events since the mark, {MARK} before it" in text(app)
        assert "╌ " in text(app)
        assert any(MARK in line and "%" in line for line in lines(app))


async def test_there_is_no_baseline_before_there_are_rates() -> None:
    """A line says so."""
    app = dashboard(sample(0, DEFAULT))
    async with shown(app) as pilot:
        await pilot.press("b")
        assert app.perspective.baseline is None
        assert "no baseline yet" in text(app)


async def test_c_counts_the_focused_probe_from_zero_and_capital_c_undoes_it() -> None:
    """Rows that did nothing since are not there; the title says since when; other probes go on; nobody else is told."""
    app = dashboard(*(busier(second, 0) for second in range(4)))
    async with shown(app) as pilot:
        asked = told(app)
        before = table(app).columns["calls_total"].sum()
        await pilot.press("c")
        assert "nothing since 14:03:24" in text(app)
        assert "since 14:03:24" in lines(app)[1]
        assert lines(app)[1].count("since") == 1
        source_of(app).push(busier(4, 0))
        await pilot.pause()
        grown = table(app).columns["calls_per_second"].sum()
        assert table(app).columns["calls_total"].sum() == grown < before
        await pilot.press("C")
        assert "since" not in lines(app)[1]
        assert table(app).columns["calls_total"].sum() == before + grown
        assert told(app) == asked


async def test_totals_are_counted_from_the_zero_in_the_status_line() -> None:
    """As rows are, so that they still add up."""
    app = dashboard(*(busier(second, 0) for second in range(4)))
    async with shown(app, (200, 60)) as pilot:
        await pilot.press("c")
        app.notices._until = 0.0
        source_of(app).push(busier(5, 0))
        await pilot.pause()
        assert "since 14:03:24 2,000 = shown + 0 lost" in lines(app)[-2]


async def test_a_still_panel_is_drawn_when_it_is_looked_at_otherwise() -> None:
    """Grouping, baseline and zero each make it another one."""
    first = sample(0, DEFAULT)
    quiet = [replace(first, monotonic_ns=first.monotonic_ns + second * SECOND) for second in range(20)]
    app = dashboard(*quiet)
    async with shown(app) as pilot:
        before = app.looked("syscalls")
        assert repeats(app.looked("syscalls"), before)
        for key in ("g", "b", "c"):
            await pilot.press(key)
            after = app.looked("syscalls")
            assert not repeats(after, before)
            assert repeats(app.looked("syscalls"), after)
            before = after
        assert before.grouping is Grouping.PROGRAM


@SIZES
@pytest.mark.parametrize("keys", [["g", "b"], ["m", "g", "b"], ["m", "c"]], ids=["overview", "focus", "cleared"])
def test_what_is_compared_is_quiet_but_seen(snap_compare: Compare, size: tuple[int, int], keys: list[str]) -> None:
    """Grouped, beside a baseline, counted from a moment on."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=keys)


async def test_a_histogram_that_had_counted_nothing_at_the_mark_is_compared() -> None:
    """A disk that was first written to after the mark has no row before it."""
    before = [sample(second, ("blockio",), 0, started=-1) for second in range(3)]
    app = dashboard(*before, wanted=("blockio",))
    async with shown(app) as pilot:
        await pilot.press("b", "m")
        source_of(app).push(sample(3, ("blockio",), started=-1))
        await pilot.pause()
        assert app._exception is None
        assert f" {MARK} 0 " in text(app)


async def test_what_is_cleared_in_the_past_is_followed_up_to_now() -> None:
    """Rows that went and came back since count from nothing, however much they have grown beyond what they were."""
    first, gone, back = (busier(second, 1000 * second) for second in range(3))
    probe = gone.probes["syscalls"]
    content = probe.maps["syscalls_calls"]
    none = MapRows(content.keys[:0], content.values[:0], content.capacity)
    gone = with_probe(gone, "syscalls", replace(probe, maps={**probe.maps, "syscalls_calls": none}))
    app = dashboard(first, gone, back)
    async with shown(app) as pilot:
        everything = table(app).columns["calls_total"].sum()
        await pilot.press("[", "[", "c", ".")
        await pilot.pause()
        assert "since" in lines(app)[1]
        assert table(app).columns["calls_total"].sum() == everything


async def test_before_the_mark_nothing_is_called_gone() -> None:
    """Back in time the age of the baseline is negative, and rows that came later are not there yet."""
    first = sample(0, ("syscalls",), 3, started=-1)
    app = dashboard(
        first, *(sample(second, ("syscalls",), started=-1) for second in range(1, 20)), wanted=("syscalls",)
    )
    async with shown(app) as pilot:
        await pilot.press("b", "m", "{", "{")
        await pilot.pause()
        assert "Δ -19s" in lines(app)[0]
        assert "gone since" not in text(app)
        assert "not yet there" in text(app)

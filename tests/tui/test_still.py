"""Panels in which nothing happens are not drawn again, and those in which anything does are."""

from __future__ import annotations

from dataclasses import replace

from ebtop.sample import Process, Sample
from ebtop.tui.app import Dashboard
from ebtop.tui.widgets.overview import Overview
from tests.samples import SECOND, live, sample
from tests.tui.scenes import dashboard, shown, source_of, text

TWO = ("syscalls", "rw")


def later(given: Sample, seconds: int) -> Sample:
    """The same some seconds later: the source gives the very same rows where nothing has changed."""
    return replace(given, monotonic_ns=given.monotonic_ns + seconds * SECOND)


def as_old(app: Dashboard) -> list[str]:
    """Names of the panels that show an older frame than the newest."""
    shown = {panel.probe.name: panel.data for panel in app.main.query_one(Overview).panels}
    return [name for name, data in shown.items() if data is None or data.frame is not app.frame]


async def test_a_still_panel_is_left_alone_until_something_happens() -> None:
    """Neither its numbers nor its trend change; the next event, a new name and every key draw it."""
    first = sample(0, TWO)
    quiet = [later(first, second) for second in range(20)]
    app = dashboard(*quiet, wanted=TWO)
    async with shown(app) as pilot:
        source = source_of(app)
        source.push(later(first, 20))
        await pilot.pause()
        assert as_old(app) == ["syscalls", "rw"]
        before = text(app)
        await pilot.press("r")
        assert as_old(app) == []
        await pilot.press("r")
        assert text(app) == before

        busy = {**first.probes, "rw": live(app.probes["rw"], 30, 12, -10)}
        source.push(replace(later(first, 21), probes=busy))
        await pilot.pause()
        assert as_old(app) == ["syscalls"]

        source.push(replace(later(first, 22), probes=busy, processes={4121: Process("renamed", "ada")}))
        await pilot.pause()
        assert as_old(app) == []
        assert "renamed" in text(app)


async def test_the_trend_of_a_panel_that_fell_still_moves_on() -> None:
    """What was counted seconds ago is still in the trend, and leaves it."""
    busy = [sample(second, TWO, started=-1) for second in range(3)]
    app = dashboard(*busy, wanted=TWO)
    async with shown(app) as pilot:
        for second in range(1, 6):
            source_of(app).push(later(busy[-1], second))
            await pilot.pause()
            assert as_old(app) == []

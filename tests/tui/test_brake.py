"""The cost brake on the screen: what it does, what it says, and that keys win over it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from ebtop.sample import Cost, Sample
from ebtop.tui.app import Dashboard
from tests.samples import SECOND, Given, sample
from tests.tui.scenes import dashboard, lines, panels, shown, source_of, text

THREE = ("syscalls", "rw", "opens")
PERCENT = {"syscalls": 1.0, "rw": 9.0, "opens": 0.5}
"""Of one CPU, in the kernel."""


def dear(second: float, wanted: tuple[str, ...], interval: float, user: float = 2.0) -> Sample:
    """A second of a machine on which looking is expensive."""
    given = sample(second, wanted, interval=interval, started=-1000)
    probes = {
        name: replace(probe, cost=Cost(SECOND, 1000, int(PERCENT[name] * SECOND / 100)))
        for name, probe in given.probes.items()
    }
    return replace(given, probes=probes, host=replace(given.host, self_cpu_s=user * second / 100))


class Clock:
    """Gives the dashboard what it asked for, as a source does."""

    def __init__(self, app: Dashboard, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.second = app, pilot, 0.0

    async def run(self, seconds: float) -> None:
        """So much time goes by, unless the brake does something in it."""
        before, end = self.app.brake.off, self.second + seconds
        while self.second < end and self.app.brake.off == before:
            self.second += self.app.interval
            source = source_of(self.app)
            source.push(dear(self.second, source.wanted[-1] if source.wanted else THREE, self.app.interval))
            await self.pilot.pause()


def costly(mode: str = "LIVE") -> Dashboard:
    """Three probes, one of them dear."""
    app = dashboard(dear(0, THREE, 1.0), wanted=THREE, mode=mode)
    assert isinstance(app.timeline.source, Given)
    return app


async def test_it_slows_the_refresh_then_switches_the_dearest_probe_off() -> None:
    """Each with a notice that names the way back, a line in the log, and a mark in the header."""
    app = costly()
    async with shown(app) as pilot:
        clock = Clock(app, pilot)
        await clock.run(17)
        assert source_of(app).intervals == [2.0]
        assert "own cost 12.5 % > 5.0 %: refresh slowed to 2 s, - is faster" in lines(app)[-2]
        assert "▾ brake" in lines(app)[0]
        assert panels(app) == list(THREE)
        await clock.run(60)
        assert panels(app) == ["syscalls", "opens"]
        assert source_of(app).wanted[-1] == ("syscalls", "opens")
        assert "Reads and writes (9.0 %) off, 2 brings it back" in lines(app)[-2]
        assert any("Reads and writes (9.0 %) off" in line for line in app.notices.lines)
        before = app.interval
        await clock.run(120)
        assert (app.brake.off, app.interval) == (("rw",), before)


async def test_keys_win_over_the_brake() -> None:
    """A probe that is switched on again stays on, a pace that is chosen stays, and the mark goes."""
    app = costly()
    async with shown(app) as pilot:
        clock = Clock(app, pilot)
        await clock.run(100)
        assert app.brake.off == ("rw",)
        await pilot.press("2", "minus")
        assert "▾ brake" not in lines(app)[0]
        pace = app.interval
        await clock.run(300)
        assert "rw" in app.wanted
        assert app.interval == pace
        assert "syscalls" in app.wanted or "opens" in app.wanted


async def test_the_mark_stays_when_the_notice_has_gone() -> None:
    """Until everything is as it was."""
    app = costly()
    async with shown(app, (160, 40)) as pilot:
        await Clock(app, pilot).run(100)
        assert "▾ brake" in lines(app)[0]
        assert "slowed, 1 off" in lines(app)[0]
        await pilot.press("2")
        assert "slowed" in lines(app)[0]
        assert "1 off" not in lines(app)[0]


@pytest.mark.parametrize("mode", ["REPLAY", "LIVE"])
async def test_a_replay_is_not_braked(mode: str) -> None:
    """What it cost is what it cost then."""
    app = costly(mode)
    async with shown(app) as pilot:
        await Clock(app, pilot).run(100)
        assert bool(app.brake.off) == (mode == "LIVE")
        assert ("▾ brake" in text(app)) == (mode == "LIVE")

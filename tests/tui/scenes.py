"""Dashboards over samples that are given, and what is read off them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from ebtop import registry
from ebtop.sample import Sample
from ebtop.settings import Settings
from ebtop.timeline import Timeline
from ebtop.tui.app import Dashboard
from tests.samples import SECOND, WALL_NS, Given, session

NOW = WALL_NS // SECOND
DEFAULT = tuple(name for name, probe in registry.probes().items() if probe.default)
WIDE, SMALL = (120, 40), (80, 24)
_PATIENCE = 500


class Saved:
    """Takes files in place of the disk; `error` is what the disk says instead."""

    def __init__(self, error: OSError | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.error = error

    def __call__(self, path: str, content: bytes) -> str:
        """Where it is."""
        if self.error is not None:
            raise self.error
        self.files[path] = content
        return f"/home/ada/{path}"


def dashboard(
    *given: Sample,
    wanted: tuple[str, ...] = DEFAULT,
    mode: str = "LIVE",
    save: Saved | None = None,
    settings: Settings | None = None,
) -> Dashboard:
    """The dashboard over these samples; over forty seconds of a busy machine where there are none."""
    source = Given(*(given or session(40, wanted)), mode=mode)
    return Dashboard(Timeline(source, registry.probes()), save or Saved(), wanted, 1.0, settings)


def source_of(app: Dashboard) -> Given:
    """What it is fed by."""
    source = app.timeline.source
    assert isinstance(source, Given)
    return source


async def drawn(pilot: Pilot[Any]) -> None:
    """Wait until a frame is on the screen."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    for _ in range(_PATIENCE):
        await pilot.pause()
        if app.frame is not None:
            break
    await pilot.pause()


@asynccontextmanager
async def shown(app: Dashboard, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    """The app in a terminal of `size`, with its first frame drawn."""
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        yield pilot


def lines(app: Dashboard) -> list[str]:
    """The screen's lines as text."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def text(app: Dashboard) -> str:
    """The whole screen as text."""
    return "\n".join(lines(app))


def panels(app: Dashboard) -> list[str]:
    """Names of the probes that have a panel on the screen."""
    from ebtop.tui.widgets.overview import Overview

    return [panel.probe.name for panel in app.main.query_one(Overview).panels]

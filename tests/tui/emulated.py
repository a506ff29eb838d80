"""A dashboard that draws on an emulated terminal as it draws on a real one, and what is read off that terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pyte
from textual.drivers import headless_driver
from textual.pilot import Pilot

from ebtop.tui.app import Dashboard
from tests.tui.scenes import WIDE, drawn

Cells = list[list[tuple[Any, ...]]]


class _Emulating(headless_driver.HeadlessDriver):
    """Textual takes it for a real terminal, so that everything is written, and in the way in which it is there."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        columns, lines = self._get_terminal_size()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)

    @property
    def is_headless(self) -> bool:
        """Say no."""
        return False

    def write(self, data: str) -> None:
        """Everything that is written, at once."""
        self._stream.feed(data)


@asynccontextmanager
async def emulated(app: Dashboard, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    """As `scenes.shown`, on an emulated terminal."""
    with patch.object(headless_driver, "HeadlessDriver", _Emulating):
        async with app.run_test(size=size) as pilot:
            await drawn(pilot)
            yield pilot


def terminal_of(app: Dashboard) -> pyte.Screen:
    """What stands on the terminal."""
    driver = app._driver
    assert isinstance(driver, _Emulating)
    return driver.screen


async def resize(pilot: Pilot[Any], columns: int, lines: int) -> None:
    """As by the hand that pulls at the window's edge."""
    assert isinstance(pilot.app, Dashboard)
    terminal_of(pilot.app).resize(lines, columns)
    await pilot.resize_terminal(columns, lines)


def seen(app: Dashboard) -> Cells:
    """Each cell that is on the terminal: its character and how it looks; blanks have no colour of their own."""
    return _cells(terminal_of(app))


def whole(app: Dashboard) -> Cells:
    """The same, were everything drawn anew."""
    screen = pyte.Screen(*app.size)
    update = app.screen._compositor.render_full_update()
    pyte.Stream(screen).feed(update.render_segments(app.console))
    return _cells(screen)


def _cells(screen: pyte.Screen) -> Cells:
    return [[_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _cell(cell: Any) -> tuple[Any, ...]:
    return (" ", cell.bg) if cell.data == " " else (cell.data, cell.bg, cell.fg, cell.bold, cell.reverse)

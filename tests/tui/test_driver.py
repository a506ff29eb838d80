"""The terminal is drawn on while it is ours, and not after; nothing is looked at that cannot be drawn any more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from ebtop.tui.driver import Driver
from tests.tui.scenes import dashboard, shown


class Written(list[str]):
    """What stands where the thread that writes would."""

    def write(self, text: str) -> None:
        """Keep it."""
        self.append(text)


async def test_nothing_is_drawn_once_the_terminal_was_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the app draws in ending would stand on the main screen; taken again, the terminal is drawn on again."""
    app: App[Any] = App()
    driver = Driver(app)
    written = Written()
    monkeypatch.setattr(driver, "_writer_thread", written)
    monkeypatch.setattr(LinuxDriver, "start_application_mode", lambda self: None)
    monkeypatch.setattr(LinuxDriver, "stop_application_mode", lambda self: self.write("left"))
    driver.write("ours")
    driver.stop_application_mode()
    driver.write("late")
    driver.start_application_mode()
    driver.write("ours again")
    assert written == ["ours", "\x1b[2J\x1b[H", "left", "ours again"]


async def test_a_frame_that_comes_in_while_the_dashboard_ends_is_not_looked_at() -> None:
    """What would show it may be gone already, and the main screen is no place to say so."""
    app = dashboard()
    async with shown(app) as pilot:
        newest = app.newest
        assert newest is not None
        app.exit()
        app._handover.offer(replace(newest, lost=97))
        await pilot.pause()
    assert app.newest is newest

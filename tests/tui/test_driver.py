"""The terminal is drawn on while it is ours, and not after."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from ebtop.tui.driver import Driver


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

"""A terminal with all colours, in UTC, at a moment that does not pass."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from ebtop import units
from ebtop.tui import app
from ebtop.tui.acting import saying
from tests.tui.idle import idle
from tests.tui.scenes import NOW


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the dashboard asks its surroundings for."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "TEXTUAL", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    clock = SimpleNamespace(
        monotonic=lambda: 100.0,
        localtime=time.gmtime,
        strftime=lambda form, moment=None: time.strftime(form, moment or time.gmtime(NOW)),
    )
    for module in (app, saying):
        monkeypatch.setattr(module, "time", clock)
    for waiting in ("textual.app.wait_for_idle", "textual.pilot.wait_for_idle"):
        monkeypatch.setattr(waiting, idle)
    yield
    units.use("si")  # it is the module's, not the dashboard's
    gc.unfreeze()  # the dashboard freezes what is there when it begins
    monkeypatch.undo()
    time.tzset()

"""Waiting until a dashboard has nothing to do: by what its event loop has before it, not by how busy a machine is."""

from __future__ import annotations

import asyncio
from typing import Any

from textual._context import active_app

SOON_S = 0.02
"""Timers that are due by then are waited for."""


async def idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:  # as Textual calls its own
    """Until no callback is ready, nothing waits to be drawn and no timer is due, `max_sleep` seconds at the most.

    Textual's own wait sleeps a fiftieth of a second at least, and takes a process that others keep from running for one
    that has nothing to do.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready or _drawn():
            continue
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end) - loop.time()
        if due > SOON_S:
            return
        await asyncio.sleep(max(0.0, due))


def _drawn() -> bool:
    """Draw at once what waits for the next sixtieth of a second; whether anything did."""
    stacks = active_app.get()._screen_stacks.values()
    screens = [screen for stack in stacks for screen in stack if screen.is_running]
    screens = [screen for screen in screens if screen._update_timer._active.is_set()]
    for screen in screens:
        screen._on_timer_update()
    return bool(screens)

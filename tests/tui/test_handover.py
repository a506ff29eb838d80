"""Frames on their way to a screen that is late: the latest is drawn, the others are followed."""

from __future__ import annotations

import asyncio

from ebtop.tui.handover import Handover


async def test_what_was_not_fetched_in_time_is_passed_by_in_order() -> None:
    """Only the latest is taken; what has to be followed through all of them misses none."""
    said: list[str] = []
    handover: Handover[int] = Handover(lambda item: said.append(f"passed {item}"))
    handover.open(asyncio.get_running_loop(), lambda item: said.append(f"took {item}"))
    for item in (1, 2, 3):
        handover.offer(item)
    await asyncio.sleep(0)
    handover.offer(4)
    await asyncio.sleep(0)
    assert said == ["passed 1", "passed 2", "took 3", "took 4"]

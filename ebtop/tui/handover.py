"""Frames cross from the source's thread to the screen's: the latest wins, neither waits; never looks into them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


_WAITING = 8
"""Items that wait at most; the oldest go first."""


class Handover(Generic[Item]):
    """What was not fetched before the next came is only passed by."""

    def __init__(self, passed: Callable[[Item], None] | None = None) -> None:
        """`passed` is called with each item that was not the latest any more, before that is taken."""
        self._items: deque[Item] = deque(maxlen=_WAITING)
        self._passed = passed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._take: Callable[[Item], None] | None = None
        self._called = False

    def open(self, loop: asyncio.AbstractEventLoop, take: Callable[[Item], None]) -> None:
        """From now on `take` is called in `loop` with each item, at once with one that waits."""
        self._take, self._loop = take, loop
        if self._items:
            self._call()

    def offer(self, item: Item) -> None:
        """Leave `item`; any thread; never blocks."""
        self._items.append(item)
        if self._loop is not None and not self._called:
            self._call()

    def close(self) -> None:
        """Nothing is handed over any more."""
        self._loop = None

    def _call(self) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        self._called = True
        loop.call_soon_threadsafe(self._fetch)

    def _fetch(self) -> None:
        self._called = False
        if not self._items or self._take is None or self._loop is None:
            return
        *passed, latest = (self._items.popleft() for _ in range(len(self._items)))
        if self._passed is not None:
            for item in passed:
                self._passed(item)
        self._take(latest)

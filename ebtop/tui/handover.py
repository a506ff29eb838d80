"""Frames cross from the source's thread to the screen's: the latest wins, neither waits; never looks into them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Handover(Generic[Item]):
    """One place for one item; what was not fetched before the next came is skipped."""

    def __init__(self) -> None:
        self._item: Item | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._take: Callable[[Item], None] | None = None
        self._called = False

    def open(self, loop: asyncio.AbstractEventLoop, take: Callable[[Item], None]) -> None:
        """From now on `take` is called in `loop` with each item, at once with one that waits."""
        self._take, self._loop = take, loop
        if self._item is not None:
            self._call()

    def offer(self, item: Item) -> None:
        """Leave `item`; any thread; never blocks."""
        self._item = item
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
        item, self._item = self._item, None
        if item is not None and self._take is not None and self._loop is not None:
            self._take(item)

"""When the names of addresses are asked for, and what becomes of the answer; knows nothing of stacks or probes."""

from __future__ import annotations

import time
from collections.abc import Callable

from ebtop.callers import Callers
from ebtop.offer import Symbols
from ebtop.symbols import Pace

AskSymbols = Callable[[tuple[int, ...], tuple[tuple[int, ...], ...], Callable[[Symbols], None]], None]
"""ask(kernel, processes, then), as wire.AskSymbols: `then` is called in the source's thread, whatever the answer."""


class Lookup:
    """One question at a time, of what `callers` does not know."""

    def __init__(self, callers: Callers, ask: AskSymbols, say: Callable[[str], None]) -> None:
        """`say` puts a line into the log."""
        self._callers, self._ask, self._say = callers, ask, say
        self._pace = Pace()
        self._asked_s = 0.0

    def ask(self, now_s: float) -> None:
        """Ask, if it is time and there is something to ask for (monotonic)."""
        if not self._pace.may_ask(now_s):
            return
        kernel, processes = self._callers.question(now_s)
        if kernel or processes:
            self._pace.asked()
            self._asked_s = now_s
            self._ask(kernel, processes, self._take)

    def _take(self, symbols: Symbols) -> None:
        """What has failed may not have said what it took: no more than the time since."""
        now_s = time.monotonic()
        if not symbols.error:
            self._pace.answered(now_s, symbols.seconds)
            self._callers.learn(symbols)
            return
        self._pace.answered(now_s, symbols.seconds or now_s - self._asked_s)
        self._callers.fail(now_s)
        self._say(f"symbols: {symbols.error}")

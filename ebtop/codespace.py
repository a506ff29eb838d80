"""The code in one process's memory: which addresses have a name, which to ask for and when; asks nobody itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from ebtop.offer import ProcessSymbols, Symbol
from ebtop.symbols import AGAIN_S, KEPT, Ranges

_WAIT_S = 16 * AGAIN_S
"""No wait for what had no name or no answer is longer."""


@dataclass(slots=True)
class Space:
    """What is known of one process's memory."""

    identity: str = ""
    ranges: Ranges = field(default_factory=Ranges)
    unknown: dict[int, None] = field(default_factory=dict)
    """Addresses to be asked for."""
    asked: frozenset[int] = frozenset()
    nameless: dict[int, None] = field(default_factory=dict)
    """Code of no file that had no name when it was asked for: a compiler may have said it meanwhile. The next first."""
    again_s: float = float("-inf")
    """Not before then these are asked for again …"""
    wait_s: float = AGAIN_S
    """… and after this once more, which doubles while none of them is named."""
    due_s: float = float("-inf")
    """Nothing is asked before then."""
    failures: int = 0
    """How often in a row there was no answer although nothing else was asked."""
    ended: bool = False

    def is_due(self, now_s: float) -> bool:
        """Whether there is something to be asked for."""
        return now_s >= self.due_s and bool(self.unknown or (self.nameless and now_s >= self.again_s))

    def question(self, now_s: float, most: int) -> tuple[int, ...]:
        """The addresses to be asked for now."""
        asked = tuple(islice(self.unknown, most))
        if self.nameless and now_s >= self.again_s:
            asked += tuple(islice(self.nameless, most - len(asked)))
            self.again_s, self.wait_s = now_s + self.wait_s, min(2 * self.wait_s, _WAIT_S)
        elif not self.nameless:
            self.again_s = now_s + AGAIN_S
        self.asked = frozenset(asked)
        return asked

    def fail(self, now_s: float) -> None:
        """There was no answer although nothing else was asked."""
        self.failures += 1
        self.due_s = now_s + min(AGAIN_S * 2**self.failures, _WAIT_S)

    def find(self, address: int) -> Symbol | None:
        """The function that `address` is in; None where it is not known, or not yet: it will be asked for."""
        symbol = self.ranges.find(address)
        if symbol is None and not self.ended and len(self.unknown) < KEPT:
            self.unknown[address] = None
        return symbol

    def learn(self, process: ProcessSymbols) -> None:
        """Take an answer."""
        if not process.identity:
            self.ended, self.unknown, self.nameless = True, {}, {}
            return
        if self.identity not in ("", process.identity):
            self.ranges, self.nameless = Ranges(), {}
        self.identity, self.failures = process.identity, 0
        for symbol in process.symbols:
            self.ranges.add(symbol)
        before = set(self.nameless)
        for address in self.asked:
            self.nameless.pop(address, None)
            found = self.ranges.find(address)
            if found is not None and is_nameless_memory(found):
                self.nameless[address] = None
        if before != self.nameless.keys():
            self.wait_s = AGAIN_S
        self.unknown = {address: None for address in self.unknown if address not in self.asked}
        self.asked = frozenset()


def is_nameless_memory(symbol: Symbol) -> bool:
    """Whether it is code of no file that nobody has named."""
    return bool(symbol.module) and not symbol.name and not symbol.module.startswith(("/", "["))

"""Names of the kernel's functions by address: which are known, which to ask for and when; asks nobody itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from ebtop.offer import Symbol

TOGETHER = 2048
"""Addresses in one question: a packet holds some more."""
EVERY_S = 0.5
"""Between two questions, at least."""
SHARE = 5
"""The next question comes after this many times the CPU time that the last answer took: more is not to be spent."""
AGAIN_S = 60.0
"""What had no name is asked for again after that, as modules and programs come."""
KEPT = 65_536
"""Addresses remembered."""


class Ranges:
    """Stretches of addresses with a name each; where two overlap, what was said last is right."""

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._symbols: list[Symbol] = []

    def add(self, symbol: Symbol) -> None:
        """Know `symbol` from now on, and nothing that reaches into it."""
        at = bisect_right(self._begins, symbol.begin)
        first = at - 1 if at and self._symbols[at - 1].end > symbol.begin else at
        after = at
        while after < len(self._begins) and self._begins[after] < symbol.end:
            after += 1
        self._begins[first:after] = [symbol.begin]
        self._symbols[first:after] = [symbol]

    def find(self, address: int) -> Symbol | None:
        """The stretch that `address` is in; None where none is known."""
        at = bisect_right(self._begins, address) - 1
        return self._symbols[at] if at >= 0 and address < self._symbols[at].end else None


class KernelSymbols:
    """Each address is asked for once, and again later where it had no name."""

    def __init__(self) -> None:
        self._ranges = Ranges()
        self._names: dict[int, str] = {}
        self._unknown: dict[int, float] = {}
        """Addresses without a name, and from when on they are to be asked for."""
        self._nameless: set[int] = set()
        """Those of them that have been asked for in vain."""
        self._asked: list[int] = []

    def names(self, addresses: frozenset[int]) -> Mapping[int, str]:
        """As FUNCTION+0xOFFSET, of a module with its name behind: the very same mapping while nothing is new."""
        new = {}
        for address in addresses - self._names.keys():
            if symbol := self.find(address):
                new[address] = said(symbol, address)
        if new and len(self._names) < KEPT:
            self._names = {**self._names, **new}
        return self._names

    def find(self, address: int) -> Symbol | None:
        """The function that `address` is in; None where it is not known, or not yet: it will be asked for."""
        symbol = self._ranges.find(address)
        if symbol is None and len(self._unknown) < KEPT:
            self._unknown.setdefault(address, float("-inf"))
        return symbol

    def is_nameless(self, address: int) -> bool:
        """Whether nobody has named `address`, as far as was found out; it may be found later."""
        return address in self._nameless

    def question(self, now_s: float) -> tuple[int, ...]:
        """The addresses to be asked for at `now_s` (monotonic)."""
        asked = [address for address, due_s in self._unknown.items() if due_s <= now_s][:TOGETHER]
        self._unknown |= dict.fromkeys(asked, now_s + AGAIN_S)
        self._asked = asked
        return tuple(asked)

    def learn(self, symbols: tuple[Symbol, ...]) -> None:
        """Take an answer."""
        for symbol in symbols:
            self._ranges.add(symbol)
        self._nameless = {address for address in (*self._nameless, *self._asked) if not self._ranges.find(address)}
        self._asked = []
        self._unknown = {address: due for address, due in self._unknown.items() if not self._ranges.find(address)}

    def fail(self, due_s: float) -> None:
        """There is no answer, which says nothing of what was asked for; it may be asked for again at `due_s`."""
        self._unknown |= {address: due_s for address in self._asked if address in self._unknown}
        self._asked = []


class Pace:
    """One question at a time, and none soon after one that was dear."""

    def __init__(self) -> None:
        self._next_s = float("-inf")
        self._waiting = False

    def may_ask(self, now_s: float) -> bool:
        """Whether a question may be asked at `now_s`."""
        return not self._waiting and now_s >= self._next_s

    def asked(self) -> None:
        """One was."""
        self._waiting = True

    def answered(self, now_s: float, took_s: float) -> None:
        """It has its answer, which took so much of a CPU, or never gets one."""
        self._waiting, self._next_s = False, now_s + max(EVERY_S, SHARE * took_s)


def said(symbol: Symbol, address: int) -> str:
    """How an address is written."""
    behind = f"+{address - symbol.begin:#x}" if address > symbol.begin else ""
    return f"{symbol.name}{behind}" + ("" if symbol.module == "kernel" else f" [{symbol.module}]")

"""The kernel's run-time statistics, on as long as anybody asks for them; knows nobody who does."""

from __future__ import annotations

import os

from ebtop import wire
from ebtop.kernel import bpf, chained, stats
from ebtop.kernel.cpus import banks


class Statistics:
    """Holds the descriptors that keep them on."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        """By who asked: "screen", or the census."""
        self._clock_told = False

    def hold(self, who: str) -> bool:
        """Keep them on for `who`; whether that is new."""
        if who in self._held:
            return False
        try:
            self._held[who] = bpf.enable_stats()
        except OSError:  # without CAP_SYS_ADMIN there are no costs; the screen shows "-" for what was not measured
            return False
        return True

    def let_go(self, who: str) -> None:
        """`who` has no use for them any more."""
        if who in self._held:
            os.close(self._held.pop(who))

    def clock(self) -> wire.Clock | None:
        """What they cost themselves, measured while they are on; once, None after that and where it cannot be."""
        if self._clock_told:
            return None
        self._clock_told = True
        try:
            clock_ns = stats.measure_clock()
        except OSError:  # without CAP_NET_ADMIN there is no test run; the screen goes by stats.CLOCK_NS
            return None
        return wire.Clock(clock_ns, chained.clock_ns(banks()))

    def close(self) -> None:
        """Nobody has."""
        for who in tuple(self._held):
            self.let_go(who)

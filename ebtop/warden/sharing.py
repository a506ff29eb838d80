"""Programs that share a raw tracepoint, from their loaders to behind the others there; knows nothing of the screen.

The screen gets what it reads costs through, and the program at the head of each place, whose runs that did not happen
are theirs as well. What it lets go of stays behind the others until the warden takes it out, and does not run.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ebtop import wire
from ebtop.kernel.chain import Chains
from ebtop.kernel.programs import Refused

Passed = tuple[wire.Progress | wire.Live, tuple[int, ...]]


class Sharing:
    """All that share a place in this session, each known by its probe."""

    def __init__(self, unshare: Callable[[str, int], None]) -> None:
        """unshare(probe, serial) has that start of it loaded once more, to share nothing."""
        self._unshare = unshare
        self._chains = Chains()

    def join(self, live: wire.Live, descriptors: tuple[int, ...]) -> Passed:
        """`live` as the screen is to have it, with other descriptors in the place of those that are kept here.

        Where a place does not take one of its programs, all descriptors are closed and it is unshared: that it is on
        its way again.
        """
        taken = descriptors[live.second]
        if not taken:
            return live, descriptors
        own = descriptors[len(live.maps) :]
        shared = [(place, program) for place, program in zip(live.shares, own, strict=False) if place]
        heads: list[int] = []
        try:
            for (place, program), following in zip(shared, taken, strict=True):
                heads.append(os.dup(self._chains.join(live.probe, place, os.dup(program), os.dup(following))))
        except (OSError, Refused):
            self._chains.leave(live.probe)
            wire.close((*descriptors, *heads))
            self._unshare(live.probe, live.serial)
            return wire.Progress(live.probe, live.serial, "compiling"), ()
        wire.close(taken)
        begin, end = live.second.start, live.second.stop
        return live, (*descriptors[:begin], *heads, *descriptors[end:])

    def leave(self, probe: str) -> None:
        """Nothing of `probe` runs any more; no harm where nothing of it does."""
        self._chains.leave(probe)

    def close(self) -> None:
        """Nothing runs any more."""
        self._chains.close()

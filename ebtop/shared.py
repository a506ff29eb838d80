"""Those of a live probe's programs that share their place with other probes': their costs, and turning them off."""

from __future__ import annotations

import struct

from ebtop import wire
from ebtop.kernel import bpf, chained, stats


class Shared:
    """By the number of the program among the probe's; the descriptors stay the caller's."""

    def __init__(self, live: wire.Live, descriptors: tuple[int, ...]) -> None:
        """OSError or ValueError when the descriptors are not what `live` says."""
        second = live.second
        numbers = [number for number, place in enumerate(live.shares) if place]
        heads = descriptors[second]
        if len(heads) != len(numbers):
            raise ValueError("the loader sent too few descriptors")
        self._heads = dict(zip(numbers, heads, strict=True))
        self._missed = {head: stats.runs(head).missed for head in heads}
        """Runs of the heads that did not happen before this probe came."""
        first = second.start - len(heads)
        self._costs = {
            number: chained.Costs(descriptor)
            for number, descriptor in zip(numbers, descriptors[first : second.start], strict=True)
        }
        self.places = tuple(_number(self._heads[n]) if n in self._heads else 0 for n in range(len(live.programs)))
        """For each program what is the same for all that share one place; 0 where it shares none."""

    def measure(self, on: bool) -> None:
        """Have run counts and times kept from now on, or no longer."""
        for costs in self._costs.values():
            costs.switch(chained.MEASURED if on else chained.ON)

    def runs(self, number: int) -> stats.Runs | None:
        """Runs of that program as it keeps them itself; None for one that shares nothing."""
        if number not in self._costs:
            return None
        kept, head = self._costs[number].runs(), self._heads[number]
        return stats.Runs(kept.count, kept.ns, stats.runs(head).missed - self._missed[head])

    def close(self) -> None:
        """Turn them off: none counts anything any more, wherever it still is."""
        for costs in self._costs.values():
            costs.switch(chained.OFF)
            costs.close()
        self._costs = {}


def _number(program: int) -> int:
    """The kernel's number of the program behind a descriptor (struct bpf_prog_info)."""
    return int(struct.unpack_from("=I", bpf.info(program, 8), 4)[0])

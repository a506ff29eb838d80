"""The loaders at work and the probes that wait for one; knows neither the screen nor what is compiled.

Loaders are forked as long as there are CPUs for them. What one leaves undone of several probes is given to others: each
probe to its own where it is known which of them it is about, else one half and the other. What one leaves undone of a
single probe has failed.
"""

from __future__ import annotations

import itertools
import os
import selectors
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ebtop import wire
from ebtop.warden.flags import Flags
from ebtop.warden.loading import Load, Loading

GRACE_S = 2.0
"""What a loader that was killed is given to be gone."""
TOGETHER = 12
"""Probes that are compiled as one module, at most. It takes 0.4 s and 0.1 s more for each of them: so many keep all
CPUs at work where there are more, and a slow machine far from `loading.LIMIT_S`."""

Forward = Callable[[wire.Progress | wire.Live, tuple[int, ...]], None]
"""forward(message, descriptors): pass an answer on, or drop it; closes the descriptors."""


class Loaders:
    """Forks them, hears them, and sees to it that each probe is answered for."""

    def __init__(
        self,
        load: Load,
        flags: Flags,
        selector: selectors.BaseSelector,
        is_wanted: Callable[[str, int], bool],
        forward: Forward,
    ) -> None:
        """`is_wanted(probe, serial)`: whether that start still is. What the selector says is to be called as data()."""
        self._load = load
        self._flags = flags
        self._selector = selector
        self._is_wanted = is_wanted
        self._forward = forward
        self._queue: deque[dict[str, int]] = deque()
        self._unshared: set[str] = set()
        """Probes that a place, shared with others, did not take."""
        self._loadings: dict[int, Loading] = {}
        """By pid."""
        self._most = max(1, (os.cpu_count() or 1) - 1)
        """Loaders at a time; a screen that is still starting keeps a CPU, as it is what everybody waits for."""

    def start(self, serials: Mapping[str, int]) -> None:
        """Load these probes.

        The first has a loader of its own: there is something to see while the others are compiled, together, as most of
        what compiling takes does not depend on how much there is to compile. Those that are more than `TOGETHER` are
        divided into equal parts.
        """
        self._queue = deque(filter(None, map(self._still_wanted, self._queue)))  # however often others are wanted
        probes = list(serials)
        parts = -(-(len(probes) - 1) // TOGETHER)
        for together in (probes[:1], *divided(probes[1:], parts)):
            if together:
                self._queue.append({probe: serials[probe] for probe in together})
        self._work()

    def screen_is_up(self, serials: Mapping[str, int]) -> None:
        """The screen needs no CPU of its own any more, and these are the serials of what was begun without it."""
        self._most = max(2, os.cpu_count() or 1)  # two at least: one may hang
        for loading in self._loadings.values():
            loading.serials.update({probe: serials[probe] for probe in loading.serials if probe in serials})
        for job in self._queue:
            job.update({probe: serials[probe] for probe in job if probe in serials})
        self._work()

    def unshare(self, probe: str, serial: int) -> None:
        """Load it once more, and from now on so that it shares no place: its way by itself, else the next."""
        self._unshared.add(probe)
        self._queue.append({probe: serial})
        self._work()

    @property
    def deadline_s(self) -> float:
        """When `check` has something to do; infinity: never, as it is now."""
        return min((loading.deadline_s for loading in self._loadings.values()), default=float("inf"))

    def check(self, now: float) -> None:
        """Kill those that have taken too long."""
        for loading in self._loadings.values():
            if now >= loading.deadline_s:
                loading.time_out()
                loading.deadline_s = now + GRACE_S

    def close(self) -> None:
        """Kill all of them."""
        for loading in self._loadings.values():
            loading.child.kill()
            loading.end()

    def _work(self) -> None:
        while self._queue and len(self._loadings) < self._most:
            if serials := self._still_wanted(self._queue.popleft()):
                self._fork(serials)

    def _still_wanted(self, serials: Mapping[str, int]) -> dict[str, int]:
        return {probe: serial for probe, serial in serials.items() if self._is_wanted(probe, serial)}

    def _fork(self, serials: dict[str, int]) -> None:
        for probe, serial in serials.items():
            self._forward(wire.Progress(probe, serial, "compiling"), ())
        loading = Loading(serials, self._load, self._flags.descriptor, frozenset(self._unshared))
        self._loadings[loading.child.pid] = loading
        self._flags.add(loading.child.pid)
        self._selector.register(loading.channel, selectors.EVENT_READ, lambda: self._listen(loading))
        self._selector.register(loading.child.pidfd, selectors.EVENT_READ, lambda: self._finish(loading))
        loading.let_go()

    def _listen(self, loading: Loading) -> bool:
        """Take one message from a loader; False when there is none."""
        if loading.child.pid not in self._loadings:  # ended within the same turn of the loop
            return False
        try:
            received = wire.receive(loading.channel)
        except BlockingIOError:
            return False
        except (ValueError, OSError):  # a loader that talks nonsense counts as dead
            loading.child.kill()
            received = None
        if received is None:
            self._deafen(loading)
            return False
        message, descriptors = received
        if isinstance(message, wire.Progress | wire.Live) and message.probe in loading.serials:
            self._answer(loading, message, descriptors)
        else:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _deafen(self, loading: Loading) -> None:
        if loading.channel in self._selector.get_map():
            self._selector.unregister(loading.channel)

    def _answer(self, loading: Loading, message: wire.Progress | wire.Live, descriptors: tuple[int, ...]) -> None:
        probe = message.probe
        message = replace(message, serial=loading.serials[probe])
        if isinstance(message, wire.Live):
            loading.unanswered.discard(probe)
        elif message.state == "failed":
            if loading.together:  # it gets a loader of its own, whatever went wrong here
                return
            loading.unanswered.discard(probe)
        self._forward(message, descriptors)

    def _finish(self, loading: Loading) -> None:
        """A loader has ended: hear what it said last, and see to what it left undone."""
        self._selector.unregister(loading.child.pidfd)
        while self._listen(loading):
            pass
        self._deafen(loading)
        del self._loadings[loading.child.pid]
        why, log = loading.end(), loading.log()
        self._flags.remove(loading.child.pid)
        undone = [probe for probe in loading.serials if probe in loading.unanswered]
        if loading.together:
            self._try_again(undone, loading)
        else:
            for probe in undone:
                said = wire.Progress(probe, loading.serials[probe], "failed", error=why, log=log[-wire.LOG_LIMIT :])
                self._forward(said, ())
        self._work()

    def _try_again(self, undone: Sequence[str], loading: Loading) -> None:
        """Queue what a loader of several left undone.

        Where it answered for some, it is known which do not work: each gets a loader of its own. Where it answered for
        none, it may be the fault of any: halves find out whose, and the others are soon live. To find out in halves who
        takes for ever would itself take for ever.
        """
        is_unknown = len(undone) == len(loading.serials) and not loading.late
        for part in divided(undone, 2 if is_unknown else len(undone)):
            self._queue.append({probe: loading.serials[probe] for probe in part})


def divided(probes: Sequence[str], parts: int) -> list[Sequence[str]]:
    """`probes` in their order as `parts` pieces of nearly the same length, none of them empty."""
    bounds = [len(probes) * part // parts for part in range(parts + 1)] if parts > 0 else []
    return [probes[begin:end] for begin, end in itertools.pairwise(bounds) if begin < end]

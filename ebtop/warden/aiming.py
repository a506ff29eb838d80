"""The target in force: who of it is counted now, and who will be; knows neither the screen nor what is counted.

A process is counted from when it meets every part of the target. With `children` that lasts until it ends, and whatever
it starts is counted like it; without, until it meets them no more. The kernel passes this on to new processes and new
programs by itself (probe `follow`); what it does not tell of, a change of user or control group, is looked for once a
second, as are new processes where the probe cannot be loaded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from time import monotonic

from ebtop import wire
from ebtop.warden.flags import Flags
from ebtop.warden.following import Following, Rules
from ebtop.warden.matching import Matching, Origin, UnitOf, descendants, origins, resolve

LOOK_S = 1.0
FOLLOWED = "new processes are followed from their first system call on"
_NOBODY = "nobody meets the target now; who comes to do so is counted from then on"


class Aiming:
    """Keeps the bytes of `flags` true to the newest target."""

    def __init__(self, flags: Flags, tell: Callable[[wire.Aimed], None], unit_of: UnitOf) -> None:
        """`tell` is called with what is in force whenever that changes."""
        self._flags = flags
        self._tell = tell
        self._unit_of = unit_of
        self._matching: Matching | None = None
        self._following = Following()
        self._members: dict[int, Origin] = {}
        """Who is counted, where the kernel does not follow."""
        self._since = 0
        self._due_s = float("inf")

    # --- what is asked for --------------------------------------------------------------------------------------------

    def aim(self, aim: wire.Aim) -> Mapping[str, int]:
        """Count only what meets `aim` from now on. What is to be loaded for that, as loaders take it."""
        try:
            matching = resolve(aim, self._unit_of)
        except LookupError as error:
            self._say(str(error))
            return {}
        self._members, self._since = {}, _now_ticks()
        if not aim:
            self.close()
            self._flags.count_all()
            self._say("")
            return {}
        self._matching = matching
        self._following.obey(_rules(matching))
        self._flags.leave_out_all()
        self._flags.leave_out_all()  # a process begun in the midst of it was given its parent's byte of before
        counted = self._look()
        self._look()
        self._plan()
        self._say("" if counted else _NOBODY)
        return self._following.begin()

    @property
    def is_settled(self) -> bool:
        """Whether new processes are followed already, or never will be."""
        return self._following.is_settled

    @property
    def is_followed(self) -> bool:
        """Whether the kernel follows, or soon will."""
        return self._following.is_live or not self._following.is_settled

    def is_wanted(self, serial: int) -> bool:
        """Whether that start of the probe `follow` still is."""
        return self._following.is_wanted(serial)

    def take(self, message: wire.Progress | wire.Live, descriptors: tuple[int, ...]) -> None:
        """What the loader of the probe `follow` says; takes over the descriptors."""
        if not self._following.take(message, descriptors) or self._matching is None:
            return
        self._following.obey(_rules(self._matching))
        if self._following.is_live:
            self._look(unaided=True)  # for the last time: who was begun before the kernel followed
        self._plan()
        why = self._following.failure
        self._say(f"new processes are looked for once a second only: {why}" if why else FOLLOWED)

    def close(self) -> None:
        """Follow nobody any more."""
        self._matching = None
        self._following.close()
        self._due_s = float("inf")

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def deadline_s(self) -> float:
        """When `check` has something to do; infinity: never, as it is now."""
        return self._due_s

    def check(self, now: float) -> None:
        """Look for changes if it is time."""
        if now >= self._due_s:
            self._look()
            self._plan()

    def _plan(self) -> None:
        """The next look, where the kernel alone does not tell everything."""
        aim = self._matching.aim if self._matching else wire.Aim()
        changes = aim.comm or aim.user or aim.unit or not self._following.is_live
        self._due_s = monotonic() + LOOK_S if aim and changes else float("inf")

    def _look(self, unaided: bool = False) -> int:
        """Set the byte of every process there is; how many are counted."""
        matching = self._matching
        if matching is None:
            return 0
        if matching.aim.children and (unaided or not self._following.is_live):
            return self._look_for_children(matching)
        keeps = matching.aim.children
        counted = 0
        for pid in matching.processes():
            now = self._flags.counts(pid)
            meets = (keeps and now) or matching(pid)
            if meets != now and (meets := matching(pid)) != now:  # once more, as exec may have come in between
                self._flags.set(pid, meets)
            counted += meets
        return counted

    def _look_for_children(self, matching: Matching) -> int:
        """The same without the kernel's help: children are known by their parents."""
        roots = {pid for pid in matching.processes() if matching(pid)}
        processes = origins()
        self._members = descendants(processes, self._members, roots, self._since)
        for pid in processes:
            meets = pid in self._members
            if meets != self._flags.counts(pid):
                self._flags.set(pid, meets)
        return len(self._members)

    def _say(self, said: str) -> None:
        aim = self._matching.aim if self._matching else wire.Aim()
        self._tell(wire.Aimed(**asdict(aim), said=said))


def _rules(matching: Matching) -> Rules:
    """What the kernel can decide by itself: it knows name and user of a program, not the list of pids or the unit."""
    aim = matching.aim
    return Rules(
        copies=aim.children or not aim.pids,
        takes=bool(aim.comm) and not aim.pids and not aim.unit,
        drops=bool(aim.comm) and not aim.children,
        comm=matching.comm,
        uid=matching.uid,
    )


def _now_ticks() -> int:
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))

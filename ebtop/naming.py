"""What containers are called: which names are known, which are to be asked for and when; asks nobody itself."""

from __future__ import annotations

from ebtop.cgroups import Belonging
from ebtop.text import clean

EVERY_S = 1.0
"""Between two questions."""
TOGETHER = 64
"""Ids in one question."""
KEPT = 4096
"""Containers remembered, the newest."""


class Naming:
    """Each id is asked for once; what has no name keeps its digits."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        """By id, "" while there is none."""
        self._unasked: dict[str, None] = {}
        """In the order in which they were seen."""
        self._next_s = float("-inf")

    def unit(self, belonging: Belonging) -> str:
        """What to call that: the container's name as far as it is known by now."""
        if not belonging.id:
            return belonging.unit
        if belonging.id not in self._names:
            self._names[belonging.id] = ""
            self._unasked[belonging.id] = None
        return self._names[belonging.id] or belonging.unit

    def question(self, now_s: float) -> tuple[str, ...]:
        """The ids to be asked for at `now_s` (monotonic); none if there are none, or if it is too soon."""
        if not self._unasked or now_s < self._next_s:
            return ()
        self._next_s = now_s + EVERY_S
        asked = tuple(self._unasked)[:TOGETHER]
        for id_ in asked:
            del self._unasked[id_]
        for id_ in tuple(self._names)[: max(0, len(self._names) - KEPT)]:
            del self._names[id_]
        return asked

    def learn(self, ids: tuple[str, ...], names: tuple[str, ...]) -> dict[str, str]:
        """Take an answer; by id, the names that are new."""
        found = {id_: clean(name) for id_, name in zip(ids, names, strict=False) if name and id_ in self._names}
        new = {id_: name for id_, name in found.items() if self._names[id_] != name}
        self._names |= new
        return new

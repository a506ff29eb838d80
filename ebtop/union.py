"""All numbers of a kind among the keys of all probes that run; knows nothing of what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ebtop.spec import Kind


class Numbered(Protocol):
    """What has keys: a probe that runs."""

    def numbers(self, kind: Kind) -> list[frozenset[int]]:
        """The values of all its keys of that kind; the same sets as before while keys are the same."""


class Union:
    """The very same set while those of the probes are."""

    def __init__(self, running: Callable[[], Mapping[str, Numbered]]) -> None:
        self._running = running
        self._known: dict[Kind, tuple[list[frozenset[int]], frozenset[int]]] = {}

    def of(self, kind: Kind) -> frozenset[int]:
        """Those of that kind."""
        parts = [numbers for running in self._running().values() for numbers in running.numbers(kind)]
        before, union = self._known.get(kind, ([], frozenset()))
        if len(before) != len(parts) or any(one is not other for one, other in zip(before, parts, strict=True)):
            union = frozenset[int]().union(*parts)
            self._known[kind] = (parts, union)
        return union

"""A flame graph as boxes: which function stands where, how wide, and what it counted; pure, knows no screen.

Brendan Gregg, "The Flame Graph", Communications of the ACM 59 (6), 2016: a box for each function of each distinct chain
of callers, as wide as what was counted in it and in all that it called; neighbours in the order of their names, so that
a box stays where it is while others grow. The outermost functions are at the top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ebtop.frame import FlameFrame, Numbers

Path = tuple[int, ...]
"""Numbers of a program and of the functions down to one, outermost first; () for everything."""


@dataclass(frozen=True, slots=True)
class Box:
    """One function of one chain of callers."""

    path: Path
    begin: float
    """Where it stands and ends, 0 … 1 of the whole width."""
    end: float
    count: float
    """In the view's unit, since counting began."""
    recent: float
    """The same of the interval."""
    own: float
    """What of `count` was counted in the function itself."""


class Flame:
    """The boxes under one of them, which fills the whole width."""

    def __init__(self, data: FlameFrame, names: Mapping[int, str], zoom: Path = ()) -> None:
        """`names` of the functions. A `zoom` that is not there any more gives way to what is left of it."""
        self._data, self._names = data, names
        self.zoom = self._there(zoom)
        chosen = self._under(self.zoom)
        order = np.lexsort(self._ranks(chosen).T[::-1]) if chosen.size else chosen
        self._rows = chosen[order]
        self._paths = data.paths[self._rows]
        self._ends = np.concatenate([[0.0], np.cumsum(data.counts[self._rows])])
        self._recent = np.concatenate([[0.0], np.cumsum(data.recent[self._rows])])
        self._lengths = (self._paths != 0).sum(axis=1)

    @property
    def whole(self) -> float:
        """What is counted in the box that fills the width."""
        return float(self._ends[-1])

    @property
    def everything(self) -> float:
        """What is counted in all."""
        return float(self._data.counts.sum())

    @property
    def deepest(self) -> int:
        """Functions of the longest chain, the program included."""
        return int(self._lengths.max(initial=0))

    def _there(self, path: Path) -> Path:
        """As much of the beginning of `path` as there is."""
        while path and not self._under(path).size:
            path = path[:-1]
        return path

    def _under(self, path: Path) -> npt.NDArray[np.intp]:
        """Places of the chains that begin so and of which something is counted."""
        found = self._data.counts > 0
        for place, number in enumerate(path):
            found = found & (self._data.paths[:, place] == number if place < self._data.paths.shape[1] else False)
        return np.flatnonzero(found)

    def _ranks(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The paths of `chosen`, each number replaced by its place in the order of names, 0 for none."""
        paths = self._data.paths[chosen]
        numbers = np.unique(paths)
        names = [self._names.get(number, "") if number else "" for number in numbers.tolist()]
        order = sorted(range(len(names)), key=lambda at: (bool(numbers[at]), names[at], at))
        rank = np.empty(len(names), np.intp)
        rank[order] = np.arange(len(names))
        return rank[np.searchsorted(numbers, paths)]

    def level(self, depth: int, least: float = 0.0) -> tuple[list[Box], int]:
        """The boxes `depth` functions deep, from left to right, and how many are narrower than `least` (0 … 1)."""
        if not self.whole:
            return [], 0
        begins = np.flatnonzero(self._begins(depth))
        ends = np.append(begins[1:], len(self._rows))
        real = self._lengths[begins] >= depth
        begins, ends = begins[real], ends[real]
        wide = (self._ends[ends] - self._ends[begins]) / self.whole >= least
        return [self._box(depth, *span) for span in zip(begins[wide].tolist(), ends[wide].tolist(), strict=True)], int(
            (~wide).sum()
        )

    def _begins(self, depth: int) -> npt.NDArray[np.bool_]:
        """Which rows differ from the one before in their first `depth` functions."""
        first = np.zeros(len(self._rows), np.bool_)
        first[:1] = True
        part = self._paths[:, :depth]
        first[1:] = (part[1:] != part[:-1]).any(axis=1)
        return first

    def _box(self, depth: int, begin: int, end: int) -> Box:
        own = self._lengths[begin:end] == depth
        counts = np.diff(self._ends[begin : end + 1])
        return Box(
            tuple(self._paths[begin, :depth].tolist()),
            float(self._ends[begin]) / self.whole,
            float(self._ends[end]) / self.whole,
            float(self._ends[end] - self._ends[begin]),
            float(self._recent[end] - self._recent[begin]),
            float(counts[own].sum()),
        )

    def box(self, path: Path) -> Box:
        """The box of `path`, or of as much of its beginning as there is under what fills the width."""
        if path[: len(self.zoom)] != self.zoom:
            path = self.zoom
        while len(path) > len(self.zoom):
            same = (self._paths[:, : len(path)] == np.array(path, np.uint32)[: self._paths.shape[1]]).all(axis=1)
            found = np.flatnonzero(same)
            if found.size:
                return self._box(len(path), int(found[0]), int(found[-1]) + 1)
            path = path[:-1]
        return self._box(len(self.zoom), 0, len(self._rows)) if self.whole else Box(self.zoom, 0, 1, 0, 0, 0)


def folded(data: FlameFrame, names: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    """Each chain of which something is counted as program;main;read, and its count, rounded; in the order of texts."""
    counts: Numbers = data.counts
    found: dict[str, float] = {}
    for path, count in zip(data.paths.tolist(), counts.tolist(), strict=True):
        if count > 0:
            text = ";".join(names.get(number, str(number)).replace(";", ":") for number in path if number)
            found[text] = found.get(text, 0.0) + count
    yield from ((text, round(found[text])) for text in sorted(found))

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


@dataclass(frozen=True, slots=True)
class Chains:
    """Chains of callers in the order in which they stand side by side."""

    paths: npt.NDArray[np.uint32]
    """(n, k) as FlameFrame.paths."""
    counts: Numbers
    recent: Numbers
    lengths: npt.NDArray[np.intp]
    """(n,) functions of each."""
    shared: npt.NDArray[np.intp]
    """(n,) how many of its outermost functions each has in common with the one before."""

    def part(self, span: slice) -> Chains:
        """Those of `span`."""
        return Chains(self.paths[span], self.counts[span], self.recent[span], self.lengths[span], self.shared[span])


def ordered(data: FlameFrame, names: Mapping[int, str]) -> Chains:
    """The chains of `data` of which something is counted; `names` of the functions."""
    chosen = np.flatnonzero(data.counts > 0)
    paths = data.paths[chosen]
    order = np.lexsort(_ranks(paths, names).T[::-1]) if chosen.size else chosen
    paths, rows = paths[order], chosen[order]
    return Chains(paths, data.counts[rows], data.recent[rows], (paths != 0).sum(axis=1), _shared(paths))


class Flame:
    """The boxes under one of them, which fills the whole width."""

    def __init__(self, chains: Chains, zoom: Path = ()) -> None:
        """Of `chains` those that begin with `zoom`; one that is not there gives way to what is left of it."""
        self.zoom, span = _find(chains, zoom)
        self.everything = float(chains.counts.sum())
        """What is counted in all."""
        self._chains = chains.part(span)
        self._ends = np.concatenate([[0.0], np.cumsum(self._chains.counts)])
        self._recent = np.concatenate([[0.0], np.cumsum(self._chains.recent)])

    @property
    def whole(self) -> float:
        """What is counted in the box that fills the width."""
        return float(self._ends[-1])

    @property
    def deepest(self) -> int:
        """Functions of the longest chain, the program included."""
        return int(self._chains.lengths.max(initial=0))

    def level(self, depth: int, least: float = 0.0) -> tuple[list[Box], int]:
        """The boxes `depth` functions deep, from left to right, and how many are narrower than `least` (0 … 1)."""
        if not self.whole:
            return [], 0
        begins = np.flatnonzero(np.append(True, self._chains.shared[1:] < depth))
        ends = np.append(begins[1:], len(self._chains.paths))
        real = self._chains.lengths[begins] >= depth
        begins, ends = begins[real], ends[real]
        wide = (self._ends[ends] - self._ends[begins]) / self.whole >= least
        return [self._box(depth, *span) for span in zip(begins[wide].tolist(), ends[wide].tolist(), strict=True)], int(
            (~wide).sum()
        )

    def widest_under(self, path: Path, least: float = 0.0) -> Box | None:
        """The widest function that the box `path` calls; None where none is as wide as `least` (0 … 1)."""
        called = [box for box in self.level(len(path) + 1, least)[0] if box.path[:-1] == path]
        return max(called, key=lambda box: box.count, default=None)

    def _box(self, depth: int, begin: int, end: int) -> Box:
        own = self._chains.lengths[begin:end] == depth
        return Box(
            tuple(self._chains.paths[begin, :depth].tolist()),
            float(self._ends[begin]) / self.whole,
            float(self._ends[end]) / self.whole,
            float(self._ends[end] - self._ends[begin]),
            float(self._recent[end] - self._recent[begin]),
            float(self._chains.counts[begin:end][own].sum()),
        )

    def box(self, path: Path) -> Box:
        """The box of `path`, or of as much of its beginning as there is under what fills the width."""
        if not self.whole:
            return Box(self.zoom, 0, 1, 0, 0, 0)
        path, span = _find(self._chains, path if path[: len(self.zoom)] == self.zoom else self.zoom)
        return self._box(len(path), span.start, span.stop)


def _find(chains: Chains, path: Path) -> tuple[Path, slice]:
    """As much of the beginning of `path` as there is, and the chains that begin so: they stand together."""
    paths, begin, end = chains.paths, 0, len(chains.paths)
    for place, number in enumerate(path[: paths.shape[1]]):
        found = np.flatnonzero(paths[begin:end, place] == number)
        if not found.size:
            return path[:place], slice(begin, end)
        begin, end = begin + int(found[0]), begin + int(found[-1]) + 1
    return path[: paths.shape[1]], slice(begin, end)


def _ranks(paths: npt.NDArray[np.uint32], names: Mapping[int, str]) -> npt.NDArray[np.intp]:
    """`paths`, each number replaced by its place in the order of names, 0 for none."""
    numbers, places = np.unique(paths, return_inverse=True)
    texts = [names.get(number, "") if number else "" for number in numbers.tolist()]
    order = sorted(range(len(texts)), key=lambda at: (bool(numbers[at]), texts[at], at))
    rank = np.empty(len(texts), np.intp)
    rank[order] = np.arange(len(texts))
    return rank[places].reshape(paths.shape)


def _shared(paths: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """How many of its outermost functions each path has in common with the one before."""
    shared = np.zeros(len(paths), np.intp)
    other = paths[1:] != paths[:-1]
    shared[1:] = np.where(other.any(axis=1), other.argmax(axis=1), paths.shape[1])
    return shared


def folded(data: FlameFrame, names: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    """Each chain of which something is counted as program;main;read, and its count, rounded; in the order of texts."""
    counts: Numbers = data.counts
    found: dict[str, float] = {}
    for path, count in zip(data.paths.tolist(), counts.tolist(), strict=True):
        if count > 0:
            text = ";".join(names.get(number, str(number)).replace(";", ":") for number in path if number)
            found[text] = found.get(text, 0.0) + count
    yield from ((text, round(found[text])) for text in sorted(found))

"""One measured figure and its verdict, as a row of a Markdown table; measures nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured for ebtop and for one rival, in one run."""

    what: str
    ours: float
    unit: str
    rival: str
    theirs: float
    """NaN: the rival is not installed here."""
    at_most: float | None
    """Bound of ours / theirs; None: only told for orientation."""
    faster: bool = False
    """The bound is on theirs / ours instead, and a lower one: at least `at_most` times faster."""

    @property
    def ratio(self) -> float:
        """What the bound is on."""
        above, below = (self.theirs, self.ours) if self.faster else (self.ours, self.theirs)
        return above / below if below else math.nan

    @property
    def reached(self) -> bool:
        """Whether the bound is kept, if there is one."""
        if self.at_most is None:
            return True
        return self.ratio >= self.at_most if self.faster else self.ratio <= self.at_most


HEAD = "| figure | ebtop | rival | | ratio | to reach | |\n|---|---:|---|---:|---:|---:|---|"


def row(figure: Figure) -> str:
    """The Markdown row of `figure`."""
    ours = f"{number(figure.ours)} {figure.unit}"
    bound = "" if figure.at_most is None else f"{'≥' if figure.faster else '≤'} {figure.at_most:g}"
    if math.isnan(figure.theirs):
        return f"| {figure.what} | {ours} | {figure.rival} | not installed | | {bound} | not compared |"
    verdict = "" if figure.at_most is None else "reached" if figure.reached else "**missed**"
    theirs = f"{number(figure.theirs)} {figure.unit}"
    return f"| {figure.what} | {ours} | {figure.rival} | {theirs} | {figure.ratio:.2f} | {bound} | {verdict} |"


def number(value: float) -> str:
    """Three significant digits, thousands divided."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"

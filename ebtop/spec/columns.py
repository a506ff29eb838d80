"""The numbers of a table, and how each follows from cumulative values; computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ebtop.units import Unit


class Measure(Enum):
    """How a column follows from the cumulative values of two samples."""

    RATE = "rate"
    """Difference divided by the seconds between."""
    TOTAL = "total"
    """The cumulative value since the probe started."""
    MEAN = "mean"
    """Difference of `field` divided by difference of `per`; since the start where nothing happened in between."""
    MAX = "max"
    """Largest value seen since the probe started (C members named `max_…`); none where `per` is 0."""
    GAUGE = "gauge"
    """The value as it is now; the largest, where rows are grouped."""
    PART = "part"
    """Difference of `field` as a percentage of the difference of `per`; since the start where that is 0."""
    SHARE = "share"
    """Nanoseconds per second of one CPU, as a percentage."""
    CHANGE = "change"
    """The column `field` less what it was; only where a table is compared with an earlier one."""
    RATIO = "ratio"
    """The column `field` divided by what it was; likewise."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a table. `name` is what JSON, sort keys and Prometheus call it."""

    name: str
    measure: Measure
    field: str
    unit: Unit = Unit.COUNT
    per: str = ""
    title: str = ""
    help: str = ""
    importance: int = 0


def rate(field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` per second; named FIELD_per_second."""
    return Column(f"{field}_per_second", Measure.RATE, field, unit, "", title or f"{field}/s", help, importance)


def total(field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 5) -> Column:
    """`field` since the probe started; named FIELD_total."""
    return Column(f"{field}_total", Measure.TOTAL, field, unit, "", title or f"{field}", help, importance)


def mean(field: str, per: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` divided by `per`, both over the interval; named mean_FIELD."""
    return Column(f"mean_{field}", Measure.MEAN, field, unit, per, title or "mean", help, importance)


def largest(
    field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 3, per: str = ""
) -> Column:
    """The largest `field` since the start (`max_…` in C, combined by maximum); named FIELD.

    `per` counts how often it was measured, where that is not at every event; without any there is no number.
    """
    return Column(field, Measure.MAX, field, unit, per, title or "max", help, importance)


def gauge(field: str, unit: Unit = Unit.PLAIN, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` as it is now; named FIELD."""
    return Column(field, Measure.GAUGE, field, unit, "", title or field, help, importance)


def share(field: str, title: str = "", help: str = "", importance: int = 0) -> Column:
    """Nanoseconds of `field` per second of one CPU, in percent; named FIELD_percent."""
    return Column(f"{field}_percent", Measure.SHARE, field, Unit.PERCENT, "", title or "cpu %", help, importance)


def part(field: str, of: str, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` as a percentage of `of`, both over the interval; named FIELD_part_percent."""
    return Column(
        f"{field}_part_percent", Measure.PART, field, Unit.PERCENT, of, title or f"{field} %", help, importance
    )

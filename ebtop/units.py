"""Numbers become text here and nowhere else; knows nothing of probes, maps or screens."""

from __future__ import annotations

import math
import signal
from enum import Enum


class Unit(Enum):
    """What a number counts; decides prefix, step and suffix of its text."""

    COUNT = "count"
    BYTES = "bytes"
    NS = "ns"
    PERCENT = "percent"
    PLAIN = "plain"
    """A number without prefix, e.g. a backlog or an identifier."""


_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_TIME = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))


def text(value: float, unit: Unit = Unit.COUNT) -> str:
    """`value` in three or four significant digits with its unit: "31.2 k", "301 MB", "2.1 µs", "0.7 %".

    NaN, "not measured", is "-". Prefixes are decimal (SI); nanoseconds step through ns, µs, ms, s, min, h, d.
    """
    if math.isnan(value):
        return "-"
    if unit is Unit.NS:
        return _time(value)
    if unit is Unit.PERCENT:
        return f"{_digits(value)} %"
    if unit is Unit.PLAIN:
        return f"{value:.0f}"
    number, prefix = _scaled(value)
    suffix = prefix + ("B" if unit is Unit.BYTES else "")
    return f"{number} {suffix}" if suffix else number


def rate(value: float, unit: Unit = Unit.COUNT) -> str:
    """`value` per second: "48.2 k/s", "312 MB/s", "41 /s"."""
    if math.isnan(value):
        return "-"
    shown = text(value, unit)
    return f"{shown}/s" if shown[-1].isalpha() else f"{shown} /s"


def ending(status: int) -> str:
    """How a process ended: "ended with status 3"; for minus a signal, "was killed by SIGTERM"."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-status}"


def exact(value: int) -> str:
    """All digits, grouped in thousands: 1,204,331."""
    return f"{value:,}"


def _digits(value: float) -> str:
    size = abs(value)
    if size == 0 or size >= 99.95:
        return f"{value:.0f}"
    if size >= 0.95:
        return f"{value:.1f}"
    return f"{value:.2g}" if size >= 0.01 else "<0.01"


def _scaled(value: float) -> tuple[str, str]:
    size, step = abs(value), 0
    while size >= 999.5 and step < len(_DECIMAL) - 1:
        size /= 1000
        step += 1
    scaled = math.copysign(size, value)
    if step == 0:
        return (f"{scaled:.0f}" if size >= 9.95 or size == int(size) else _digits(scaled)), ""
    return (f"{scaled:.1f}" if size < 99.95 else f"{scaled:.0f}"), _DECIMAL[step]


def _time(ns: float) -> str:
    size = abs(ns)
    if size >= 60e9:
        return _long_time(ns / 1e9)
    for step, suffix in _TIME:
        if size >= step * 0.9995 or suffix == "ns":
            number = ns / step
            if suffix == "ns":
                return f"{number:.0f} ns" if size >= 9.95 or size == int(size) else f"{_digits(number)} ns"
            return f"{number:.0f} {suffix}" if abs(number) >= 99.95 else f"{number:.1f} {suffix}"
    raise AssertionError("the last step takes every value")


def _long_time(seconds: float) -> str:
    for step, suffix in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= step:
            return f"{seconds / step:.1f} {suffix}"
    raise AssertionError("only called for a minute or more")

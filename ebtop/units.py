"""Numbers become text here and nowhere else; knows nothing of probes, maps or screens."""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from enum import Enum


class Unit(Enum):
    """What a number counts; decides prefix, step and suffix of its text."""

    COUNT = "count"
    BYTES = "bytes"
    NS = "ns"
    PERCENT = "percent"
    PLAIN = "plain"
    """A number without prefix, e.g. a backlog or an identifier."""
    RATIO = "ratio"
    """How many times what it was; infinity where it was nothing."""

    __hash__ = object.__hash__  # each is there once; Enum's own is Python, and asked for at every number


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers of bytes are written."""

    name: str
    does: str
    """Words for people."""
    step: int
    """From one prefix to the next."""
    prefixes: tuple[str, ...]
    suffix: str
    factor: int
    """Of `suffix` in one byte."""
    number_width: int
    """Cells of the longest text: "99.9 kB", "1023 KiB", "99.9 kbit"."""


SIGNALS = tuple((int(number), number.name) for number in signal.Signals)
"""Number and name of each signal that has a name (signal(7))."""
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_TIME = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
STYLES = (
    Style("si", "bytes in steps of 1000", 1000, _DECIMAL, "B", 1, 7),
    Style("binary", "bytes in steps of 1024", 1024, _BINARY, "B", 1, 8),
    Style("bits", "bits in steps of 1000", 1000, _DECIMAL, "bit", 8, 9),
)
"""The usual one first."""
_WIDTH = {Unit.COUNT: 6, Unit.NS: 7, Unit.PERCENT: 7, Unit.PLAIN: 7, Unit.RATIO: 6}
_style = STYLES[0]


def style() -> Style:
    """The style in use: the one choice of this module, made by the dashboard and by nothing else."""
    return _style


def use(name: str) -> None:
    """Write bytes in the style of that name from now on; what was made before has to be made anew by who keeps it."""
    global _style  # noqa: PLW0603  # one screen, one style: the alternative is an argument through every function
    _style = next(style for style in STYLES if style.name == name)


def number_width(unit: Unit) -> int:
    """Cells that the text of a number of `unit` needs at most, suffix and all."""
    return _style.number_width if unit is Unit.BYTES else _WIDTH[unit]


def suffix_width(unit: Unit) -> int:
    """Cells of the longest usual suffix."""
    if unit is Unit.PERCENT:
        return 1
    return number_width(unit) - 5 if unit not in (Unit.PLAIN, Unit.RATIO) else 0


def text(value: float, unit: Unit = Unit.COUNT) -> str:
    """`value` in three or four significant digits with its unit: "31.2 k", "301 MB", "2.1 µs", "0.7 %".

    NaN, "not measured", is "-". Prefixes are decimal (SI), of bytes those of the style in use; nanoseconds step through
    ns, µs, ms, s, min, h, d. Ratios are "1.38x", that to nothing is "new".
    """
    if math.isnan(value):
        return "-"
    if unit is Unit.NS:
        return _time(value)
    if unit is Unit.PERCENT:
        return f"{_digits(value)} %"
    if unit is Unit.RATIO:
        return _ratio(value)
    if unit is Unit.PLAIN:
        return f"{value:.0f}"
    if unit is Unit.BYTES:
        number, prefix = _scaled(value * _style.factor, _style.step, _style.prefixes)
        return f"{number} {prefix}{_style.suffix}"
    number, prefix = _scaled(value, 1000, _DECIMAL)
    return f"{number} {prefix}" if prefix else number


def rate(value: float, unit: Unit = Unit.COUNT) -> str:
    """`value` per second: "48.2 k/s", "312 MB/s", "41 /s"."""
    if math.isnan(value):
        return "-"
    shown = text(value, unit)
    return f"{shown}/s" if shown[-1].isalpha() else f"{shown} /s"


def hundredths(percent: float) -> str:
    """A small share of a CPU without its sign, "1.20"; where it is more than nothing, it is not "0.00"."""
    return "<0.01" if 0 < percent < 0.005 else f"{percent:.2f}"


def age(seconds: float) -> str:
    """A time that has passed: "13s", "2m13s", "1h02m", "3d04h"."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02d}h"
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


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


def _ratio(value: float) -> str:
    if math.isinf(value):
        return "new"
    if value >= 9999.5:
        return ">9999x"
    return f"{value:.2f}x" if value < 9.995 else f"{value:.1f}x" if value < 99.95 else f"{value:.0f}x"


def _digits(value: float) -> str:
    size = abs(value)
    if size == 0 or size >= 99.95:
        return f"{value:.0f}"
    if size >= 0.95:
        return f"{value:.1f}"
    return f"{value:.2g}" if size >= 0.01 else "<0.01"


def _scaled(value: float, by: int, prefixes: tuple[str, ...]) -> tuple[str, str]:
    size, step = abs(value), 0
    while size >= by - 0.5 and step < len(prefixes) - 1:
        size /= by
        step += 1
    scaled = math.copysign(size, value)
    if step == 0:
        return (f"{scaled:.0f}" if size >= 9.95 or size == int(size) else _digits(scaled)), ""
    return (f"{scaled:.1f}" if size < 99.95 else f"{scaled:.0f}"), prefixes[step]


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

"""Colour arithmetic: mixing, lightness, contrast; knows neither themes nor terminals. Colours are "#rrggbb"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Rgb = tuple[float, float, float]
"""Red, green, blue from 0 to 1, as the sRGB standard encodes them."""
_STEPS = 24


def rgb(colour: str) -> Rgb:
    """The parts of "#rrggbb"."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def hexed(parts: Rgb) -> str:
    """And back."""
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in parts)


def blend(one: str, other: str, share: float) -> str:
    """`one` with `share` (0…1) of `other`."""
    mixed = [a + (b - a) * share for a, b in zip(rgb(one), rgb(other), strict=True)]
    return hexed((mixed[0], mixed[1], mixed[2]))


def luminance(colour: str) -> float:
    """Relative luminance, 0…1 (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(part) for part in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def lightness(colour: str) -> float:
    """L* of CIELAB, 0…100: equal steps look equal."""
    light = luminance(colour)
    return 903.2963 * light if light <= 0.008856 else float(116 * light ** (1 / 3) - 16)


def contrast(one: str, other: str) -> float:
    """From 1 to 21 (WCAG 2.2, "contrast ratio")."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, grounds: Sequence[str], least: float) -> str:
    """`colour`, mixed with as much white or black as brings it to contrast `least` on each of `grounds`.

    Towards whichever of the two stands out more; where no mixture reaches it, that one itself.
    """
    pole = max(("#ffffff", "#000000"), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(_STEPS):
        mixed = blend(colour, pole, step / _STEPS)
        if all(contrast(mixed, ground) >= least for ground in grounds):
            return mixed
    return pole


def at_lightness(stops: Sequence[str], wanted: float) -> str:
    """The colour of lightness `wanted` on the way along `stops`, whose lightness rises; an end where it is beyond."""
    for one, other in pairwise(stops):
        if wanted <= lightness(other):
            return _between(one, other, wanted)
    return stops[-1]


def _between(one: str, other: str, wanted: float) -> str:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if lightness(blend(one, other, middle)) < wanted:
            low = middle
        else:
            high = middle
    return blend(one, other, high)

"""Which digit toggles which probe, and the order that follows from it; knows neither keys nor widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ebtop.registry import Declared
from ebtop.spec import Probe

DIGITS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)
"""As they lie on the keyboard; 0 is the tenth."""


def declared(probes: Mapping[str, Probe]) -> dict[int, str]:
    """Probe by digit, as the probes declare it."""
    return {probe.slot % 10: name for name, probe in probes.items() if 1 <= probe.slot <= len(DIGITS)}


def assigned(slots: Mapping[int, str], digit: int, name: str) -> dict[int, str]:
    """`slots` with `name` at `digit` and nowhere else; whoever had it has none."""
    kept = {place: other for place, other in slots.items() if place != digit and other != name}
    return {**kept, digit: name}


def key_of(slots: Mapping[int, str], name: str) -> str:
    """The digit that toggles probe `name`, "" for none."""
    return next((str(digit) for digit, other in slots.items() if other == name), "")


def in_order(probes: Iterable[str], slots: Mapping[int, str]) -> Declared:
    """`probes` in the order of their slots; those without one last, as they were."""
    place = {slots[digit]: rank for rank, digit in enumerate(DIGITS) if digit in slots}
    return Declared(sorted(probes, key=lambda name: place.get(name, len(DIGITS))))

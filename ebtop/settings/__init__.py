"""What a user can set, as frozen data; knows neither files nor how anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ebtop import registry
from ebtop.brake import BOUND_PERCENT

UNITS = ("si", "binary", "bits")
OWN_THEMES = ("ebtop", "ebtop-light")
THEMES = (
    *OWN_THEMES,
    *("atom-one-dark", "atom-one-light", "catppuccin-frappe", "catppuccin-latte", "catppuccin-macchiato"),
    *("catppuccin-mocha", "dracula", "flexoki", "gruvbox", "monokai", "nord", "rose-pine", "rose-pine-dawn"),
    *("rose-pine-moon", "solarized-dark", "solarized-light", "textual-dark", "textual-light", "tokyo-night"),
)
"""By name only: the process that reads settings does not import Textual."""
RAMPS = ("cividis", "viridis", "grey")
ASCII = ("auto", "always", "never")


class SettingError(ValueError):
    """A setting that cannot be: one line that says where, what and the remedy."""


def default_probes() -> tuple[str, ...]:
    """Names of the probes that run when nothing was chosen."""
    return tuple(probe.name for probe in registry.first().values() if probe.default)


def default_slots() -> dict[int, str]:
    """The probe that each digit switches."""
    return {probe.slot: probe.name for probe in registry.first().values() if probe.slot}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, in force or as it is without being set."""

    probes: tuple[str, ...] = field(default_factory=default_probes)
    """Wanted from the start."""
    probe_path: tuple[str, ...] = ()
    """Folders with probes that are not built in."""
    slots: Mapping[int, str] = field(default_factory=default_slots)
    """Probe by digit; digits that switch nothing are not in it."""
    interval_s: float = 1.0
    max_overhead_percent: float = BOUND_PERCENT
    """Of one CPU, for all probes together; 0 is no bound."""
    xdp_interfaces: tuple[str, ...] = ()
    """Network interfaces that the probe xdp watches; none: those that are up and have hardware."""
    history_seconds: float = 600.0
    history_mb: float = 16.0
    """Millions of bytes that the past may take."""
    units: str = "si"
    """One of UNITS."""
    theme: str = "ebtop"
    """One of THEMES."""
    ramp: str = "cividis"
    """One of RAMPS."""
    ascii: str = "auto"
    """One of ASCII; auto: where the terminal cannot show anything else."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys, as people write them, of the actions whose keys are not the usual ones."""

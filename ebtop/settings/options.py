"""The keys of a settings file, each declared once: meaning, how it is read, how it is written; opens no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ebtop.settings import ASCII, RAMPS, THEMES, UNITS, values


def _number(value: float) -> str:
    return f"{value:g}"


def quoted(value: str) -> str:
    """A string of TOML."""
    import json

    return json.dumps(value, ensure_ascii=False)


def listed(value: tuple[str, ...]) -> str:
    """An array of strings of TOML."""
    return f"[{', '.join(map(quoted, value))}]"


@dataclass(frozen=True, slots=True)
class Option:
    """One key."""

    name: str
    taken: Callable[[object], Any]
    """From the value in a file to that in Settings; ValueError."""
    written: Callable[[Any], str]
    """And back, as TOML."""
    help: tuple[str, ...]
    """Lines of a comment."""
    field: str = ""
    """In Settings, where that is named with its unit."""

    @property
    def target(self) -> str:
        """The field of Settings."""
        return self.field or self.name


def _ascii(said: object) -> str:
    if isinstance(said, bool):
        return "always" if said else "never"
    return values.one_of(said, ASCII)


def _rows(names: tuple[str, ...], each: int) -> tuple[str, ...]:
    return tuple("  " + ", ".join(names[first : first + each]) for first in range(0, len(names), each))


OPTIONS = (
    Option(
        "probes",
        values.probe_names,
        listed,
        ('Probes that run from the start, groups of probes, or "all"; `ebtop probes` lists them.',),
    ),
    Option(
        "probe_path",
        values.folders,
        listed,
        ("Folders with probes of your own, NAME.py and NAME.c; `ebtop new-probe NAME` writes one to begin with.",),
    ),
    Option("interval", values.interval, _number, ('Seconds between two looks, 0.1 to 60, or "500ms".',), "interval_s"),
    Option(
        "max_overhead",
        values.overhead,
        _number,
        ("What ebtop itself may cost, kernel and user together, in percent of one CPU; 0 is no bound.",),
        "max_overhead_percent",
    ),
    Option(
        "xdp_interfaces",
        values.interfaces,
        listed,
        ("Network interfaces for the probe xdp; none named: those that are up and have hardware.",),
    ),
    Option("history_seconds", values.history, _number, ('How far back one can go, 10 to 86400, or "10m".',)),
    Option("history_mb", values.megabytes, _number, ("Memory that the past may take, in millions of bytes.",)),
    Option(
        "units",
        partial(values.one_of, choices=UNITS),
        quoted,
        ('"si": 4.1 kB, "binary": 4.0 KiB, "bits": 32.8 kbit; the key u goes through them.',),
    ),
    Option(
        "theme",
        partial(values.one_of, choices=THEMES),
        quoted,
        ("Colours, on terminals with more than 16:", *_rows(THEMES, 7)),
    ),
    Option(
        "ramp",
        partial(values.one_of, choices=RAMPS),
        quoted,
        (f"Colours of heatmaps, all of rising lightness: {', '.join(RAMPS)}.",),
    ),
    Option(
        "ascii",
        _ascii,
        quoted,
        (
            'true or "always": nothing but ASCII on the screen; "auto": where locale or terminal cannot show more',
            "(no UTF-8, the Linux console, VT terminals); false.",
        ),
    ),
    Option("slots", values.slots, quoted, ("The probe that each digit switches; a probe has one digit at most.",)),
    Option(
        "keys",
        values.keys,
        listed,
        ('Keys of an action, instead of its usual ones: one ("x") or several (["x", "F5", "Ctrl-A"]).',),
    ),
)
TABLES = frozenset({"slots", "keys"})
BY_NAME = {option.name: option for option in OPTIONS}

"""The vocabulary a probe is declared in: frozen data only; knows nothing of kernels, numbers read or screens.

A probe is one C file and one `Probe`. Names of maps and fields are those of the C file; sizes, offsets and padding
come from the compiler. All file-scope names in `probes/NAME.c` begin with `NAME_`, so that probes can be compiled
together in one module.
"""

from __future__ import annotations

from ebtop.spec.columns import Column, Measure, gauge, largest, mean, part, rate, share, total
from ebtop.spec.hooks import Hook, Way
from ebtop.spec.keys import Key, Kind, enum_label
from ebtop.spec.probe import GROUPS, OWN, Probe, group_rank
from ebtop.spec.views import ALL, SELF, STACK, Events, Flame, Histogram, Table, View, keys_in, keys_of, stacks_of

__all__ = (
    "ALL",
    "GROUPS",
    "OWN",
    "SELF",
    "STACK",
    "Column",
    "Events",
    "Flame",
    "Histogram",
    "Hook",
    "Key",
    "Kind",
    "Measure",
    "Probe",
    "Table",
    "View",
    "Way",
    "enum_label",
    "gauge",
    "group_rank",
    "keys_in",
    "keys_of",
    "largest",
    "mean",
    "part",
    "rate",
    "share",
    "stacks_of",
    "total",
)

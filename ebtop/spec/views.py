"""What is shown of the maps of a probe: tables, histograms, events and flame graphs; draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ebtop.spec.columns import Column, Measure
from ebtop.spec.keys import Key
from ebtop.units import Unit

SELF, ALL = "self_", "all_"
"""What a function's members begin with: counted in the function itself, and also in what it called."""
STACK = "stack"
"""The key of whole stacks."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one hash map, one per key; keys that are not named here are summed over.

    Value members of a per-CPU map are summed, those named `max_…` combined by maximum, char arrays by the first that
    is not empty. A value member `comm` (char[16]) names the process of a row whose process is gone.
    """

    name: str
    title: str
    map: str
    keys: tuple[Key, ...]
    columns: tuple[Column, ...]
    sort: str
    """Name of the column that orders the rows, largest first."""
    stacks: str = ""
    """Of a map that counts by stack: its stack-trace map. Rows are functions (keys "function" and "module"; of each
    value member there are `self_…`, what was counted in the function itself, and `all_…`, also in what it called), or
    whole stacks (key "stack"; members as in C). The map's key is pid, kernel and user: ids of stacks, -1 for none."""
    opens: str = ""
    """The key of what a row opens a page of, the id of a BPF program; "": the row's process is opened."""

    @property
    def counter(self) -> str:
        """The value member that counts events: that of the first rate that is a plain count, "" where there is none."""
        counts = (column for column in self.columns if column.measure is Measure.RATE and column.unit is Unit.COUNT)
        return next((column.field for column in counts), "")


@dataclass(frozen=True, slots=True)
class Histogram:
    """A log2 histogram for each key, from a map whose value holds `struct ebtop_histogram` members.

    Bucket 0 counts 0 and 1; bucket b counts 2**b up to but not including 2**(b+1); the last also all above.
    The value also holds `sum` and `max_value`. `by` names the key; for an array map its field is "index".
    """

    name: str
    title: str
    map: str
    unit: Unit
    by: tuple[Key, ...] = ()
    worst: str = ""
    """The map that keeps the worst example of each bucket and interval, over all keys, "" for none; see struct
    ebtop_worst. A member `comm` (char[16]) of its records names the process."""
    worst_keys: tuple[Key, ...] = ()
    """What the example's record says beside its value: process, and file, peer or device."""
    edges: tuple[int, ...] = ()
    """What divides the buckets where they are not log2: bucket 0 is below the first edge, bucket b reaches from
    edges[b - 1] up to but not including edges[b], bucket len(edges) is all above; those after it stay empty."""


@dataclass(frozen=True, slots=True)
class Events:
    """The last events of a ring buffer of fixed-size records, newest last."""

    name: str
    title: str
    map: str
    """The ring buffer."""
    record: str
    """A one-element array map of the record's struct: the compiler's layout of it."""
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Flame:
    """The stacks of a map that counts by stack, as a flame graph."""

    name: str
    title: str
    map: str
    stacks: str
    """Its stack-trace map; as of a Table."""
    field: str
    """The value member that makes a frame wide."""
    unit: Unit


View = Table | Histogram | Events | Flame


def keys_of(view: View) -> tuple[Key, ...]:
    """Every key that a view shows, those of worst examples too."""
    if isinstance(view, Histogram):
        return (*view.by, *view.worst_keys)
    return () if isinstance(view, Flame) else view.keys


def keys_in(view: View) -> tuple[Key, ...]:
    """The keys of a view that are members of its map's key, or of its events' records."""
    if isinstance(view, Histogram):
        return view.by
    return () if stacks_of(view) else keys_of(view)


def stacks_of(view: View) -> str:
    """The stack-trace map of a view of stacks, "" of any other."""
    return view.stacks if isinstance(view, Table | Flame) else ""

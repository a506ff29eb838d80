"""What every reader looks at: rates, tables and histograms of one interval; knows nothing of how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop.sample import ProbeSample, Records, Sample
from ebtop.spec import Events, Flame, Histogram, Key, Probe, Table

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class TableFrame:
    """One table, unsorted: sorting, filtering and cutting are the view's."""

    view: Table
    keys: Records
    """(n,) structured by the fields of the view's keys, each combination once."""
    columns: Mapping[str, Numbers]
    """By column name, each (n,) in the column's unit; NaN where there is nothing to say."""
    comm: npt.NDArray[np.bytes_] | None = None
    """(n,) name that the kernel saw when the row was made, clean UTF-8; None where the map keeps none."""
    members: Members | None = None
    """The processes behind the rows, where they are grouped."""
    compared: Compared | None = None
    """What the rows were compared with, if they were."""
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What readers have worked out of this table, for as long as it is there."""


@dataclass(frozen=True, slots=True)
class Members:
    """Which processes' rows were added up in each row of a grouped table."""

    table: TableFrame
    """The rows as they were, (m,)."""
    key: Key
    """The process in them."""
    place: npt.NDArray[np.intp]
    """(m,) place of the row that each was added to."""

    def pids(self, row: int) -> list[int]:
        """The processes in `row`, smallest first."""
        pids: list[int] = np.sort(self.table.keys[self.key.field][self.place == row]).tolist()
        return pids


@dataclass(frozen=True, slots=True)
class Compared:
    """How one column of a table stands to what it was."""

    column: str
    large: npt.NDArray[np.bool_]
    """(n,) whether the change is large."""
    gone: int
    """Rows that did something then and are not there now."""


@dataclass(frozen=True, slots=True)
class HistogramFrame:
    """Log2 histograms, one for each key."""

    view: Histogram
    keys: Records
    """(n,) structured by the view's `by`; (1,) without fields when there is none."""
    counts: Counts
    """(n, BUCKETS) events of the interval."""
    totals: Counts
    """(n, BUCKETS) events since the probe started."""
    sums: Numbers
    """(n,) sum of the values since the probe started, in the view's unit."""
    largest: Numbers
    """(n,) largest value since the probe started."""


@dataclass(frozen=True, slots=True)
class EventsFrame:
    """The newest events, oldest first."""

    view: Events
    records: Records
    seen: int


@dataclass(frozen=True, slots=True)
class FlameFrame:
    """Stacks and what was counted in each, since counting began."""

    view: Flame
    paths: npt.NDArray[np.uint32]
    """(n, k) numbers of program and functions, outermost first, 0 behind the last; each path once."""
    counts: Numbers
    """(n,) in the view's unit."""
    recent: Numbers
    """(n,) of the interval alone."""


ViewFrame = TableFrame | HistogramFrame | EventsFrame | FlameFrame


@dataclass(frozen=True, slots=True)
class ProbeFrame:
    """One probe over one interval."""

    probe: Probe
    sample: ProbeSample
    rate: float = float("nan")
    """The headline, per second, in the probe's headline unit; NaN until two samples exist."""
    events_per_second: float = float("nan")
    ns_per_event: float = float("nan")
    """Mean kernel time of one program run in the newest finished slice of statistics."""
    cpu_percent: float = float("nan")
    """Kernel time of the programs in that slice, percent of one CPU."""
    views: Mapping[str, ViewFrame] = field(default_factory=dict)
    still: bool = False
    """Nothing at all has changed in its maps and events since the sample before: every rate is zero."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything derived from two samples."""

    sample: Sample
    seconds: float
    """Monotonic seconds between the two samples; NaN for the first."""
    probes: Mapping[str, ProbeFrame]
    cpu_percent: float = float("nan")
    """All CPUs of the machine, percent busy."""
    self_user_percent: float = float("nan")
    """Warden and screen, percent of one CPU."""
    self_kernel_percent: float = float("nan")
    """All probes' programs, percent of one CPU; NaN before the first slice of statistics."""
    lost: int = 0
    """What all probes lost since they started, the sum of what each says: an event that two of them did not see, as a
    program that they share was left out, is missing in the figures of both, and counts twice."""
    cpu_pressure_percent: float = float("nan")
    """Share of the interval in which at least one task of the machine waited for a CPU; NaN where that is not known."""
    io_pressure_percent: float = float("nan")
    """Likewise for I/O."""
    memory_pressure_percent: float = float("nan")
    """Likewise for memory."""
    swapped_bytes_per_second: float = float("nan")
    """Read from and written to swap space."""

    def name_of(self, pid: int, comm: bytes = b"") -> str:
        """The name of process `pid`: as the source saw it, else `comm`, else "?"."""
        process = self.sample.processes.get(pid)
        if process is not None:
            return process.name
        return comm.decode("utf-8", "replace") or "?"

    def label(self, kind: str, number: int) -> str:
        """The machine's name for `number` of `kind` ("syscall", "interface", "uid"), else the number itself."""
        return self.sample.labels.get(kind, {}).get(number, str(number))


def fields_of(record: Any) -> tuple[str, ...]:
    """Names of a structured array's members."""
    return tuple(record.dtype.names or ())

"""What a source yields: raw cumulative numbers at one moment; knows neither kernels nor rates nor screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ebtop.offer import Hooks, Offers, ProgramDetail
from ebtop.spec import Probe

Records = npt.NDArray[Any]
"""A structured array, one record per row."""

BUCKETS = 40
"""Buckets of a histogram, EBTOP_BUCKETS in ebtop.h; the last starts at 2**39 (nine minutes, or 550 GB)."""


class State(Enum):
    """Where a probe stands."""

    OFF = "off"
    COMPILING = "compiling"
    ATTACHING = "attaching"
    LIVE = "live"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MapRows:
    """The whole content of one map; per-CPU values already combined, each key once."""

    keys: Records
    """(n,) structured by the C key; a plain integer key is the one field "index"."""
    values: Records
    """(n,) structured by the C value, cumulative since the probe started; char members cleaned UTF-8."""
    capacity: int
    """Entries the map can hold."""


@dataclass(frozen=True, slots=True)
class EventTail:
    """The newest records of a ring buffer, oldest first."""

    records: Records
    """(n,) structured by the C record, n bounded by the source."""
    seen: int
    """Records read since the probe started, cumulative."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A probe's own book-keeping, cumulative events since it started."""

    total: int = 0
    """Events counted by the programs; shown + pruned + drops."""
    drops: int = 0
    """Events that found their map full."""
    lost: int = 0
    """Event records the ring buffer had no room for, and passages of a hook at which the kernel left its program out,
    as it was at work on that CPU already."""
    unmatched: int = 0
    """Ends without a known start."""
    pruned: int = 0
    """Events of rows that the source removed: of processes that are gone, or long idle in a map that filled up."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a probe's programs cost, measured by the kernel in the newest finished slice of statistics."""

    slice_ns: int = 0
    """Length of that slice; 0: nothing measured yet."""
    runs: int = 0
    """Program runs in the slice."""
    run_ns: int = 0
    """Nanoseconds in those runs, less the statistics clock, plus the hooks' calibrated cost."""


@dataclass(frozen=True, slots=True)
class ProbeSample:
    """One probe at one moment; a probe that failed is data too."""

    state: State
    hook: str = ""
    """Name of the way that won, e.g. raw_tracepoint."""
    targets: tuple[str, ...] = ()
    """Every place it is attached to, e.g. raw_tracepoint:sys_enter."""
    error: str = ""
    """One line: why it failed."""
    log: str = ""
    """What compiler and verifier said, cleaned, bounded."""
    started_ns: int = 0
    """Monotonic time at which it went live; a new value means that all counters began again at zero."""
    read_ns: int = 0
    """Monotonic time at which its numbers were read, where that was before the sample; 0: with the sample."""
    maps: Mapping[str, MapRows] = field(default_factory=dict)
    events: Mapping[str, EventTail] = field(default_factory=dict)
    totals: Totals = Totals()
    cost: Cost = Cost()
    misses: str = ""
    """What the way that won cannot see."""
    worst: Mapping[str, Records] = field(default_factory=dict)
    """By name of a histogram view: the worst example of each bucket in this interval, over all its keys, (k,)
    structured by `bucket` (u4), `value` (u8, in the view's unit), the members that the view's `worst_keys` name and,
    where a process is among them, `comm`, as the kernel saw it. In the order of the buckets; those without are left
    out, and so is a view whose examples cannot be read."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the source saw it last."""

    name: str
    user: str = ""
    unit: str = ""
    """Name of its container, or of its systemd unit, as its control group says; "" where neither is known."""
    container: bool = False
    """Whether `unit` is a container."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What else there is to say of a process; looked up once, and again at each refresh for the one inspected."""

    command: str = ""
    """Its command line, joined by blanks, cut at a few hundred characters."""
    ppid: int = 0
    parent: str = ""
    """Name of the parent."""
    started_s: float = 0.0
    """Seconds since the epoch."""
    threads: int = 0
    memory_bytes: int = 0
    """Resident."""
    cgroup: str = ""
    """Path of its control group."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whose events are counted at all; empty: everybody's. A process counts when it meets every part that is set."""

    pids: tuple[int, ...] = ()
    comm: str = ""
    """Exact name of the program."""
    user: str = ""
    """User name or number."""
    unit: str = ""
    """Name of a container or systemd unit."""
    children: bool = True
    """Whether what a process that counts starts from now on counts too."""

    def __bool__(self) -> bool:
        return bool(self.pids or self.comm or self.user or self.unit)


@dataclass(frozen=True, slots=True)
class HostSample:
    """The machine and ebtop's own use of it."""

    hostname: str = ""
    kernel: str = ""
    architecture: str = ""
    cpus: int = 0
    cpu_busy_s: float = 0.0
    """Seconds all CPUs were not idle, cumulative."""
    cpu_total_s: float = 0.0
    """Seconds of all CPUs, cumulative."""
    memory_used_bytes: int = 0
    memory_total_bytes: int = 0
    load1: float = 0.0
    self_cpu_s: float = 0.0
    """User and system seconds of warden and screen, cumulative."""
    self_memory_bytes: int = 0
    """Proportional set size (resident where the kernel has none) of warden and screen."""
    bcc: str = ""
    """Version of the compiler collection that loaded the probes."""
    cpu_pressure_s: float = float("nan")
    """Seconds in which at least one task waited for a CPU, cumulative; NaN where the kernel keeps no account of it."""
    io_pressure_s: float = float("nan")
    """Likewise for I/O."""
    memory_pressure_s: float = float("nan")
    """Likewise for memory."""
    swapped_bytes: float = float("nan")
    """Read from and written to swap space, cumulative."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything a source knows at one moment; counters cumulative, nothing derived."""

    monotonic_ns: int
    wall_ns: int
    """Nanoseconds since the epoch; a label, never used for durations."""
    interval_s: float
    """The refresh interval asked for."""
    host: HostSample
    probes: Mapping[str, ProbeSample]
    processes: Mapping[int, Process] = field(default_factory=dict)
    labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """By Kind value ("syscall", "device", "interface", "uid"): number to name, as this machine has it."""
    messages: tuple[str, ...] = ()
    """What the source has to say since the sample before, for the log."""
    tick: bool = True
    """Taken because the interval was over; False: taken early, because a probe's state changed."""
    details: Mapping[int, Detail] = field(default_factory=dict)
    """By process, as far as they have been looked up by now."""
    target: Target = Target()
    """What the kernel counts only, at this moment."""
    declared: Mapping[str, Probe] = field(default_factory=dict)
    """Declarations of those of its probes that are neither built in nor made of a line of text."""


class Source(Protocol):
    """Yields Samples from a thread of its own: Live and Replay."""

    mode: str
    """LIVE or REPLAY."""

    def start(self, publish: Callable[[Sample], None]) -> None:
        """Begin; `publish` is called from the source's thread with each Sample, and must not block."""

    def want(self, probes: Iterable[str]) -> None:
        """The names of all probes that are to run from now on; those left out are detached at once. Any thread."""

    def every(self, seconds: float) -> None:
        """Change the refresh interval. Any thread."""

    def aim(self, target: Target) -> None:
        """Count nobody else's events from now on, without attaching anything anew; an empty target: all. Any thread."""

    def inspect(self, pid: int) -> None:
        """Look up this process's details at each refresh; 0: nobody's. Any thread."""

    def list_ways(self, then: Callable[[Offers], None]) -> None:
        """Find out which ways of all probes would work; `then` is called once, from any thread, {} if unknown."""

    def list_hooks(self, pattern: str, then: Callable[[Hooks], None], arguments: bool = False) -> None:
        """Find the hooks that fit `pattern`, with their arguments if asked; `then` is called once, from any thread."""

    def look_at_program(self, number: int, then: Callable[[ProgramDetail], None]) -> None:
        """Find out all there is to say of the BPF program with that id; `then` is called once, from any thread."""

    def close(self) -> None:
        """Detach everything, end the thread. Any thread; twice does no harm."""


def bucket_edges() -> npt.NDArray[np.uint64]:
    """Lower edges of the buckets, (BUCKETS + 1,): 0, 2, 4, 8 … and the upper edge of the last (2**64 - 1)."""
    edges = np.uint64(1) << np.arange(BUCKETS + 1, dtype=np.uint64)
    edges[0] = 0
    edges[-1] = np.iinfo(np.uint64).max
    return edges

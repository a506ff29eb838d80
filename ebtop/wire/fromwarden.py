"""What the warden, and a loader through it, says to the screen; nothing here knows what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from ebtop.wire.layouts import MapInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """A probe's state changed; `error` and `log` when it failed."""

    probe: str
    serial: int
    state: str
    """Value of sample.State."""
    hook: str = ""
    error: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A probe is attached. Descriptors beside it: one per map, one per program, two for each program that shares its
    place (first one of each, its costs; then of each the second: from a loader the array through which it goes on, from
    the warden the program at the head of all that share the place), then links, then perf events.
    """

    probe: str
    serial: int
    hook: str
    targets: tuple[str, ...]
    maps: tuple[MapInfo, ...]
    programs: tuple[str, ...]
    events: int
    """How many descriptors, the last, are perf events: slow to close, and below links if there are any."""
    misses: str = ""
    log: str = ""
    bcc: str = ""
    enums: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()
    """The kernel's enumerations among the probe's keys: name, and number and word of each member."""
    shares: tuple[str, ...] = ()
    """For each program the raw tracepoint that it shares with others (kernel.chain), "" where it is attached by itself;
    () for none that shares."""

    @property
    def second(self) -> slice:
        """Which descriptors are the second ones of programs that share."""
        shared = sum(map(bool, self.shares))
        begin = len(self.maps) + len(self.programs) + shared
        return slice(begin, begin + shared)


@dataclass(frozen=True, slots=True)
class Piped:
    """A bpftrace program was begun, as process `pid`. Descriptors beside it: pipes of its output and of its errors."""

    probe: str
    serial: int
    pid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """The BPF programs that such a process has loaded, a descriptor for each; `kinds` are their types."""

    probe: str
    serial: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exited:
    """Such a process has ended: its exit status, or minus the signal that killed it."""

    probe: str
    serial: int
    status: int


@dataclass(frozen=True, slots=True)
class Objects:
    """Answer to AskObjects; its descriptor is a memfd of `programs` records, then `maps` records (kernel.objects)."""

    programs: int
    maps: int


@dataclass(frozen=True, slots=True)
class Containers:
    """Answer to AskContainers: a name for each id, "" where nothing names it."""

    ids: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """Answer to Save: the path written, or the error that kept it from being written."""

    path: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to the question of that serial: a memfd of JSON beside it (ebtop.offer), or why there is none."""

    serial: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """Sent once, when statistics are first switched on: run time of an empty program (kernel.stats.measure_clock)."""

    ns: float
    shared_ns: float = 0.0
    """The same of one that shares its place (kernel.chained.measure_clock); 0 where it could not be measured."""


@dataclass(frozen=True, slots=True)
class Aimed:
    """What is counted from now on, as in Aim; `said`: what else there is to say of it, in one line."""

    pids: tuple[int, ...] = ()
    comm: str = ""
    user: str = ""
    unit: str = ""
    children: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The command that ebtop was started with has ended: its exit status, or minus the signal that killed it."""

    status: int


FromWarden = Progress | Live | Piped | Programs | Exited | Objects | Containers | Saved | Answer | Clock | Aimed | Ended
OfProbe = Progress | Live | Piped | Programs | Exited
"""Said of one start of a probe."""

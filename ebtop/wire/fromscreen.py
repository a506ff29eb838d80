"""What the screen says to the warden; nothing here knows what is done for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Want:
    """The probes wanted now, all of them; `serials` numbers each probe's start: a late answer is known by it."""

    probes: tuple[str, ...]
    serials: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """The screen can do nothing with that start of a probe, wanted or not: nothing of it is to run."""

    probe: str
    serial: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Hold (or let go of) the kernel's run-time statistics."""

    on: bool


@dataclass(frozen=True, slots=True)
class AskObjects:
    """Ask for the programs and maps of the whole host."""


@dataclass(frozen=True, slots=True)
class AskContainers:
    """Ask what the containers (or pods) of these ids are called."""

    ids: tuple[str, ...]
    """As cgroups.ID has them; warden.containers.ASKED of them are answered for."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write the one descriptor's content (a memfd) to `path`, as the user this is run for."""

    path: str


@dataclass(frozen=True, slots=True)
class AskWays:
    """Ask which ways of all probes would work on this machine."""

    serial: int


@dataclass(frozen=True, slots=True)
class AskHooks:
    """Ask for the hooks that fit a pattern (kernel.pattern)."""

    serial: int
    pattern: str
    arguments: bool = False
    """Each hook's arguments as well."""


@dataclass(frozen=True, slots=True)
class AskProgram:
    """Ask for all there is to say of the BPF program `id`, its instructions too."""

    serial: int
    id: int


@dataclass(frozen=True, slots=True)
class AskSymbols:
    """Ask in which functions these addresses are."""

    serial: int
    kernel: tuple[int, ...] = ()
    """Addresses in the kernel."""
    processes: tuple[tuple[int, ...], ...] = ()
    """For each process its pid, then addresses in it."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Count only what meets every part that is set (sample.Target); nothing set: everybody. Answered by Aimed."""

    pids: tuple[int, ...] = ()
    comm: str = ""
    user: str = ""
    unit: str = ""
    children: bool = True

    def __bool__(self) -> bool:
        return bool(self.pids or self.comm or self.user or self.unit)


@dataclass(frozen=True, slots=True)
class Print:
    """Let the bpftrace programs of these probes print all of their maps now."""

    probes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Go:
    """Every probe has been read once, or has failed: the command that ebtop was started with may begin."""


@dataclass(frozen=True, slots=True)
class Bye:
    """The terminal is its own again and nothing is attached; the rest of the screen's end is nobody's concern."""

    status: int


FromScreen = (
    Want
    | Leave
    | Statistics
    | AskObjects
    | AskContainers
    | Save
    | AskWays
    | AskHooks
    | AskSymbols
    | AskProgram
    | Aim
    | Print
    | Go
    | Bye
)

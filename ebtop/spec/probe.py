"""One question to the kernel, and the parts of the kernel that questions are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from ebtop.spec.hooks import Way
from ebtop.spec.views import Table, View, stacks_of
from ebtop.units import Unit

OWN = "eBPF and your own"
"""The group of BPF programs themselves, and of what a line or a program of the user's makes."""
GROUPS = (
    "processes and system calls",
    "files",
    "block I/O",
    "network",
    "scheduler and interrupts",
    "memory",
    "locks",
    "security",
    OWN,
)
"""Parts of the kernel that probes look at, in the order they are listed in."""


def group_rank(group: str) -> int:
    """The place of a group in lists; those that are not ebtop's come last."""
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to the kernel: programs, and the views of their maps."""

    name: str
    title: str
    question: str
    """What it answers, in the words of the person who asks."""
    ways: tuple[Way, ...]
    """In order of preference; the first that works on this kernel wins. Empty: no programs of ebtop's own; the
    warden reads it, or bpftrace runs it."""
    views: tuple[View, ...]
    misses: str
    slot: int
    """The digit that toggles it at first, 10 for the key 0; 0 for none."""
    headline: tuple[str, ...] = ()
    """Value members of the first table whose rates add up to the panel's headline; the `total` counter when empty."""
    headline_unit: Unit = Unit.COUNT
    default: bool = True
    """Runs when nothing was chosen."""
    same: tuple[str, ...] = ()
    """Commands of bcc, bpftrace and others that measure the same."""
    group: str = ""
    """The part of the kernel it looks at: one of GROUPS."""
    source: str = field(default="")
    """Folder of the C file; set by the registry."""
    text: str = field(default="", repr=False)
    """The C itself, of a probe that is not built in: read once, when its files were checked, and never again."""
    stem: str = ""
    """What the C file is called and its names begin with, where that is not the probe's name."""
    alone: bool = False
    """Compiled by itself: others may be of the same file. A key with its name as `enum` numbers its places."""
    defines: tuple[tuple[str, int], ...] = ()
    """Macros of the C file."""

    @property
    def prefix(self) -> str:
        """What all names of the C file begin with, before an underscore."""
        return self.stem or self.name

    @property
    def called(self) -> str:
        """Its name for people: the title, of a probe whose name is a whole program."""
        return self.name if self.name.isidentifier() else self.title

    @property
    def totals(self) -> str:
        """Name of the map of `struct ebtop_totals`."""
        return f"{self.prefix}_totals"

    @property
    def first_table(self) -> Table | None:
        """The first table whose rows are those of its map: that of the probe's headline, and what is counted by."""
        return next((view for view in self.views if isinstance(view, Table) and not view.stacks), None)

    @property
    def has_stacks(self) -> bool:
        """Whether it counts by stack."""
        return any(map(stacks_of, self.views))

    def preferred(self, counts_only: bool) -> list[tuple[int, Way]]:
        """Ways with their numbers, in the order they are tried; `counts_only`: those that only count come first."""
        ways = list(enumerate(self.ways))
        return sorted(ways, key=lambda one: not one[1].counts_only) if counts_only else ways

    @property
    def epoch(self) -> str:
        """Name of the map with the number of the running interval, where histograms keep worst examples."""
        return f"{self.prefix}_epoch"

"""Where the programs of a probe are attached: places in the kernel, and complete sets of them; attaches nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hook:
    """One program on one place in the kernel."""

    kind: str
    """raw_tracepoint, tracepoint, perf_event, fentry, fexit, kprobe, kretprobe, uprobe, uretprobe, usdt, xdp."""
    target: str
    """Event (tracepoints as category:event) or kernel function; of uprobes "libc:getaddrinfo" or "/path:function", of
    USDT "/path:provider:name". `*` stands for any text. Alternatives of one name divided by "|". A perf_event is a
    software event of each CPU: "cpu-clock:49" 49 times a second, "page-faults:1" at each fault. Of xdp
    "interfaces": those that the user chose."""
    function: str
    """The C function that runs there."""
    optional: bool = False
    """A place that not every kernel has and the probe can do without, e.g. the system call openat2 or open."""
    most: int = 16
    """How many places the target may mean: a function in a file may stand there more than once."""
    fields: tuple[str, ...] = ()
    """Integer fields of a tracepoint's record that the C file reads: NAME_FIELDn_OFFSET, _SIZE and _TYPE."""


@dataclass(frozen=True, slots=True)
class Way:
    """One complete way to feed a probe; `NAME_WAY` in the C file is its index in `Probe.ways`."""

    name: str
    hooks: tuple[Hook, ...]
    fields: tuple[str, ...] = ()
    """Kernel struct members this way reads, as struct.member; the loader declares just those structs from BTF. Also the
    numbers of enumerations, as "enum name.MEMBER"."""
    misses: str = ""
    """What this way, beyond the probe's own, cannot see."""
    since: tuple[int, int] = (0, 0)
    """The oldest Linux whose raw tracepoints have their arguments where the C file reads them."""
    counts_only: bool = False
    """It does without times and costs less for that: first with --counts-only, else where nothing before it works."""

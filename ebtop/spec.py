"""The vocabulary a probe is declared in: frozen data only; knows nothing of kernels, numbers read or screens.

A probe is one C file and one `Probe`. Names of maps and fields are those of the C file; sizes, offsets and padding
come from the compiler. All file-scope names in `probes/NAME.c` begin with `NAME_`, so that probes can be compiled
together in one module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ebtop.units import Unit


class Kind(Enum):
    """What a key or text field means, and so how it is drawn and what the source has to look up for it."""

    PID = "pid"
    """A process (tgid). Drawn as two columns, pid and program; the source looks up its name and user."""
    TEXT = "text"
    """A NUL-terminated char array, e.g. a path."""
    SYSCALL = "syscall"
    """A system-call number of the running architecture."""
    DEVICE = "device"
    """A block device number as the kernel keeps it: major << 20 | minor (include/linux/kdev_t.h)."""
    INTERFACE = "interface"
    """The index of a network interface; drawn by name, as the network namespace that ebtop runs in has it."""
    ADDRESS = "address"
    """struct ebtop_address: 16 bytes (IPv4 mapped as ::ffff:a.b.c.d, RFC 4291 2.5.5.2), then a port in host order."""
    ERRNO = "errno"
    """A positive errno, 0 for success; drawn by name, e.g. ENOENT."""
    UID = "uid"
    """A user id; drawn by user name."""
    DIRECTION = "direction"
    """0 read, 1 write."""
    NUMBER = "number"
    TIME = "time"
    """bpf_ktime_get_ns() of an event; drawn as wall-clock time of day."""
    OBJECT = "object"
    """The id of a BPF program or map."""
    NUMBERED = "numbered"
    """The number (u32) of a text, from 1, which the programs gave it; see `Key.texts`."""
    POINTER = "pointer"
    """An address in a program's memory; drawn in hexadecimal."""
    SYMBOL = "symbol"
    """An address in the kernel, e.g. of a function or where it was called from; drawn as the function's name."""
    FUNCTION = "function"
    """A function of a stack; a number that `Sample.labels` has a name for."""
    MODULE = "module"
    """What a function is in: the kernel, a program, a library; the function's number."""
    STACK = "stack"
    """The functions of a whole stack, outermost first, behind the program; drawn folded: program;main;read."""
    CODE = "code"
    """A number that stands for a word: see `Key.codes` and `Key.enum`; the number itself where neither has one."""
    FLAGS = "flags"
    """A number each of whose bits stands for a word, see `Key.codes`; bits without one are drawn in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a row's identity, or one text cell of an event."""

    field: str
    """Name of the C struct member in the map's key (or in the event record)."""
    kind: Kind
    title: str = ""
    """Column heading; the field's name when empty."""
    help: str = ""
    importance: int = 0
    """Narrow terminals drop the columns with the highest number first."""
    codes: tuple[tuple[int, str], ...] = ()
    """Of a CODE that means the same on every kernel: number and word. Of FLAGS: the bit's value and word."""
    enum: str = ""
    """Of a CODE that differs between kernels: the kernel's enumeration, whose words the loader takes from BTF."""
    unit: Unit = Unit.PLAIN
    """Of a NUMBER that measures something, e.g. the age of what an event tells of."""
    texts: str = ""
    """Of NUMBERED: the hash map from text (a struct of one char array) to number. The ring buffer TEXTS_told tells each
    new pair once; the array TEXTS_record has the layout of that, `number` and `text`."""

    @property
    def name(self) -> str:
        return self.field


def enum_label(enum: str) -> str:
    """Where `Sample.labels` has the words of a kernel's enumeration."""
    return f"enum {enum}"


class Measure(Enum):
    """How a column follows from the cumulative values of two samples."""

    RATE = "rate"
    """Difference divided by the seconds between."""
    TOTAL = "total"
    """The cumulative value since the probe started."""
    MEAN = "mean"
    """Difference of `field` divided by difference of `per`; since the start where nothing happened in between."""
    MAX = "max"
    """Largest value seen since the probe started (C members named `max_…`); none where `per` is 0."""
    GAUGE = "gauge"
    """The value as it is now; the largest, where rows are grouped."""
    PART = "part"
    """Difference of `field` as a percentage of the difference of `per`; since the start where that is 0."""
    SHARE = "share"
    """Nanoseconds per second of one CPU, as a percentage."""
    CHANGE = "change"
    """The column `field` less what it was; only where a table is compared with an earlier one."""
    RATIO = "ratio"
    """The column `field` divided by what it was; likewise."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a table. `name` is what JSON, sort keys and Prometheus call it."""

    name: str
    measure: Measure
    field: str
    unit: Unit = Unit.COUNT
    per: str = ""
    title: str = ""
    help: str = ""
    importance: int = 0


def rate(field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` per second; named FIELD_per_second."""
    return Column(f"{field}_per_second", Measure.RATE, field, unit, "", title or f"{field}/s", help, importance)


def total(field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 5) -> Column:
    """`field` since the probe started; named FIELD_total."""
    return Column(f"{field}_total", Measure.TOTAL, field, unit, "", title or f"{field}", help, importance)


def mean(field: str, per: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` divided by `per`, both over the interval; named mean_FIELD."""
    return Column(f"mean_{field}", Measure.MEAN, field, unit, per, title or "mean", help, importance)


def largest(
    field: str, unit: Unit = Unit.COUNT, title: str = "", help: str = "", importance: int = 3, per: str = ""
) -> Column:
    """The largest `field` since the start (`max_…` in C, combined by maximum); named FIELD.

    `per` counts how often it was measured, where that is not at every event; without any there is no number.
    """
    return Column(field, Measure.MAX, field, unit, per, title or "max", help, importance)


def gauge(field: str, unit: Unit = Unit.PLAIN, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` as it is now; named FIELD."""
    return Column(field, Measure.GAUGE, field, unit, "", title or field, help, importance)


def share(field: str, title: str = "", help: str = "", importance: int = 0) -> Column:
    """Nanoseconds of `field` per second of one CPU, in percent; named FIELD_percent."""
    return Column(f"{field}_percent", Measure.SHARE, field, Unit.PERCENT, "", title or "cpu %", help, importance)


def part(field: str, of: str, title: str = "", help: str = "", importance: int = 0) -> Column:
    """`field` as a percentage of `of`, both over the interval; named FIELD_part_percent."""
    return Column(
        f"{field}_part_percent", Measure.PART, field, Unit.PERCENT, of, title or f"{field} %", help, importance
    )


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


GROUPS = (
    "processes and system calls",
    "files",
    "block I/O",
    "network",
    "scheduler and interrupts",
    "memory",
    "locks",
    "security",
    "eBPF and your own",
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

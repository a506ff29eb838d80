"""Realistic Samples of any probe, made from its declaration; seeded, so that every run sees the same machine.

`sample(second)` is the machine at that second; counters of a later second are never smaller. `Given` is a Source that
hands over what a test gives it.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ebtop import registry
from ebtop.offer import Hooks, Offers, ProgramDetail
from ebtop.sample import (
    BUCKETS,
    Cost,
    Detail,
    EventTail,
    HostSample,
    MapRows,
    ProbeSample,
    Process,
    Records,
    Sample,
    State,
    Target,
    Totals,
)
from ebtop.spec import Events, Histogram, Key, Kind, Measure, Probe, Table, stacks_of

SECOND = 10**9
BEGAN_NS = 4_000 * SECOND
"""Monotonic time of second 0."""
WALL_NS = 1_795_442_601 * SECOND
"""Wall-clock time of second 0: 2026-11-23 14:03:21 UTC."""
PROGRAMS = {
    4121: ("postgres", "postgres"),
    911: ("node", "deploy"),
    640: ("rsync", "backup"),
    1377: ("curl", "ada"),
    702: ("nginx", "www-data"),
    1: ("systemd", "root"),
    388: ("sshd", "root"),
    2210: ("python3", "ada"),
    2954: ("prometheus", "prometheus"),
    515: ("cron", "root"),
    3071: ("vim", "ada"),
    860: ("containerd", "root"),
    1290: ("redis-server", "redis"),
}
UNITS = {
    4121: ("postgresql@15-main.service", False),
    911: ("web", True),
    702: ("nginx.service", False),
    1290: ("cache", True),
    1: ("init.scope", False),
    388: ("ssh.service", False),
    640: ("session-4.scope", False),
}
"""By process: container or systemd unit, and whether it is a container."""
PATHS = ("/etc/hosts", "/usr/lib/locale/C.utf8", "/proc/stat", "base/16384/2619", "/var/log/syslog", "/etc/ld.so.cache")
ADDRESSES = (("::ffff:10.0.4.7", 5432), ("::ffff:10.0.9.2", 443), ("2a00::1", 443), ("::ffff:127.0.0.1", 8080))
TEXTS: dict[str, tuple[str, ...]] = {
    "type": ("tracing", "raw_tracepoint", "kprobe", "hash", "percpu_array"),
    "name": ("sys_enter", "syscalls_enter", "ebtop_flags", "sd_devices"),
    "attached": ("sys_enter", "sched_switch", "cgroup"),
    "mark": ("", "ebtop"),
    "tag": ("4169de3945c17f72", "a04f5eef06a7f555"),
    "comm": tuple(name for name, _ in PROGRAMS.values()),
}
"""Of char arrays other than paths, by field."""
LABELS: dict[str, dict[int, str]] = {
    "syscall": {0: "read", 1: "write", 3: "close", 17: "pread64", 202: "futex", 232: "epoll_wait", 257: "openat"},
    "device": {259 << 20: "nvme0n1", 8 << 20: "sda"},
    "interface": {1: "lo", 2: "eth0", 7: "veth3f2a91c"},
    "opens_paths": {**dict(enumerate(PATHS, 1)), 99: "/etc/nothing"},
    "uid": {0: "root", 1000: "ada", 1001: "deploy", 26: "postgres"},
    "symbol": {0xFFFFFFFF81A2B3C4: "tcp_v4_rcv+0x1c4", 0xFFFFFFFF812D4E60: "wb_workfn"},
}
STACKS = (
    ("postgres", "main PostgresMain exec_simple_query PortalRun ExecScan heap_getnextslot", "postgres"),
    ("postgres", "main PostgresMain exec_simple_query PortalRun ExecScan hash_search", "postgres"),
    (
        "postgres",
        "main PostgresMain secure_read recv|entry_SYSCALL_64 do_syscall_64 __sys_recvfrom tcp_recvmsg",
        "postgres",
    ),
    ("node", "start_thread uv__run v8::Execute LazyCompile:~render", "node"),
    ("node", "start_thread uv__run v8::Execute LazyCompile:*escape", "node"),
    ("rsync", "main send_files match_sums hash_search", "rsync"),
    ("rsync", "main send_files read|entry_SYSCALL_64 do_syscall_64 ksys_read vfs_read ext4_file_read_iter", "rsync"),
    ("curl", "[no frame pointer: /usr/lib/libssl.so.3] SSL_read", "libssl.so.3"),
)
"""Program, functions of the user's and, behind "|", of the kernel's stack, outermost first; what the former are in."""
_POOLS: dict[Kind, tuple[Any, ...]] = {
    Kind.PID: tuple(PROGRAMS),
    Kind.TEXT: PATHS,
    Kind.NUMBERED: tuple(range(1, len(PATHS) + 1)),
    Kind.SYSCALL: tuple(LABELS["syscall"]),
    Kind.DEVICE: tuple(LABELS["device"]),
    Kind.INTERFACE: tuple(LABELS["interface"]),
    Kind.ERRNO: (0, 0, 2, 13, 111, 110),
    Kind.UID: tuple(LABELS["uid"]),
    Kind.DIRECTION: (0, 1),
    Kind.NUMBER: (1, 3, 5, 64, 128),
    Kind.FLAGS: (0, 1, 4097),
    Kind.POINTER: (0x55D5C0DE1000, 0x7FFC0FFEE010),
    Kind.OBJECT: tuple(range(11, 60, 4)),
    Kind.SYMBOL: tuple(LABELS["symbol"]),
}
_FORMATS: dict[Kind, Any] = {
    Kind.TEXT: "S128",
    Kind.NUMBER: "<u8",
    Kind.CODE: "<i4",
    Kind.FLAGS: "<u8",
    Kind.POINTER: "<u8",
    Kind.TIME: "<u8",
    Kind.SYMBOL: "<u8",
    Kind.ADDRESS: [("ip", "u1", (16,)), ("port", "<u4")],
}
_ONLY = Key("index", Kind.DIRECTION)
_HISTOGRAM = [("slots", "<u8", (BUCKETS,)), ("sum", "<u8"), ("max_value", "<u8")]


def sample(
    second: float = 0,
    probes: Iterable[str] | None = None,
    rows: int = 12,
    *,
    interval: float = 1.0,
    started: float = -10,
) -> Sample:
    """The machine at `second`, with the probes of these names live (all when None) for `second - started` seconds."""
    names = tuple(registry.probes()) if probes is None else tuple(probes)
    monotonic = BEGAN_NS + int(second * SECOND)
    return Sample(
        monotonic,
        WALL_NS + int(second * SECOND),
        interval,
        host(second),
        {name: live(registry.probe(name), second, rows, started) for name in names},
        {pid: Process(*program, *UNITS.get(pid, ())) for pid, program in PROGRAMS.items()},
        LABELS,
        details={pid: detail(pid) for pid in PROGRAMS},
    )


def session(seconds: int, probes: Iterable[str] | None = None, rows: int = 12) -> list[Sample]:
    """One sample a second, `seconds` of them, the probes live since the second before the first."""
    names = None if probes is None else tuple(probes)
    return [sample(second, names, rows, started=-1) for second in range(seconds)]


def with_probe(given: Sample, name: str, probe: ProbeSample) -> Sample:
    """`given` with one probe's sample replaced, e.g. by `failed()`."""
    return replace(given, probes={**given.probes, name: probe})


def failed(error: str = "the verifier refused rw_exit: invalid mem access 'scalar'", log: str = "") -> ProbeSample:
    """A probe that did not come up."""
    return ProbeSample(State.FAILED, error=error, log=log or f"0: R1=ctx()\n1: (79) r1 = *(u64 *)(r1 +8)\n{error}")


def detail(pid: int) -> Detail:
    """What there is to say of one of PROGRAMS."""
    name = PROGRAMS[pid][0]
    unit = UNITS.get(pid, ("", False))[0]
    began = WALL_NS / SECOND - 273_600
    return Detail(
        f"/usr/bin/{name} --config /etc/{name}.conf", 1, "systemd", began, 1 + pid % 7, pid * 40_960, f"/{unit}"
    )


def host(second: float = 0) -> HostSample:
    """A machine of two CPUs, half of one of them busy."""
    return HostSample(
        hostname="db-3",
        kernel="6.18.44",
        architecture="x86_64",
        cpus=2,
        cpu_busy_s=1000 + second,
        cpu_total_s=5000 + 2 * second,
        memory_used_bytes=1_920_000_000,
        memory_total_bytes=8_000_000_000,
        load1=1.8,
        self_cpu_s=2 + 0.007 * second,
        self_memory_bytes=44_000_000,
        bcc="0.26.0",
    )


@lru_cache(maxsize=1024)
def live(probe: Probe, second: float, rows: int = 12, started: float = -10) -> ProbeSample:
    """`probe` running since `started`, with `rows` rows in every table; shared: no array of it can be written to."""
    age = second - started
    way = probe.ways[0] if probe.ways else None
    maps = {name: _map(probe, name, age, rows) for name in _maps(probe)}
    maps |= {stacks: _paths(maps[view.map]) for view in probe.views if (stacks := stacks_of(view))}
    events = {view.map: _events(view, second, age) for view in probe.views if isinstance(view, Events)}
    worsts = {view.name: worst(view, second) for view in probe.views if isinstance(view, Histogram) and view.worst}
    rows_of = (records for content in maps.values() for records in (content.keys, content.values))
    for records in (*rows_of, *(tail.records for tail in events.values()), *worsts.values()):
        records.flags.writeable = False
    counted = int(age * (900 + 100 * probe.slot))
    return ProbeSample(
        State.LIVE,
        hook=way.name if way else "census",
        targets=tuple(f"{hook.kind}:{hook.target}" for hook in way.hooks) if way else (),
        started_ns=BEGAN_NS + int(started * SECOND),
        maps=maps,
        events=events,
        totals=Totals(total=counted, drops=0, lost=0, unmatched=int(age) // 5, pruned=int(age)),
        cost=Cost(slice_ns=SECOND, runs=1000 * probe.slot, run_ns=142_000 * probe.slot),
        misses=way.misses if way else "",
        worst=worsts,
    )


def worst(view: Histogram, second: float) -> Records:
    """An example in each of a dozen neighbouring buckets of `view`, others in each second."""
    random = np.random.default_rng([zlib.crc32(view.map.encode()), int(second)])
    members = [(key.field, _FORMATS.get(key.kind, "<u4")) for key in view.worst_keys]
    records = np.zeros(12, np.dtype([("bucket", "<u4"), ("value", "<u8"), *members, ("comm", "S16")]))
    records["bucket"] = np.arange(9, 21)
    for record in records:
        begin = 1 << int(record["bucket"])
        record["value"] = begin + int(random.integers(begin))
        for key in view.worst_keys:
            record[key.field] = _pick(key, random)
    if "pid" in (records.dtype.names or ()):
        records["comm"] = [PROGRAMS[int(pid)][0].encode() for pid in records["pid"]]
    return records


def address(text: str, port: int) -> tuple[list[int], int]:
    """One struct ebtop_address: IPv6 text (IPv4 as ::ffff:a.b.c.d) and port."""
    return list(socket.inet_pton(socket.AF_INET6, text)), port


def _maps(probe: Probe) -> list[str]:
    return list(dict.fromkeys(view.map for view in probe.views if not isinstance(view, Events)))


def _map(probe: Probe, name: str, age: float, rows: int) -> MapRows:
    views = [view for view in probe.views if view.map == name]
    if any(map(stacks_of, views)):
        return _stacked(views, age, rows)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    keys = {key.field: key for view in views for key in (view.by if isinstance(view, Histogram) else _keys(view))}
    shown = _distinct(tuple(keys.values()) or (_ONLY,), rows, zlib.crc32(name.encode()))
    values = np.zeros(shown.size, _values(views))
    speeds = 10 ** random.uniform(0, 4, shown.size)
    for field in values.dtype.names or ():
        values[field] = _cumulative(field, views, speeds, age, random)
    if "comm" in (values.dtype.names or ()) and "pid" in keys:
        values["comm"] = [PROGRAMS[int(pid)][0].encode() for pid in shown["pid"]]
    return MapRows(shown, values, 10_240)


def _named_stacks() -> list[tuple[str, list[tuple[str, str]]]]:
    """Program, and name and module of it and each of its functions."""
    found = []
    for program, functions, module in STACKS:
        user, _, kernel = functions.partition("|")
        named = [(name, module) for name in user.split()] + [(name, "kernel") for name in kernel.split()]
        found.append((program, [(program, ""), *named]))
    return found


_FUNCTIONS = tuple(dict.fromkeys(one for _, path in _named_stacks() for one in path))
LABELS["function"] = {number: name for number, (name, _) in enumerate(_FUNCTIONS, 1)}
LABELS["module"] = {number: module for number, (_, module) in enumerate(_FUNCTIONS, 1)}
_STACK_IDS = (("kernel", "<i4"), ("user", "<i4"))


def _stacked(views: Iterable[Any], age: float, rows: int) -> MapRows:
    """Rows that count by stack; the first of them are faster than those that follow."""
    count = min(rows, len(STACKS))
    tables = [view for view in views if isinstance(view, Table) and not view.stacks]
    others = {key.field: key for view in tables for key in view.keys if key.kind is not Kind.PID}
    keys = np.zeros(count, np.dtype([("pid", "<u4"), *((name, "<u4") for name in others), *_STACK_IDS]))
    for name, key in others.items():
        keys[name] = key.codes[1][0] if key.codes else 0
    pids = {name: pid for pid, (name, _) in PROGRAMS.items()}
    keys["pid"] = [pids[program] for program, _, _ in STACKS[:count]]
    keys["kernel"], keys["user"] = np.arange(count) + 100, np.arange(count)
    fields = {
        column.field.removeprefix("self_").removeprefix("all_")
        for view in views
        if isinstance(view, Table)
        for column in view.columns
    }
    values = np.zeros(count, [*((field, "<u8") for field in sorted(fields)), ("comm", "S16")])
    for field in sorted(fields):
        values[field] = np.floor(age * (2e7 if field.endswith("ns") else 1.0) / (1 + np.arange(count)))
    values["comm"] = [program.encode() for program, _, _ in STACKS[:count]]
    return MapRows(keys, values, 10_240)


def _paths(content: MapRows) -> MapRows:
    """The functions of their stacks."""
    numbers = {one: number for number, one in enumerate(_FUNCTIONS, 1)}
    values = np.zeros(content.keys.size, [("path", "<u4", (32,))])
    for row, (_, path) in zip(values, _named_stacks(), strict=False):
        row["path"][: len(path)] = [numbers[one] for one in path]
    return MapRows(content.keys, values, content.capacity)


def _keys(view: Any) -> tuple[Key, ...]:
    keys: tuple[Key, ...] = view.keys
    return keys


def _values(views: Iterable[Any]) -> np.dtype[np.void]:
    members: dict[str, Any] = {}
    for view in views:
        if isinstance(view, Histogram):
            members |= {str(member[0]): member for member in _HISTOGRAM}
        if isinstance(view, Table):
            members |= {f: (f, "<u8") for column in view.columns for f in (column.field, column.per) if f}
            members["comm"] = ("comm", "S16")
    return np.dtype(list(members.values()))


def _cumulative(field: str, views: Iterable[Any], speeds: Any, age: float, random: np.random.Generator) -> Any:
    columns = [column for view in views if isinstance(view, Table) for column in view.columns if column.field == field]
    factor = (
        4096.0
        if "bytes" in field
        else 2100.0
        if field.endswith("ns") or field == "sum"
        else 0.001
        if field == "errors"
        else 1.0
    )
    if field == "slots":
        shape = np.exp(-((np.arange(BUCKETS) - random.uniform(9, 20, (speeds.size, 1))) ** 2) / 6)
        return (shape * speeds[:, None] * age).astype("<u8")
    if field.startswith("max_") or any(column.measure in (Measure.MAX, Measure.GAUGE) for column in columns):
        return np.maximum(1, factor * random.integers(1, 129, speeds.size))
    if field == "comm":
        return b"worker"
    return np.floor(speeds * factor * age)


@cache
def _distinct(keys: tuple[Key, ...], rows: int, seed: int) -> Records:
    random = np.random.default_rng(seed)
    kind = np.dtype([(key.field, _FORMATS.get(key.kind, "<u4")) for key in keys])
    seen: dict[bytes, Any] = {}
    for _ in range(rows * 8):
        record = np.zeros(1, kind)
        for key in keys:
            record[key.field] = _pick(key, random)
        if len(seen) < rows:
            seen.setdefault(record.tobytes(), record)
    return np.concatenate([np.zeros(0, kind), *seen.values()])


def _pick(key: Key, random: np.random.Generator) -> Any:
    if key.kind is Kind.ADDRESS:
        return np.array(address(*ADDRESSES[int(random.integers(len(ADDRESSES)))]), _dtype(key))
    pool = tuple(number for number, _ in key.codes) or TEXTS.get(key.field) or _POOLS.get(key.kind, (0,))
    return pool[int(random.integers(len(pool)))]


def _dtype(key: Key) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(_FORMATS[key.kind])
    return kind


def _events(view: Events, second: float, age: float) -> EventTail:
    seen = int(age * 3)
    kind = np.dtype([(key.field, _FORMATS.get(key.kind, "<u4")) for key in view.keys])
    records = np.zeros(min(seen, 64), kind)
    for place in range(records.size):
        number = seen - records.size + place
        random = np.random.default_rng(number)
        for key in view.keys:
            if key.kind is Kind.TIME:
                records[key.field][place] = BEGAN_NS + int((second - age + (number + 1) / 3) * SECOND)
            else:
                records[key.field][place] = _pick(key, random)
    return EventTail(records, seen)


class Given:
    """A Source of given Samples: `start` publishes those at hand, `push` one more; remembers what it was asked for."""

    def __init__(self, *samples: Sample, mode: str = "LIVE") -> None:
        self.mode = mode
        self.wanted: list[tuple[str, ...]] = []
        self.intervals: list[float] = []
        self.targets: list[Target] = []
        self.inspected: list[int] = []
        self.offers: Offers = {}
        self.hooks: dict[str, Hooks] = {}
        """What is answered, by pattern."""
        self.program_details: dict[int, ProgramDetail] = {}
        """What is answered, by id."""
        self.asked: list[tuple[str, bool]] = []
        self.closed = False
        self.ended = False
        self._samples = samples
        self._publish: Callable[[Sample], None] | None = None

    def start(self, publish: Callable[[Sample], None]) -> None:
        """Publish all samples at once, from the caller's thread."""
        self._publish = publish
        for given in self._samples:
            publish(given)

    def push(self, given: Sample) -> None:
        """Publish one more sample."""
        assert self._publish is not None, "not started"
        self._publish(given)

    def want(self, probes: Iterable[str]) -> None:
        """Remember the wish."""
        self.wanted.append(tuple(probes))

    def every(self, seconds: float) -> None:
        """Remember the interval."""
        self.intervals.append(seconds)

    def aim(self, target: Target) -> None:
        """Remember the target."""
        self.targets.append(target)

    def inspect(self, pid: int) -> None:
        """Remember the process."""
        self.inspected.append(pid)

    def list_ways(self, then: Callable[[Offers], None]) -> None:
        """Answer at once."""
        then(self.offers)

    def list_hooks(self, pattern: str, then: Callable[[Hooks], None], arguments: bool = False) -> None:
        """Remember the question and answer at once."""
        self.asked.append((pattern, arguments))
        then(self.hooks.get(pattern, Hooks(error="nothing was given for that")))

    def look_at_program(self, number: int, then: Callable[[ProgramDetail], None]) -> None:
        """Answer at once."""
        then(self.program_details.get(number, ProgramDetail(number, error="nothing was given for that")))

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

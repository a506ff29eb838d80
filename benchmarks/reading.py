"""Reading a map of 10,000 keys, deriving rates and choosing the top 50; knows one map, no screen."""

from __future__ import annotations

import ctypes
import heapq
import os
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.figure import Figure
from benchmarks.rivals import headers
from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import Frame, TableFrame
from ebtop.kernel import bcc_module, bpf
from ebtop.kernel.cpus import possible_cpus
from ebtop.kernel.maps import MapReader
from ebtop.sample import HostSample, ProbeSample, Sample, State
from ebtop.tui.rowset import ordered
from ebtop.wire import Field, MapInfo

_KEYS, _CAPACITY, _TOP = 10_000, 16_384, 50
_RUNS, _SLOW_RUNS = 31, 7
_C = f"""
struct key {{ u32 pid; u32 nr; }};
struct value {{ u64 calls; u64 errors; u64 ns; char comm[16]; }};
BPF_TABLE("percpu_hash", struct key, struct value, calls, {_CAPACITY});
"""
_KEY = (Field("pid", "<u4", 0), Field("nr", "<u4", 4))
_VALUE = (Field("calls", "<u8", 0), Field("errors", "<u8", 8), Field("ns", "<u8", 16), Field("comm", "S16", 24))


def measure(folder: Path, _rounds: int) -> list[Figure]:
    """Median milliseconds, in turns over one and the same per-CPU hash, a tenth of it changed before each read."""
    table = _bcc(folder)
    fd: int = table.map_fd
    _fill(fd, range(_KEYS), 1)
    info = MapInfo("syscalls_calls", bpf.PERCPU_HASH, 8, 40, _CAPACITY, 0, _KEY, _VALUE)
    ours, bare = _Ours(info, fd), _Bare(fd)
    readers: dict[str, Callable[[], object]] = {"ours": ours.top, "bare": bare.read}
    times: dict[str, list[float]] = {"ours": [], "bare": [], "items": []}
    for turn in range(_RUNS):
        _fill(fd, range(turn % 10, _KEYS, 10), turn + 2)
        for name in ("ours", "bare")[:: 1 if turn % 2 else -1]:  # the second finds the map in the CPU's caches
            times[name].append(_ms(readers[name]))
        if turn % (_RUNS // _SLOW_RUNS) == 0:
            times["items"].append(_ms(lambda: _items_top(table)))
    if ours.top("calls_total") != _items_top(table):
        raise RuntimeError("the two readers do not agree")
    own, floor, items = (median(times[name]) for name in ("ours", "bare", "items"))
    what = "10,000 keys read, derived, top 50 chosen"
    return [
        Figure(what, own, "ms", "the bare batch system call", floor, 1.5),
        Figure(what, own, "ms", "BCC `items()`, top 50", items, 15, faster=True),
    ]


def _ms(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e3


def _bcc(folder: Path) -> Any:
    os.environ["BCC_KERNEL_SOURCE"] = str(headers(folder))
    sys.path.extend(bcc_module.distribution_places())
    return import_module("bcc").BPF(text=_C)["calls"]


def _fill(fd: int, pids: range, seed: int) -> None:
    cpus = possible_cpus()
    for pid in pids:
        value = struct.pack("=QQQ16s", (pid * 7919) % 100_003 + seed, 0, pid * seed, b"program")
        bpf.update(fd, struct.pack("=II", pid + 1, pid % 300), value * cpus)


class _Ours:
    """What the reader thread and the table do in each interval."""

    def __init__(self, info: MapInfo, fd: int) -> None:
        self._reader = MapReader(info, fd)
        self._probes = {"syscalls": registry.probe("syscalls")}
        self._before: Sample | None = None
        self._time = 10**9

    def top(self, sort: str = "calls_per_second") -> list[float]:
        """Totals of the rows that come first by `sort`; every other column of theirs is looked up too."""
        frame = self._frame()
        table = frame.probes["syscalls"].views["by_process"]
        assert isinstance(table, TableFrame)
        places, _ = ordered(frame, table, sort, False, _TOP, "")
        shown = {name: column[places[:_TOP]].tolist() for name, column in table.columns.items()}
        return [float(total) for total in shown["calls_total"]]

    def _frame(self) -> Frame:
        self._time += 10**9
        maps = {"syscalls_calls": self._reader.read()}
        probe = ProbeSample(State.LIVE, started_ns=1, maps=maps)
        sample = Sample(self._time, self._time, 1.0, HostSample(), {"syscalls": probe})
        before, self._before = self._before, sample
        return derive(sample, before, self._probes)


class _Bare:
    """The batch system call into buffers that are kept, and nothing else."""

    def __init__(self, fd: int) -> None:
        self._buffers = [
            ctypes.create_string_buffer(size) for size in (8, 8 * _CAPACITY, 40 * _CAPACITY * possible_cpus())
        ]
        self._fd = fd

    def read(self) -> int:
        """Entries read."""
        after, keys, values = map(ctypes.addressof, self._buffers)
        attributes = bytearray(struct.pack("=QQQQIIQQ", 0, after, keys, values, _CAPACITY, self._fd, 0, 0))
        with suppress(FileNotFoundError):  # the end of the map was reached, as it should be
            bpf.bpf(bpf.MAP_LOOKUP_BATCH, attributes)
        count: int = struct.unpack_from("=I", attributes, 32)[0]
        return count


def _items_top(table: Any) -> list[float]:
    """What a bcc tool does: walk, sum over the CPUs, take the largest."""
    rows = [(sum(value.calls for value in values), key.pid) for key, values in table.items()]
    return [float(calls) for calls, _ in heapq.nlargest(_TOP, rows)]

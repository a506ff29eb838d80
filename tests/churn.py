"""Sessions in which everything happens that can: rows come, go and change places, counters are reborn, probes restart.

Values are random, not plausible; what is tested with them has to be exact, not pretty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ebtop.sample import BUCKETS, EventTail, HostSample, MapRows, ProbeSample, Process, Records, Sample, State, Totals
from ebtop.spec import Events, Histogram, Key, Kind, Probe, Table, rate, total
from ebtop.units import Unit

SECOND = 10**9
KEY = np.dtype({"names": ["pid", "path"], "formats": ["<u4", "S21"], "offsets": [0, 4], "itemsize": 28})
VALUE = np.dtype([("calls", "<u8"), ("few", "<u4"), ("comm", "S16")])
SLOTS = np.dtype([("slots", "<u8", (BUCKETS,)), ("sum", "<u8"), ("max_value", "<u8")])
EVENT = np.dtype([("ns", "<u8"), ("pid", "<u4"), ("comm", "S5")])
WORST = np.dtype([("bucket", "<u4"), ("value", "<u8"), ("pid", "<u4")])
PROBE = Probe(
    name="p",
    title="P",
    question="?",
    ways=(),
    misses="",
    slot=1,
    views=(
        Table("by_pid", "", "p_calls", (Key("pid", Kind.PID),), (rate("calls"), total("calls")), "calls_per_second"),
        Histogram("latency", "", "p_latency", Unit.NS, (Key("index", Kind.SYSCALL),)),
        Histogram("sizes", "", "p_sizes", Unit.BYTES, (Key("pid", Kind.PID),)),
        Events("events", "", "p_events", "p_record", (Key("pid", Kind.PID),)),
    ),
    headline=("calls",),
)


class Churn:
    """A machine that does one random thing after another."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._started = SECOND
        self._seen = 0
        self._calls = MapRows(np.zeros(0, KEY), np.zeros(0, VALUE), 512)
        indexes = np.array([(index,) for index in range(16)], [("index", "<u4")])
        self._latency = MapRows(indexes, np.zeros(16, SLOTS), 16)
        self._sizes = MapRows(np.zeros(0, [("pid", "<u4")]), np.zeros(0, SLOTS), 64)
        self._tail = EventTail(np.zeros(0, EVENT), 0)
        self._processes: dict[int, Process] = {}
        self._live = True

    def samples(self, count: int) -> Iterator[Sample]:
        """The next so many; now and then one that is early or late."""
        now = 2 * SECOND
        for number in range(count):
            now += int(self._random.choice([SECOND // 10, SECOND, SECOND, 5 * SECOND]))
            self._happen(now)
            probe = self._probe() if self._live else ProbeSample(State.OFF)
            host = HostSample(cpu_busy_s=number, cpu_total_s=2 * number)
            labels = {"uid": {number // 9: "ada"}}
            yield Sample(now, now, 1.0, host, {"p": probe}, self._processes, labels, (str(number),))

    def _happen(self, now: int) -> None:
        if self._random.random() < 0.06:
            self._live = not self._live
            self._started = now - int(self._random.integers(1, SECOND // 20))
            if self._live:
                self._restart()
        self._change_rows()
        self._change_histograms()
        self._change_events()
        if self._random.random() < 0.5:
            gone = set(self._random.integers(0, 40, 3).tolist())
            known = {pid: process for pid, process in self._processes.items() if pid not in gone}
            self._processes = {**known, int(self._random.integers(0, 40)): Process(str(now))}

    def _restart(self) -> None:
        """From zero, with another layout half of the time, as another way of the same probe may have."""
        kind = VALUE if self._random.random() < 0.5 else np.dtype([("calls", "<u8"), ("comm", "S16")])
        self._calls = MapRows(np.zeros(0, KEY), np.zeros(0, kind), int(self._random.integers(100, 999)))
        self._latency = MapRows(self._latency.keys, np.zeros(16, SLOTS), 16)
        self._tail, self._seen = EventTail(np.zeros(0, EVENT), 0), 0

    def _change_rows(self) -> None:
        random, now = self._random, self._calls
        match int(random.integers(5)):
            case 0:
                return
            case 1:
                self._calls = replace(now, values=self._counted(now.values))
            case 2:
                order = random.permutation(now.keys.size)[: int(random.integers(now.keys.size + 1))]
                self._calls = MapRows(now.keys[order], self._counted(now.values[order]), now.capacity)
            case _:
                self._calls = self._grown(now)

    def _grown(self, now: MapRows) -> MapRows:
        """Some rows more, in places of their own among the others, and some less."""
        random = self._random
        kept = np.flatnonzero(random.random(now.keys.size) < random.choice([0.0, 0.9, 1.0]))
        fresh = np.zeros(int(random.integers(40)), KEY)
        fresh["pid"] = random.integers(0, 2**32, fresh.size)
        fresh["path"] = random.choice([b"", b"/etc/hosts", b"/usr/lib/x86_64-linux"], fresh.size)
        values = np.zeros(fresh.size, now.values.dtype)
        values["calls"] = random.integers(0, 2**64, fresh.size, np.uint64)
        at = np.sort(random.integers(0, kept.size + 1, fresh.size))
        keys = np.insert(now.keys[kept], at, fresh)
        return MapRows(keys, np.insert(self._counted(now.values[kept]), at, values), now.capacity)

    def _counted(self, values: Records) -> Records:
        values = values.copy()
        chosen = self._random.random(values.size) < 0.3
        values["calls"][chosen] += self._random.integers(0, 2**40, int(chosen.sum()), np.uint64)
        values["comm"][chosen] = self._random.choice([b"a", b"postgres"], int(chosen.sum()))
        return values

    def _change_histograms(self) -> None:
        random = self._random
        if random.random() < 0.2:
            return
        values = self._latency.values.copy()
        for index, bucket in random.integers(0, 16, (int(random.integers(6)), 2)):
            values["slots"][index, bucket] += np.uint64(random.integers(1, 2**33))
            values["sum"][index] += np.uint64(7)
        if random.random() < 0.2:
            values[int(random.integers(16))] = np.zeros(1, SLOTS)[0]  # evicted, and made anew
        self._latency = MapRows(self._latency.keys, values, 16)
        pids = random.permutation(20)[: int(random.integers(1, 20))].astype("<u4")
        sizes = np.zeros(pids.size, SLOTS)
        sizes["slots"] = random.integers(0, 5, (pids.size, BUCKETS))
        self._sizes = MapRows(pids.view([("pid", "<u4")]), sizes, 64)

    def _change_events(self) -> None:
        fresh = np.zeros(int(self._random.choice([0, 0, 1, 5, 90])), EVENT)
        fresh["ns"] = np.arange(self._seen, self._seen + fresh.size)
        fresh["comm"] = b"ls"
        self._seen += fresh.size
        self._tail = EventTail(np.concatenate((self._tail.records, fresh))[-64:], self._seen)

    def _probe(self) -> ProbeSample:
        worst = np.zeros(int(self._random.integers(4)), WORST)
        worst["value"] = self._random.integers(0, 2**50, worst.size)
        maps: dict[str, Any] = {"p_calls": self._calls, "p_latency": self._latency, "p_sizes": self._sizes}
        return ProbeSample(
            State.LIVE,
            "way",
            started_ns=self._started,
            maps=maps,
            events={"p_events": self._tail},
            totals=Totals(total=self._seen),
            worst={"latency": worst} if worst.size else {},
        )

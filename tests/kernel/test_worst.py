"""The worst example of each bucket: whose it was, what it was, and that it is gone with its interval."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ebtop import registry
from ebtop.kernel import bpf, syscalls
from ebtop.kernel.cpus import banks
from ebtop.kernel.examples import Epoch, Examples
from ebtop.sample import BUCKETS, Records, Sample
from ebtop.wire import Field, MapInfo
from ebtop.worst import Worst
from tests.kernel import test_blockio, test_tcpconnect
from tests.kernel.cpus import CPUS
from tests.kernel.live_session import LiveSession
from tests.kernel.loaded import Loaded
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker, nobody_but

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

NUMBERS = {name: number for number, name in syscalls.names().items()}
MS = 1_000_000
file = test_blockio.file
"""Its fixture: blocks on a device that nobody else has anything to write to."""


class Watched:
    """A loaded probe and its examples, an interval at a time."""

    def __init__(self, load: Callable[..., Loaded], probe: str, *workers: Worker) -> None:
        self.loaded = load(probe, own_pids=nobody_but(*workers))
        self.worst = Worst(registry.probe(probe), self.loaded.maps)
        assert not self.worst.lacks

    def interval(self, view: str = "latency") -> Records:
        """End the running interval: its examples."""
        self.worst.begin(tick=True)
        return self.worst.read()[view]


@pytest.fixture
def watch(load: Callable[..., Loaded]) -> Iterator[Callable[..., Watched]]:
    """watch("rw", worker, …): the probe counts these workers and nobody else."""
    watched: list[Watched] = []

    def start(probe: str, *workers: Worker) -> Watched:
        watched.append(Watched(load, probe, *workers))
        return watched[-1]

    yield start
    for one in watched:
        one.worst.close()


def lie_in_their_buckets(examples: Records) -> bool:
    """Each value in the bucket it stands for, each bucket once, in order."""
    buckets = [max(int(value).bit_length() - 1, 0) for value in examples["value"]]
    return bool(examples["bucket"].tolist() == sorted(set(buckets)) == buckets)


def mine(examples: Records, worker: Worker, **members: int) -> Records:
    """Those of that worker, with these members."""
    for name, number in {"pid": worker.pid, **members}.items():
        examples = examples[examples[name] == number]
    return examples


def test_one_slow_call_among_fast_ones_is_named_and_gone_with_its_interval(watch: Callable[..., Watched]) -> None:
    """A sleep between 1009 fast calls: pid, program, call; the next interval has none of it."""
    work = """
for _ in range(503): os.getppid()
time.sleep(0.6)
for _ in range(506): os.getppid()
signal.sigwait({signal.SIGUSR1})
for _ in range(101): os.getppid()
"""
    sleep = NUMBERS["clock_nanosleep"]
    with Worker(work) as worker:
        watched = watch("syscalls", worker)
        worker.work()
        first = watched.interval()
        worker.work()
        second = watched.interval()
    (slow,) = mine(first, worker, nr=sleep)
    assert int(slow["value"]) >= 600 * MS
    assert slow["comm"].startswith(b"python")
    assert lie_in_their_buckets(first) and lie_in_their_buckets(second)
    assert second.size
    assert not mine(second, worker, nr=sleep).size


def test_an_interval_in_which_nothing_happened_has_no_examples(watch: Callable[..., Watched]) -> None:
    """Neither the next nor the one after it, which is written where the first was."""
    with Worker("os.sched_yield()") as worker:
        watched = watch("rw", worker)
        worker.work()
        watched.interval()
        assert [watched.interval().size for _ in range(4)] == [0, 0, 0, 0]


def test_an_early_look_ends_no_interval(watch: Callable[..., Watched]) -> None:
    """It sees what there is so far; the regular one afterwards sees it too."""
    with Worker("os.pread(zero, 1 << 20, 0)", prepare="zero = os.open('/dev/zero', os.O_RDONLY)") as worker:
        watched = watch("rw", worker)
        worker.work()
        watched.worst.begin(tick=False)
        early = watched.worst.read()["sizes"]
        regular = watched.interval("sizes")
    assert mine(early, worker)["value"].tolist() == mine(regular, worker)["value"].tolist() == [1 << 20]


def test_a_large_read_and_a_large_write_are_told_apart(watch: Callable[..., Watched]) -> None:
    """One read of 1 MiB among 97 of 101 bytes, one write of 300,000 bytes among 89 of 7: by size, with direction."""
    prepare = """
zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
large = bytes(300_000)
"""
    work = """
for _ in range(97): os.read(zero, 101)
os.read(zero, 1 << 20)
for _ in range(89): os.write(null, b"seventh")
os.write(null, large)
"""
    with Worker(work, prepare=prepare) as worker:
        watched = watch("rw", worker)
        worker.work()
        examples = watched.interval("sizes")
    found = {(int(one["bucket"]), int(one["value"]), int(one["direction"])) for one in mine(examples, worker)}
    assert found == {(6, 101, 0), (20, 1 << 20, 0), (2, 7, 1), (18, 300_000, 1)}


def test_the_slowest_handshakes_name_their_remote_ends(
    watch: Callable[..., Watched], capfd: pytest.CaptureFixture[str]
) -> None:
    """Every bucket that counted one has one; the worst of all is the histogram's maximum."""
    with Worker(test_tcpconnect.WORK, prepare=test_tcpconnect.PREPARE) as worker:
        four, six, _ = map(int, capfd.readouterr().err.split())
        watched = watch("tcpconnect", worker)
        worker.work()
        examples = watched.interval()
        latency = watched.loaded.rows("tcpconnect_latency").values
    assert lie_in_their_buckets(examples)
    assert examples["bucket"].tolist() == np.flatnonzero(latency["slots"].sum(axis=0)).tolist()
    assert int(examples["value"].max()) == int(latency["max_value"].max())
    ours = mine(examples, worker)
    assert ours.size and {end(remote) for remote in ours["remote"]} <= {("127.0.0.1", four), ("::1", six)}
    assert all(name.startswith(b"python") for name in ours["comm"].tolist())


def test_the_slowest_requests_name_their_device_and_direction(watch: Callable[..., Watched], file: Path) -> None:
    """Every bucket that counted a request has one; those of this process, on the device of the file."""
    with Worker(test_blockio.WORK, str(file), prepare=test_blockio.PREPARE) as worker:
        watched = watch("blockio", worker)
        worker.work()
        examples = watched.interval()
        rows, latency = watched.loaded.rows("blockio_rows"), watched.loaded.rows("blockio_latency")
    assert lie_in_their_buckets(examples)
    assert examples["bucket"].tolist() == np.flatnonzero(latency.values["slots"].sum(axis=0)).tolist()
    assert int(examples["value"].max()) == int(rows.values["max_ns"].max())
    ours = mine(examples, worker)
    assert ours.size and set(ours["device"].tolist()) == set(rows.keys["device"][rows.keys["pid"] == worker.pid])
    assert all(name.startswith(b"python") for name in ours["comm"].tolist())
    assert set(examples["direction"].tolist()) <= {0, 1}


def test_the_longest_waits_for_a_cpu_name_who_waited(watch: Callable[..., Watched]) -> None:
    """Two that compute on one CPU: the worst of all waits is at least theirs, and its process's own worst."""
    work = "end = time.process_time() + 0.1\nwhile time.process_time() < end: pass"
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(work, cpu=CPUS[0])) for _ in range(2)]
        watched = watch("runqlat", *workers)
        for worker in workers:
            worker.begin()
        for worker in workers:
            worker.finish()
        watched.loaded.detach()
        examples = watched.interval()
        rows = watched.loaded.rows("runqlat_rows")
    worst = examples[examples["value"].argmax()]
    pids = [worker.pid for worker in workers]
    assert rows.values["max_ns"][rows.keys["pid"] == worst["pid"]].tolist() == [worst["value"]]
    assert int(worst["value"]) >= int(rows.values["max_ns"][np.isin(rows.keys["pid"], pids)].max()) > MS
    assert set(examples["cpu"][np.isin(examples["pid"], pids)].tolist()) == {CPUS[0]}
    assert lie_in_their_buckets(examples)


def test_live_hands_them_over_with_the_names_of_their_processes() -> None:
    """From a process without privilege, over the wire: a write of 1 GiB, which nobody else makes, in one sample."""
    prepare = "null, huge = os.open('/dev/null', os.O_WRONLY), mmap.mmap(-1, 1 << 30)"

    def written(sample: Sample) -> list[int]:
        values: list[int] = mine(sample.probes["rw"].worst["sizes"], worker, direction=1, bucket=30)["value"].tolist()
        return values

    with Worker("os.write(null, huge)", prepare=prepare) as worker, LiveSession("rw", interval=0.25) as session:
        session.live("rw")
        worker.begin()
        seen = session.until(lambda sample: sample.tick and bool(written(sample)))
        worker.finish()
        later = session.tick()
    assert written(seen) == [1 << 30]
    assert seen.processes[worker.pid].name.startswith("python")
    assert written(later) == []
    assert not any("no worst examples" in line for line in (*seen.messages, *later.messages))


EPOCH = MapInfo("epoch", bpf.ARRAY, 4, 8, 1, bpf.MMAPABLE, (Field("index", "<u4", 0),), (Field("value", "<u8", 0),))
RECORD = (Field("epoch", "<u8", 0), Field("value", "<u8", 8), Field("pid", "<u4", 16), Field("comm", "S16", 20))


def test_a_number_that_cannot_be_mapped_is_written_by_system_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs read is the same."""

    def refused(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    fd = bpf.create_map(bpf.ARRAY, 4, 8, 1, bpf.MMAPABLE, "ebtop_test")
    try:
        mapped = Epoch(EPOCH, fd)
        assert [mapped.advance() for _ in range(3)] == [1, 2, 3]
        assert bpf.lookup(fd, bytes(4), 8) == (4).to_bytes(8, "little")
        mapped.close()
        monkeypatch.setattr(mmap, "mmap", refused)
        written = Epoch(EPOCH, fd)
        assert [written.advance() for _ in range(2)] == [1, 2]
        assert bpf.lookup(fd, bytes(4), 8) == (3).to_bytes(8, "little")
        monkeypatch.setattr(bpf, "update", refused)
        with pytest.raises(PermissionError):
            Epoch(EPOCH, fd)
    finally:
        os.close(fd)


def test_without_a_number_a_probe_has_no_examples_and_says_so(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is thrown; the reason is one line."""

    def refused(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    loaded = load("syscalls")
    monkeypatch.setattr(bpf, "update", refused)
    maps = dict(loaded.maps)
    info, fd = maps["syscalls_epoch"]
    maps["syscalls_epoch"] = (MapInfo(info.name, info.type, 4, 8, 1, 0, info.key, info.value), fd)
    worst = Worst(registry.probe("syscalls"), maps)
    worst.begin(tick=True)
    assert (worst.lacks, worst.read()) == ("no worst examples: [Errno 1] Operation not permitted", {})
    del maps["syscalls_worst"]
    assert Worst(registry.probe("syscalls"), maps).lacks == "no worst examples: there is no map 'syscalls_worst'"


def test_the_largest_of_all_cpus_is_taken_and_what_is_being_written_left_out() -> None:
    """By bucket; records of other intervals and half-written ones are as good as none; names are cleaned."""
    entries = banks() * 2 * BUCKETS
    info = MapInfo("worst", bpf.ARRAY, 4, 40, entries, bpf.MMAPABLE, EPOCH.key, RECORD)
    fd = bpf.create_map(bpf.ARRAY, 4, 40, entries, bpf.MMAPABLE, "ebtop_test")

    def put(cpu: int, epoch: int, bucket: int, value: int, pid: int, comm: bytes, mark: int = 0) -> None:
        record = np.zeros(1, [("epoch", "<u8"), ("value", "<u8"), ("pid", "<u4"), ("comm", "S16"), ("pad", "V4")])
        record[0] = (mark or epoch, value, pid, comm, b"")
        index = cpu * 2 * BUCKETS + (epoch & 1) * BUCKETS + bucket
        bpf.update(fd, index.to_bytes(4, "little"), record.tobytes())

    last = banks() - 1
    put(0, 7, 3, 9, 11, b"one")
    put(last, 7, 3, 15, 12, b"other\x1b")
    put(0, 7, 0, 0, 13, b"nothing")
    put(0, 5, 4, 17, 14, b"earlier")
    put(0, 8, 5, 33, 15, b"later")
    put(0, 7, 6, 65, 16, b"half", mark=2**64 - 1)
    reader = Examples(info, fd, ["pid", "comm"])
    try:
        examples = reader.of(7)
        assert reader.of(9).size == 0
    finally:
        reader.close()
        os.close(fd)
    found = [(int(one["bucket"]), int(one["value"]), int(one["pid"]), one["comm"].decode()) for one in examples]
    assert found == [(0, 0, 13, "nothing"), (3, 15, 12, "other\u241b")]

"""The map reader over real maps, made directly with bpf(2)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ebtop.kernel import bpf
from ebtop.kernel.cpus import banks, possible_cpus
from ebtop.kernel.maps import MapReader
from ebtop.wire import Field, MapInfo

pytestmark = pytest.mark.kernel

KEY = (Field("pid", "<u4", 0), Field("nr", "<u4", 4))
VALUE = (Field("calls", "<u8", 0), Field("max_ns", "<u8", 8), Field("comm", "S16", 16), Field("errors", "<u4", 32))
VALUE_SIZE = 40
HASHES = (bpf.HASH, bpf.LRU_HASH)
PER_CPU_HASHES = (bpf.PERCPU_HASH, bpf.LRU_PERCPU_HASH)


def slot(calls: int, max_ns: int = 0, comm: bytes = b"", errors: int = 0) -> bytes:
    return struct.pack("=QQ16sI4x", calls, max_ns, comm, errors)


@contextmanager
def a_map(
    kind: int, capacity: int, flags: int = 0, fields: tuple[Field, ...] = VALUE, size: int = VALUE_SIZE
) -> Iterator[tuple[int, MapReader]]:
    hashed = kind in HASHES + PER_CPU_HASHES
    key, key_size = (KEY, 8) if hashed else ((Field("index", "<u4", 0),), 4)
    fd = bpf.create_map(kind, key_size, size, capacity, flags, "ebtop_test")
    reader = MapReader(MapInfo("ebtop_test", kind, key_size, size, capacity, flags, key, fields), fd)
    try:
        yield fd, reader
    finally:
        reader.close()
        os.close(fd)


@pytest.mark.parametrize("kind", HASHES)
def test_every_key_of_a_hash_is_read_once_with_its_value(kind: int) -> None:
    """997 keys in, 997 rows out, each with what was put there."""
    with a_map(kind, 4096) as (fd, reader):
        for pid in range(1, 998):
            bpf.update(fd, struct.pack("=II", pid, pid % 7), slot(3 * pid, pid, b"worker", 1))
        rows = reader.read()
    assert sorted(rows.keys["pid"].tolist()) == list(range(1, 998))
    assert (rows.keys["nr"] == rows.keys["pid"] % 7).all()
    assert (rows.values["calls"] == 3 * rows.keys["pid"].astype(np.uint64)).all()
    assert set(rows.values["comm"].tolist()) == {b"worker"}
    assert rows.capacity == 4096


@pytest.mark.parametrize("kind", PER_CPU_HASHES)
def test_slots_of_all_possible_cpus_become_one_row(kind: int) -> None:
    """Counts add up, max_ members keep the largest, a name comes from the first CPU that has one."""
    cpus = possible_cpus()
    slots = [slot(101 + cpu, 7 * (cpu + 1), b"late" if cpu == cpus - 1 else b"", 2) for cpu in range(cpus)]
    with a_map(kind, 512) as (fd, reader):
        bpf.update(fd, struct.pack("=II", 4121, 0), b"".join(slots))
        rows = reader.read()
    row = rows.values[0]
    assert rows.keys.tolist() == [(4121, 0)]
    assert row["calls"] == sum(101 + cpu for cpu in range(cpus))
    assert row["max_ns"] == 7 * cpus
    assert row["comm"] == b"late"
    assert row["errors"] == 2 * cpus


def test_an_empty_map_has_no_rows() -> None:
    """No keys, no rows, no error."""
    with a_map(bpf.PERCPU_HASH, 64) as (_, reader):
        assert reader.read().keys.size == 0


def test_keys_that_did_not_change_are_the_very_same_array() -> None:
    """Whoever depends on the keys alone may keep his result."""
    with a_map(bpf.HASH, 64) as (fd, reader):
        bpf.update(fd, struct.pack("=II", 5, 0), slot(1))
        first = reader.read()
        bpf.update(fd, struct.pack("=II", 5, 0), slot(2))
        second = reader.read()
        bpf.update(fd, struct.pack("=II", 6, 0), slot(1))
        third = reader.read()
    assert second.keys is first.keys
    assert (first.values["calls"][0], second.values["calls"][0]) == (1, 2)
    assert third.keys is not first.keys


def test_names_from_the_machine_are_cleaned() -> None:
    """An escape sequence in a name arrives visible and harmless."""
    with a_map(bpf.HASH, 64) as (fd, reader):
        bpf.update(fd, struct.pack("=II", 5, 0), slot(1, comm=b"\x1b[31mred"))
        assert reader.read().values["comm"][0].decode() == "\u241b[31mred"


def test_banks_of_a_mapped_array_are_added_up_without_a_system_call() -> None:
    """Entries of all banks with the same index become one row; only mapped memory is read."""
    entries = 13
    with a_map(bpf.ARRAY, banks() * entries, bpf.MMAPABLE) as (fd, reader):
        for bank in range(banks()):
            for index in range(entries):
                bpf.update(fd, struct.pack("=I", bank * entries + index), slot(index + bank, 100 * bank + index))
        rows = reader.read()
    assert rows.keys["index"].tolist() == list(range(entries))
    assert rows.capacity == entries
    assert rows.values["calls"].tolist() == [sum(i + bank for bank in range(banks())) for i in range(entries)]
    assert rows.values["max_ns"].tolist() == [100 * (banks() - 1) + i for i in range(entries)]


def test_a_mapped_array_tells_what_happened_since_it_was_mapped() -> None:
    """It is mapped once, and read again and again."""
    with a_map(bpf.ARRAY, banks(), bpf.MMAPABLE) as (fd, reader):
        before = reader.read()
        bpf.update(fd, struct.pack("=I", 0), slot(23))
        after = reader.read()
    assert before.values["calls"][0] == 0
    assert after.values["calls"][0] == 23


def test_histogram_buckets_are_added_up_one_by_one() -> None:
    """An array member of a per-CPU value keeps its shape."""
    fields = (Field("slots", "(40,)<u8", 0), Field("sum", "<u8", 320), Field("max_value", "<u8", 328))
    one = struct.pack("=40QQQ", *range(40), 780, 39)
    with a_map(bpf.PERCPU_HASH, 16, fields=fields, size=336) as (fd, reader):
        bpf.update(fd, struct.pack("=II", 1, 1), one * possible_cpus())
        row = reader.read().values[0]
    assert row["slots"].tolist() == [bucket * possible_cpus() for bucket in range(40)]
    assert (row["sum"], row["max_value"]) == (780 * possible_cpus(), 39)


@pytest.mark.parametrize("kind", [bpf.ARRAY, bpf.PERCPU_ARRAY])
def test_plain_arrays_are_read_whole(kind: int) -> None:
    """Every index is a row, used or not."""
    cpus = possible_cpus() if kind == bpf.PERCPU_ARRAY else 1
    with a_map(kind, 11) as (fd, reader):
        bpf.update(fd, struct.pack("=I", 7), slot(31) * cpus)
        rows = reader.read()
    assert rows.keys["index"].tolist() == list(range(11))
    assert rows.values["calls"].tolist() == [31 * cpus if index == 7 else 0 for index in range(11)]


def test_a_kernel_without_batch_reads_is_read_key_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """EINVAL from the batch command leads to the same rows, from then on without trying again."""
    asked: list[int] = []

    def without_batch(command: int, attributes: bytearray, real: Callable[[int, bytearray], int] = bpf.bpf) -> int:
        if command == bpf.MAP_LOOKUP_BATCH:
            asked.append(command)
            raise OSError(22, "Invalid argument")
        return real(command, attributes)

    monkeypatch.setattr(bpf, "bpf", without_batch)
    with a_map(bpf.PERCPU_HASH, 256) as (fd, reader):
        for pid in range(1, 102):
            bpf.update(fd, struct.pack("=II", pid, 0), slot(pid) * possible_cpus())
        rows, again = reader.read(), reader.read()
    assert sorted(rows.keys["pid"].tolist()) == list(range(1, 102))
    assert (rows.values["calls"] == possible_cpus() * rows.keys["pid"].astype(np.uint64)).all()
    assert again.keys is rows.keys
    assert len(asked) == 1


@pytest.mark.parametrize("kind", [bpf.HASH, bpf.PERCPU_HASH])
def test_rows_are_deleted_by_their_place(kind: int) -> None:
    """Exactly the rows that were named go; one that went by itself in between does no harm."""
    cpus = possible_cpus() if kind == bpf.PERCPU_HASH else 1
    with a_map(kind, 256) as (fd, reader):
        for pid in range(1, 42):
            bpf.update(fd, struct.pack("=II", pid, 0), slot(pid) * cpus)
        rows = reader.read()
        even = np.flatnonzero(rows.keys["pid"] % 2 == 0)
        assert bpf.delete(fd, struct.pack("=II", int(rows.keys["pid"][even[3]]), 0))
        reader.delete(even)
        left = reader.read()
    assert sorted(left.keys["pid"].tolist()) == list(range(1, 42, 2))


def test_a_walk_that_meets_more_keys_than_there_is_room_for_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches, buffers that grow in between, no key lost and none twice."""
    monkeypatch.setattr("ebtop.kernel.maps._SLACK", 1)
    with a_map(bpf.HASH, 4096) as (fd, reader):
        for pid in range(1, 3002):
            bpf.update(fd, struct.pack("=II", pid, 0), slot(pid))
        reader._walk._reserve(3)  # type: ignore[attr-defined]  # much smaller than any real one
        rows = reader.read()
    assert sorted(rows.keys["pid"].tolist()) == list(range(1, 3002))
    assert (rows.values["calls"] == rows.keys["pid"]).all()


@pytest.mark.parametrize("kind", PER_CPU_HASHES)
def test_the_kernel_has_a_slot_for_each_possible_cpu_and_no_more(kind: int) -> None:
    """Whether a CPU is online or not: a value is as long as possible_cpus() says, to the byte."""
    with a_map(kind, 16) as (fd, _):
        key = struct.pack("=II", 1, 1)
        bpf.update(fd, key, slot(7) * possible_cpus())
        slots = possible_cpus()
        value = ctypes.create_string_buffer(bytes([0xA5]) * VALUE_SIZE * (slots + 1), VALUE_SIZE * (slots + 1))
        place = ctypes.create_string_buffer(key)
        at = (ctypes.addressof(place), ctypes.addressof(value))
        bpf.bpf(bpf.MAP_LOOKUP, bytearray(struct.pack("=IIQQQ", fd, 0, *at, 0)))
    assert value.raw == slot(7) * slots + bytes([0xA5]) * VALUE_SIZE

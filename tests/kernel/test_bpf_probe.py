"""The probe bpf over the real warden: programs and maps by id, runs to the last one, ebtop's own marked."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from ebtop.kernel import bpf
from ebtop.objects import MAPS, PROGRAMS
from ebtop.sample import Sample
from tests.kernel.live_session import LiveSession, ids

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

RUNS = 1009
PROG_LOAD, PROG_TEST_RUN = 5, 10
SOCKET_FILTER = 1
KINDS = {"program": PROGRAMS, "map": MAPS}
RETURN_ZERO = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)


@pytest.fixture
def program(kernel: None) -> Iterator[int]:
    """A program of somebody else's: this process's."""
    code, licence = ctypes.create_string_buffer(RETURN_ZERO), ctypes.create_string_buffer(b"GPL")
    places = ctypes.addressof(code), ctypes.addressof(licence)
    head = struct.pack("=IIQQIIQII", SOCKET_FILTER, len(RETURN_ZERO) // 8, *places, 0, 0, 0, 0, 0)
    descriptor = bpf.bpf(PROG_LOAD, bytearray(head + b"not_ours".ljust(16, b"\0")))
    yield descriptor
    os.close(descriptor)


def number_of(descriptor: int) -> int:
    """The id of the program or map."""
    return int(struct.unpack_from("=II", bpf.info(descriptor))[1])


def run(program: int, times: int) -> None:
    """Have the kernel run it that often."""
    packet = ctypes.create_string_buffer(64)
    head = struct.pack("=IIIIQQII", program, 0, 64, 0, ctypes.addressof(packet), 0, times, 0)
    bpf.bpf(PROG_TEST_RUN, bytearray(head))


def row(sample: Sample, table: str, number: int) -> dict[str, object]:
    """Key and value of one object, empty while it is not listed."""
    if "bpf" not in sample.probes or (rows := sample.probes["bpf"].maps.get(table)) is None:
        return {}
    found = np.flatnonzero(rows.keys["id"] == number)
    assert found.size <= 1
    return {
        name: records[name][found[0]].item()
        for records in (rows.keys, rows.values)
        for name in records.dtype.names or ()
        if found.size
    }


def test_runs_are_exact_and_the_owner_is_named(program: int) -> None:
    """1009 runs of a program that this process holds: so many are listed, with type, name and pid, and no mark."""
    number = number_of(program)
    with LiveSession("bpf") as session:
        seen = row(session.until(lambda sample: bool(row(sample, PROGRAMS, number).get("pid"))), PROGRAMS, number)
        assert seen["runs"] == 0
        run(program, RUNS)
        after = row(session.until(lambda sample: bool(row(sample, PROGRAMS, number)["runs"])), PROGRAMS, number)
        settled = row(session.tick(), PROGRAMS, number)
    assert (after["runs"], settled["runs"]) == (RUNS, RUNS)
    assert (settled["type"], settled["name"], settled["mark"]) == (b"socket_filter", b"not_ours", b"")
    assert settled["pid"] == os.getpid()
    assert settled["run_ns"] != 0
    assert settled["memory_bytes"] != 0


def test_a_map_is_listed_with_its_size_and_gone_when_it_is(kernel: None) -> None:
    """Capacity, type and name of a map of this process; closed, it is not in the next list."""
    descriptor = bpf.create_map(bpf.HASH, 4, 8, 1234, 0, "not_ours")
    number = number_of(descriptor)
    with LiveSession("bpf") as session:
        seen = row(session.until(lambda sample: bool(row(sample, MAPS, number).get("pid"))), MAPS, number)
        os.close(descriptor)
        session.until(lambda sample: bool(sample.probes["bpf"].maps) and not row(sample, MAPS, number))
    assert (seen["type"], seen["name"], seen["mark"], seen["capacity"]) == (b"hash", b"not_ours", b"", 1234)
    assert seen["pid"] == os.getpid()


def test_all_of_ebtops_own_is_marked_and_nothing_else(program: int) -> None:
    """Programs and maps that came with ebtop's probes, by id, are those that the list marks."""
    there = ids()
    with LiveSession("bpf", "syscalls", "exec") as session:
        session.live("bpf", "syscalls", "exec")
        session.until(lambda sample: MAPS in sample.probes["bpf"].maps)

        def marked(sample: Sample) -> dict[str, set[int]]:
            rows = {kind: sample.probes["bpf"].maps[table].keys for kind, table in KINDS.items()}
            return {kind: set(keys["id"][keys["mark"] == b"ebtop"].tolist()) for kind, keys in rows.items()}

        def own() -> dict[str, set[int]]:
            return {kind: {number for what, number in ids() - there if what == kind} for kind in KINDS}

        sample = session.until(lambda sample: marked(sample) == own())
        assert all(marked(sample)[kind] for kind in KINDS)

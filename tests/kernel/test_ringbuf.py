"""The ring buffer's consumer, fed by a BPF program of a few instructions."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ebtop.kernel import bpf
from ebtop.kernel.ringbuf import TAIL, RingReader
from ebtop.wire import Field, MapInfo

pytestmark = pytest.mark.kernel

RECORD = (Field("number", "<u8", 0), Field("name", "S8", 8), Field("low", "<u4", 16))
RECORD_SIZE = 20
SIZE = 1 << 14
OUTPUT, RESERVE, DISCARD = 130, 131, 133  # bpf_ringbuf_output, _reserve, _discard


def insn(code: int, registers: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    return struct.pack("=BBhi", code, registers, offset, immediate)


def load(fd: int, program: bytes) -> int:
    """A socket filter, which BPF_PROG_TEST_RUN can run."""
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    at = (ctypes.addressof(code), ctypes.addressof(licence))
    return bpf.bpf(5, bytearray(struct.pack("=IIQQIIQII16s", 1, len(program) // 8, *at, 0, 0, 0, 0, 0, b"ebtop_test")))


def ring_argument(fd: int) -> bytes:
    """r1 = the ring buffer."""
    return insn(0x18, 0x11, 0, fd) + insn(0)


def writer(fd: int, counter: int, name: bytes) -> bytes:
    """Each run puts out {number of the run, name, 7}."""
    first, second = struct.unpack("=ii", name.ljust(8, b"\0"))
    return (
        insn(0x62, 0x0A, -4, 0)  # key 0 on the stack
        + insn(0x18, 0x11, 0, counter)
        + insn(0)
        + insn(0xBF, 0xA2)
        + insn(0x07, 0x02, 0, -4)
        + insn(0x85, 0, 0, 1)  # r0 = lookup(counter, key)
        + insn(0x55, 0x00, 2, 0)
        + insn(0xB7, 0x00, 0, 0)
        + insn(0x95)
        + insn(0x79, 0x01, 0)  # r1 = *r0
        + insn(0x07, 0x01, 0, 1)
        + insn(0x7B, 0x10, 0)  # *r0 = r1 + 1
        + insn(0x7B, 0x1A, -32)
        + insn(0x62, 0x0A, -24, first)
        + insn(0x62, 0x0A, -20, second)
        + insn(0x62, 0x0A, -16, 7)
        + ring_argument(fd)
        + insn(0xBF, 0xA2)
        + insn(0x07, 0x02, 0, -32)
        + insn(0xB7, 0x03, 0, RECORD_SIZE)
        + insn(0xB7, 0x04)
        + insn(0x85, 0, 0, OUTPUT)
        + insn(0xB7, 0x00)
        + insn(0x95)
    )


def discarder(fd: int) -> bytes:
    """Each run reserves a record and discards it."""
    return (
        ring_argument(fd)
        + insn(0xB7, 0x02, 0, RECORD_SIZE)
        + insn(0xB7, 0x03)
        + insn(0x85, 0, 0, RESERVE)
        + insn(0x15, 0x00, 3, 0)
        + insn(0xBF, 0x01)
        + insn(0xB7, 0x02)
        + insn(0x85, 0, 0, DISCARD)
        + insn(0xB7, 0x00)
        + insn(0x95)
    )


@dataclass
class Ring:
    """A ring buffer and its programs."""

    fd: int
    counter: int
    reader: RingReader

    def run(self, program: bytes, times: int) -> None:
        loaded = load(self.fd, program)
        packet = ctypes.create_string_buffer(64)
        at = ctypes.addressof(packet)
        bpf.bpf(10, bytearray(struct.pack("=IIIIQQII", loaded, 0, 64, 0, at, 0, times, 0)))
        os.close(loaded)

    def write(self, times: int, name: bytes = b"name") -> None:
        self.run(writer(self.fd, self.counter, name), times)


@pytest.fixture
def ring() -> Iterator[Ring]:
    fd = bpf.create_map(bpf.RINGBUF, 0, 0, SIZE)
    counter = bpf.create_map(bpf.ARRAY, 4, 8, 1)
    reader = RingReader(MapInfo("ring", bpf.RINGBUF, 0, 0, SIZE, 0, (), ()), RECORD, RECORD_SIZE, fd)
    yield Ring(fd, counter, reader)
    reader.close()
    os.close(fd)
    os.close(counter)


def test_every_record_is_read_in_order(ring: Ring) -> None:
    """23 records of 20 bytes, 32 with header and padding."""
    ring.write(23)
    tail = ring.reader.read()
    assert tail.seen == 23
    assert tail.records["number"].tolist() == list(range(1, 24))
    assert set(tail.records["name"].tolist()) == {b"name"}
    assert set(tail.records["low"].tolist()) == {7}


def test_an_empty_ring_has_no_records(ring: Ring) -> None:
    """Nothing written, nothing seen."""
    tail = ring.reader.read()
    assert (tail.seen, tail.records.size) == (0, 0)


def test_the_ring_wraps_around_without_losing_a_record(ring: Ring) -> None:
    """Many times the ring's size goes through it, in pieces that do not divide it."""
    for _ in range(37):
        ring.write(97)
        tail = ring.reader.read()
    assert tail.seen == 37 * 97
    assert tail.records["number"].tolist() == list(range(37 * 97 - TAIL + 1, 37 * 97 + 1))


def test_what_has_no_room_is_lost_and_what_has_is_kept(ring: Ring) -> None:
    """A ring of 512 records takes 511 or 512 of 701, and goes on afterwards."""
    ring.write(701)
    seen = ring.reader.read().seen
    assert seen in (SIZE // 32, SIZE // 32 - 1)
    ring.write(5)
    assert ring.reader.read().seen == seen + 5


def test_discarded_records_are_passed_over(ring: Ring) -> None:
    """They take room but are not events."""
    ring.write(3)
    ring.run(discarder(ring.fd), 19)
    ring.write(2)
    tail = ring.reader.read()
    assert tail.seen == 5
    assert tail.records["number"].tolist() == [1, 2, 3, 4, 5]


def test_how_full_the_ring_is(ring: Ring) -> None:
    """The share of the ring that waits to be read; none after a drain."""
    ring.write(128)
    assert ring.reader.waiting() == 0.25
    ring.reader.drain()
    assert ring.reader.waiting() == 0.0


def test_names_in_records_are_cleaned(ring: Ring) -> None:
    """A control character arrives visible."""
    ring.write(1, b"a\x07b")
    assert ring.reader.read().records["name"][0].decode() == "a\u2407b"

"""Cells: every kind of key as text, from any layout the reader may hand over."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import numpy as np
import pytest

from ebtop import cells
from ebtop.frame import Frame, TableFrame
from ebtop.sample import HostSample, Process, Sample
from ebtop.spec import Key, Kind, Table
from ebtop.units import Unit

LABELS = {
    "syscall": {0: "read"},
    "device": {8 << 20: "sda"},
    "interface": {2: "eth0"},
    "uid": {1000: "ada"},
    "symbol": {0xFFFFFFFF812D4E60: "wb_workfn"},
}
SAMPLE = Sample(
    5 * 10**9, 1_000_000_005 * 10**9, 1.0, HostSample(), {}, {7: Process("node", "ada", "web", True)}, LABELS
)
FRAME = Frame(SAMPLE, 1.0, {})
NESTED = np.dtype([("ip", "u1", (16,)), ("port", "<u4")])


def number(kind: Kind, value: int) -> str:
    """One numeric cell of `kind`."""
    return cells.cell(FRAME, Key("f", kind), np.array([(value,)], [("f", "<u8")])[0])


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.PID, 4121, "4121"),
        (Kind.SYSCALL, 0, "read"),
        (Kind.SYSCALL, 999, "999"),
        (Kind.DEVICE, 8 << 20, "sda"),
        (Kind.DEVICE, 8 << 20 | 3, "8:3"),
        (Kind.INTERFACE, 2, "eth0"),
        (Kind.INTERFACE, 9, "9"),
        (Kind.INTERFACE, 0, "-"),
        (Kind.ERRNO, 0, "ok"),
        (Kind.ERRNO, 2, "ENOENT"),
        (Kind.ERRNO, 512, "ERESTARTSYS"),
        (Kind.ERRNO, 4000, "4000"),
        (Kind.UID, 1000, "ada"),
        (Kind.UID, 1, "1"),
        (Kind.DIRECTION, 0, "read"),
        (Kind.DIRECTION, 1, "write"),
        (Kind.NUMBER, 17, "17"),
        (Kind.POINTER, 0xC0FFEE, "0xc0ffee"),
        (Kind.SYMBOL, 0xFFFFFFFF812D4E60, "wb_workfn"),
        (Kind.SYMBOL, 0xFFFFFFFF812D4E61, "0xffffffff812d4e61"),
        (Kind.OBJECT, 31, "31"),
    ],
)
def test_a_number_is_shown_by_its_kind(kind: Kind, value: int, shown: str) -> None:
    """By name where the machine gave one, else by number."""
    assert number(kind, value) == shown


def test_a_code_is_shown_by_the_declarations_word_or_the_kernels() -> None:
    """The declaration's where it has some; the number where neither has one for it."""
    records = np.array([(2,), (9,)], [("f", "<u4")])
    labels = {"enum skb_drop_reason": {2: "NO_SOCKET"}}
    frame = replace(FRAME, sample=replace(FRAME.sample, labels=labels))
    assert cells.cells(frame, Key("f", Kind.CODE, codes=((9, "SIGKILL"),)), records) == ["2", "SIGKILL"]
    assert cells.cells(frame, Key("f", Kind.CODE, enum="skb_drop_reason"), records) == ["NO_SOCKET", "9"]


@pytest.mark.parametrize("layout", [NESTED, np.dtype("V20"), np.dtype(("u1", (20,)))])
def test_an_address_reads_the_same_from_any_layout(layout: np.dtype[np.void]) -> None:
    """Nested struct, opaque bytes or byte array: IPv4 plain, IPv6 in brackets, no port as a star, nothing as a dash."""
    wanted = ["10.0.4.7:5432", "[2a00::1]:443", "[::]:80", "10.0.4.7:*", "-"]
    raw = np.zeros(5, [("pid", "<u4"), ("remote", NESTED)])
    ends = (("::ffff:10.0.4.7", 5432), ("2a00::1", 443), ("::", 80), ("::ffff:10.0.4.7", 0), ("::", 0))
    for row, (ip, port) in enumerate(ends):
        raw["remote"]["ip"][row] = np.frombuffer(socket.inet_pton(socket.AF_INET6, ip), np.uint8)
        raw["remote"]["port"][row] = port
    records = raw.view([("pid", "<u4"), ("remote", layout)])
    assert cells.cells(FRAME, Key("remote", Kind.ADDRESS), records) == wanted
    assert cells.cells(FRAME, Key("remote", Kind.ADDRESS), records, [1, 0]) == [wanted[1], wanted[0]]
    assert cells.cell(FRAME, Key("remote", Kind.ADDRESS), records[1]) == wanted[1]


def test_a_number_may_be_flags_or_have_a_unit() -> None:
    """Each bit by its word, what has none in hexadecimal; a time or a size as in any column."""
    records = np.array([(0,), (4097,), (4129,)], [("f", "<u8")])
    words = ((1, "ro"), (4096, "bind"))
    assert cells.cells(FRAME, Key("f", Kind.FLAGS, codes=words), records) == ["", "ro,bind", "ro,bind,0x20"]
    assert cells.cells(FRAME, Key("f", Kind.NUMBER, unit=Unit.NS), records) == ["0 ns", "4.1 µs", "4.1 µs"]


def test_only_the_rows_asked_for_are_written_in_their_order() -> None:
    """A view that shows three of ten thousand rows pays for three."""
    records = np.array([(n,) for n in range(10)], [("n", "<u8")])
    assert cells.cells(FRAME, Key("n", Kind.NUMBER), records, np.array([9, 0, 3])) == ["9", "0", "3"]
    assert cells.cells(FRAME, Key("n", Kind.NUMBER), records, []) == []


def test_text_is_decoded() -> None:
    """Char arrays are UTF-8."""
    records = np.array([("é/␛".encode(),)], [("path", "S64")])
    assert cells.cells(FRAME, Key("path", Kind.TEXT), records) == ["é/␛"]


def test_an_events_time_is_its_local_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """250 ms before the sample."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    records = np.array([(4_750_000_000,)], [("at", "<u8")])
    assert cells.cells(FRAME, Key("at", Kind.TIME), records) == ["01:46:44.750"]


def test_a_program_is_the_sources_name_then_the_kernels_then_unknown() -> None:
    """Processes that are gone keep the name that the kernel saw."""
    key = Key("pid", Kind.PID)
    keys = np.array([(7,), (8,), (9,)], [("pid", "<u4")])
    comm = np.array([b"old", b"gone", b""], "S16")
    table = TableFrame(Table("t", "", "m", (key,), (), ""), keys, {}, comm)
    assert cells.programs(FRAME, table, key) == ["node", "gone", "?"]
    assert cells.programs(FRAME, table, key, [2, 1]) == ["?", "gone"]
    assert (cells.user(FRAME, 7), cells.user(FRAME, 8)) == ("ada", "")
    assert (cells.unit(FRAME, 7), cells.unit(FRAME, 8)) == ("web", "")

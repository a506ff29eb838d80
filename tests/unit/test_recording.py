"""Recordings: exact, small, and safe to read whatever the file holds."""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from ebtop import dtypes, planes, registry
from ebtop.recording import MAGIC, Writer, read
from ebtop.sample import EventTail, MapRows, ProbeSample, Process, Sample, State
from tests import samples

PADDED = np.dtype({"names": ["pid", "ns"], "formats": ["<u4", "<u8"], "offsets": [0, 8], "itemsize": 24})
NESTED = np.dtype([("pid", "<u4"), ("remote", [("ip", "u1", (16,)), ("port", "<u4")])])


def recorded(*given: Sample) -> bytes:
    """The file of these samples."""
    file = io.BytesIO()
    writer = Writer(file)
    for sample in given:
        writer.write(sample)
    return file.getvalue()


def back(content: bytes) -> list[Sample]:
    """All samples of a file."""
    return list(read(io.BytesIO(content)))


def same(left: Any, right: Any) -> bool:
    """Whether `left` is what a recording of `right` has to give: arrays to the last byte and dtype, rows in order."""
    if isinstance(left, np.ndarray):
        return bool(left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes())
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(right, MapRows):
        right = planes.in_order(right)
    if isinstance(left, Sample | ProbeSample | MapRows | EventTail):
        return all(same(getattr(left, field.name), getattr(right, field.name)) for field in fields(left))
    return bool(left == right)


def comes_back(session: list[Sample]) -> bool:
    """Whether a file of `session` reads as exactly that."""
    return all(same(*pair) for pair in zip(back(recorded(*session)), session, strict=True))


def one_map(keys: Any, values: Any, capacity: int = 64) -> Sample:
    """A sample with one probe that has one map."""
    probe = ProbeSample(State.LIVE, maps={"m": MapRows(keys, values, capacity)})
    return replace(samples.sample(0, []), probes={"p": probe})


def test_a_session_of_every_probe_comes_back_exactly() -> None:
    """Every field of every sample, every array with its dtype."""
    session = samples.session(5)
    assert comes_back(session)


def test_states_errors_logs_and_messages_come_back() -> None:
    """Probes that come, fail, go and come again; logs keep their lines."""
    first = samples.session(3)
    session = [
        replace(first[0], messages=("compiling",), tick=False),
        samples.with_probe(first[1], "syscalls", samples.failed("why", "line\nline")),
        replace(first[2], processes={}, labels={}),
        replace(samples.sample(4, ["blockio"]), messages=("a", "b")),
        samples.sample(5),
    ]
    assert comes_back(session)


@pytest.mark.parametrize(
    "kind", [PADDED, NESTED, np.dtype([("a", "V20"), ("b", "S7"), ("c", "<f8"), ("d", "<i2", (3,))])]
)
def test_any_layout_comes_back_with_its_padding(kind: np.dtype[Any]) -> None:
    """Offsets, opaque bytes, arrays and structs in structs."""
    random = np.random.default_rng(5)
    values = np.frombuffer(random.integers(97, 122, 9 * kind.itemsize, np.uint8).tobytes(), kind)
    keys = np.array([(number,) for number in range(9)], [("index", "<u4")])
    session = [one_map(keys, values), one_map(keys[::-1].copy(), values.copy()), one_map(keys[2:5], values[2:5])]
    assert dtypes.record_type(json.loads(json.dumps(dtypes.layout(kind)))) == kind
    assert comes_back(session)


def test_rows_that_move_shrink_and_change_are_exact() -> None:
    """Random churn over random counters, with values over the whole range."""
    random = np.random.default_rng(7)
    session = []
    for _ in range(30):
        chosen = random.permutation(200)[: random.integers(0, 120)]
        keys = np.zeros(chosen.size, PADDED)
        keys["pid"] = chosen
        values = np.zeros(chosen.size, [("calls", "<u8"), ("comm", "S16"), ("few", "<u4")])
        values["calls"] = random.integers(0, 2**64, chosen.size, np.uint64)
        values["comm"] = random.choice([b"", b"a", b"postgres"], chosen.size)
        session.append(one_map(keys, values))
    assert comes_back(session)


def test_long_texts_come_back_and_are_written_once() -> None:
    """Paths that come, go, come again and are shared by processes; one more process costs a few bytes for each."""
    key = np.dtype([("pid", "<u4"), ("path", "S256"), ("errno", "<i4")])
    paths = [b"/usr/lib/%032x.so" % (number * 0x9E3779B97F4A7C15F39CC0605CEDC835) for number in range(50)]

    def opened(*pids: int, first: int = 0) -> Sample:
        keys = np.array([(pid, path, -2) for pid in pids for path in paths[first:]], key)
        return one_map(keys[::-1], np.ones(keys.size, [("opens", "<u8")]))

    session = [opened(7), opened(7, 9), opened(9, first=20), opened(), opened(3, 9, 4)]
    assert comes_back(session)
    assert len(recorded(*session[:2])) - len(recorded(session[0])) < 50 * 6


def test_event_tails_keep_what_the_sample_before_had() -> None:
    """Tails that grow, slide, stand still, start over and skip."""
    kind = np.dtype([("ns", "<u8"), ("path", "S64")])

    def tail(begin: int, end: int, seen: int) -> Sample:
        records = np.array([(number, b"path %d" % number) for number in range(begin, end)], kind)
        return replace(
            one_map(records, records), probes={"p": ProbeSample(State.LIVE, events={"e": EventTail(records, seen)})}
        )

    session = [
        tail(0, 0, 0),
        tail(0, 5, 5),
        tail(2, 7, 7),
        tail(2, 7, 7),
        tail(0, 3, 3),
        tail(50, 55, 55),
        tail(0, 1, 1),
    ]
    assert comes_back(session)


def test_examples_come_back_interval_by_interval() -> None:
    """Others, the same, fewer, none, a view that has none any more; recordings of before have no such member."""
    examples = [samples.worst(registry.probe("tcpconnect").views[-1], second) for second in (0, 1)]  # type: ignore[arg-type]  # the histogram

    def sample(**views: Any) -> Sample:
        probe = ProbeSample(State.LIVE, worst=views)
        return replace(samples.sample(0, []), probes={"p": probe})

    given = [examples[0], examples[1], examples[1], examples[1][3:7], examples[1][:0], examples[0]]
    session = [*(sample(latency=one, sizes=given[0]) for one in given), sample(), sample(latency=given[0])]
    assert comes_back(session)
    changes = _changes_of(samples.sample(0, ["rw"]))
    for path, value in changes:
        if path == ["probes"]:
            del value["rw"]["worst"]
            value["rw"]["maps"] = {}
    assert back(forged(changes))[0].probes["rw"].worst == {}


def test_half_a_minute_of_a_loaded_machine_is_small() -> None:
    """Nine probes with 400 rows each, all of them growing: under 300 KB."""
    nine = ("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat", "bpf")
    assert len(recorded(*samples.session(30, nine, rows=400))) < 300_000


def test_what_stands_still_costs_next_to_nothing() -> None:
    """Thirty more samples of the same numbers."""
    one = samples.sample(0)
    grown = len(recorded(*[one] * 31)) - len(recorded(one))
    assert grown < 30 * 15 * len(registry.probes())


def test_a_file_that_is_cut_off_is_read_up_to_there() -> None:
    """Then said, with the number of samples before."""
    session = samples.session(3, ["syscalls"])
    content = recorded(*session)
    for cut in (1, 100, len(content) - len(recorded(*session[:2])) - 1):
        reader = read(io.BytesIO(content[:-cut]))
        assert same(next(reader), session[0])
        assert same(next(reader), session[1])
        with pytest.raises(ValueError, match="damaged after 2 samples: it ends in the middle"):
            next(reader)


@pytest.mark.parametrize("content", [b"", b"ebtop", b"\x80\x04pickle", b"ebtop recording 9\n"])
def test_another_file_is_told_from_a_recording(content: bytes) -> None:
    """One clear line."""
    with pytest.raises(ValueError, match="not an ebtop recording"):
        back(content)


def test_no_damage_leads_to_anything_but_a_value_error() -> None:
    """Every byte of a small file, changed in three ways."""
    content = recorded(*samples.session(2, ["tcpconnect"], rows=2))
    random = np.random.default_rng(3)
    said = []
    for place in random.integers(len(MAGIC), len(content), 300).tolist():
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= change
            try:
                back(bytes(damaged))
            except ValueError as error:
                said.append(str(error))
    assert said
    assert not any("\n" in line for line in said)


def forged(changes: Any, *parts: bytes) -> bytes:
    """A file of one well-formed block with this JSON and these arrays."""
    head = json.dumps(changes).encode()
    plain = b"".join(struct.pack("<I", len(part)) + part for part in (head, *parts))
    packed = zlib.compress(plain)
    return MAGIC + struct.pack("<II", len(packed), len(plain)) + packed


def forged_map(rows: Any, key: Any, value: Any, part: bytes) -> bytes:
    """A file that announces one map."""
    sample = one_map(np.zeros(1, [("index", "<u4")]), np.zeros(1, [("calls", "<u8")]))
    whole = _changes_of(sample)
    for path, value_ in ((change[0], change[1]) for change in whole):
        if path == ["probes"]:
            value_["p"]["maps"]["m"] = {"capacity": 1, "rows": rows, "key": key, "value": value}
    return forged(whole, part)


def _changes_of(sample: Sample) -> list[Any]:
    plain = zlib.decompress(recorded(sample)[len(MAGIC) + 8 :])
    size = struct.unpack_from("<I", plain)[0]
    changes: list[Any] = json.loads(plain[4 : 4 + size])
    return changes


INDEX = {"names": ["index"], "formats": ["<u4"], "offsets": [0], "size": 4}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        (10**12, INDEX),
        (-1, INDEX),
        (1, {**INDEX, "formats": ["|O8"]}),
        (1, {**INDEX, "formats": [["<u8", [1 << 40]]]}),
        (1, {**INDEX, "size": 1 << 30}),
        (1, {**INDEX, "size": 0}),
        (1, {**INDEX, "offsets": [1 << 20]}),
        (1, {**INDEX, "names": []}),
        (1, "<u8"),
        (1, None),
        ("many", INDEX),
    ],
)
def test_a_forged_layout_is_refused_before_anything_is_allocated(rows: Any, key: Any) -> None:
    """Objects, bombs and nonsense."""
    content = forged_map(rows, key, key, struct.pack("<BI", 1, 1) + bytes(12))
    with pytest.raises(ValueError, match="damaged after 0 samples"):
        back(content)


def test_a_bomb_is_refused_by_its_length() -> None:
    """What a block says it holds is all that is inflated."""
    packed = zlib.compress(bytes(50_000_000))
    for length in (1000, 1 << 31):
        with pytest.raises(ValueError, match="a length is"):
            back(MAGIC + struct.pack("<II", len(packed), length) + packed)
    deep = json.loads("[]")
    with pytest.raises(ValueError, match="damaged"):
        back(forged([[["a"] * 5, deep]]))
    nested = b"[" * 200_000
    plain = struct.pack("<I", len(nested)) + nested
    with pytest.raises(ValueError, match="damaged"):
        back(MAGIC + struct.pack("<II", len(zlib.compress(plain)), len(plain)) + zlib.compress(plain))


@pytest.mark.parametrize(
    "wrong",
    [
        {"monotonic_ns": samples.BEGAN_NS - 1},
        {"monotonic_ns": 1 << 63},
        {"wall_ns": -1},
        {"wall_ns": 1 << 63},
        {"interval_s": -1.0},
        {"interval_s": float("inf")},
        {"host": replace(samples.host(), load1=-1e308)},
        {"host": replace(samples.host(), load1=1e308)},
        {"host": replace(samples.host(), memory_total_bytes=1 << 64)},
    ],
    ids=str,
)
def test_numbers_that_no_machine_has_are_damage(wrong: dict[str, Any]) -> None:
    """Times that run backwards, or that no calendar has, and what would be infinite once it is added up."""
    first, second = samples.session(2, [])
    reader = read(io.BytesIO(recorded(first, replace(second, **wrong))))
    assert same(next(reader), first)
    with pytest.raises(ValueError, match="damaged after 1 samples: "):
        next(reader)


def test_text_from_a_file_is_cleaned() -> None:
    """A recording from a stranger cannot steer a terminal any more than a process can."""
    keys = np.array([(1,)], [("index", "<u4")])
    values = np.array([(b"\x1b]0;x\x07",)], [("comm", "S16")])
    evil = replace(
        one_map(keys, values),
        host=replace(samples.host(), hostname="\x1b[2J"),
        messages=("\x9b\u202e",),
        processes={1: Process("\x1bc", "\x07")},
    )
    evil = samples.with_probe(evil, "q", samples.failed("\x1b[31m", "a\n\x1b[31mb"))
    (read_back,) = back(recorded(evil))
    assert read_back.host.hostname == "␛[2J"
    assert read_back.messages == ("\ufffd\ufffd",)
    assert read_back.processes[1].name == "␛c"
    assert read_back.probes["q"].log == "a\n␛[31mb"
    assert b"\x1b" not in read_back.probes["p"].maps["m"].values.tobytes()


def test_names_and_ways_from_a_file_are_cleaned_as_well() -> None:
    """Whether they come as part of a value or as the way to one; no text but a log has lines."""
    first = replace(samples.sample(0, []), labels={"a\x1b": {1: "x\ny"}}, messages=("one\ntwo",))
    first = samples.with_probe(first, "q\x1b[2J", samples.failed("a\nb", "c\nd"))
    second = replace(first, labels={"a\x1b": {1: "x\ny", 2: "z"}}, probes={"r\x9b": first.probes["q\x1b[2J"]})
    for sample in back(recorded(first, second)):
        assert set(sample.labels) == {"a␛"} and sample.labels["a␛"][1] == "x␊y"
        (name,) = sample.probes
        assert name in ("q␛[2J", "r\ufffd")
        assert (sample.probes[name].error, sample.probes[name].log) == ("a␊b", "c\nd")
        assert sample.messages == ("one␊two",)


def test_names_that_are_only_added_to_are_kept_once() -> None:
    """Thousands of paths in each of hundreds of samples would be too many; names that change are not mixed up."""
    grown = [{1: "/a"}, {1: "/a", 2: "/b"}, {1: "/a", 2: "/c"}, {2: "/c"}]
    session = [replace(samples.sample(second, []), labels={"paths": names}) for second, names in enumerate(grown)]
    first, second, third, fourth = [sample.labels["paths"] for sample in back(recorded(*session))]
    assert first is second
    assert (second, third, fourth) == tuple(grown[1:])


def test_a_field_that_a_file_does_not_know_has_its_default() -> None:
    """Recordings of earlier versions stay readable, and what a later one adds is left out."""
    changes = _changes_of(samples.sample(0, []))
    for path, value in changes:
        if path == ["host"]:
            del value["load1"]
            value["phase_of_the_moon"] = 3
    (read_back,) = back(forged(changes))
    assert read_back.host == replace(samples.host(), load1=0.0)

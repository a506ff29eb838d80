"""What bpftrace prints, and the rows that are made of it, however odd it is."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from ebtop import registry
from ebtop.bpftrace import declaring, reading
from ebtop.bpftrace.contents import Contents
from ebtop.bpftrace.declaring import maps_of, named
from ebtop.bpftrace.reading import Reader
from ebtop.derive import derive
from ebtop.export.json import snapshot
from ebtop.quantiles import percentile
from ebtop.sample import BUCKETS, MapRows
from ebtop.spec import Histogram
from ebtop.tui.shapes import bars
from tests import samples
from tests.samples import SECOND

OPENS = r'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args->filename)); }'
CALLS = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
READS = "tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); }"


def contents(text: str, *printed: str) -> dict[str, MapRows]:
    """The maps of a program that has printed these lines."""
    name = named(text)
    reader = Reader({one.name: one.limit for one in maps_of(name).values() if one.limit})
    for line in printed:
        reader.feed(line.encode() + b"\n", 1)
    return Contents(maps_of(name)).maps(reader.output)


def printed(*pieces: bytes) -> reading.Output:
    """What is read from these pieces."""
    reader = Reader({})
    for piece in pieces:
        reader.feed(piece, 1)
    return reader.output


def test_lines_may_come_in_any_pieces() -> None:
    """One byte at a time; empty ones are none."""
    whole = b'{"type": "attached_probes", "data": {"probes": 2}}\n\n{"type": "map", "data": {"@": {"a": 3}}}\n'
    output = printed(*(whole[place : place + 1] for place in range(len(whole))))
    assert (output.attached, output.maps, output.unread) == (2, {"@": {"a": 3}}, 0)


def test_text_is_clean_whatever_bpftrace_makes_of_it() -> None:
    """Quotes, controls, and bytes beyond ASCII, which 0.17 writes as eight digits."""
    line = rb'{"type": "printf", "data": "q\"\\ \u001b[31m\uffffffc3\uffffffa9\u0001\uffffffff\nrest"}' + b"\n"
    output = printed(line)
    assert [text for _, text in output.lines] == ['q"\\ \u241b[31mé\u2401\ufffd']
    assert output.printed == 1


def test_lines_are_whole_however_many_calls_they_take() -> None:
    """printf, time and print each end them only where they do."""
    output = printed(
        b'{"type": "time", "data": "03:14:15 "}\n{"type": "printf", "data": "a "}\n'
        b'{"type": "printf", "data": "b\\nc\\n"}\n{"type": "value", "data": [1,"s",2]}\n'
    )
    assert [text for _, text in output.lines] == ["03:14:15 a b", "c", '[1, "s", 2]']


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'"x"', b"{}", b'{"type": "map", "data": 5}', b'{"type": "map"}', b"[" * 100_000,
     b'{"type": "lost_events", "data": {}}', b'{"type": "map", "data": {"@": {"a": 1}', b"\xff\xfe\x00",
     b'{"type": 5, "data": {}}'],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_counted_and_spoils_no_other(line: bytes) -> None:
    """It is kept to be shown."""
    output = printed(b'{"type": "map", "data": {"@": 1}}\n' + line + b'\n{"type": "map", "data": {"@b": 2}}\n')
    assert output.maps == {"@": 1, "@b": 2}
    assert output.unread + output.printed == 1
    assert not output.unread or output.odd


def test_a_value_without_quotes_is_read_all_the_same() -> None:
    """0.17 writes strftime() in a map so."""
    assert printed(b'{"type": "map", "data": {"@tm": 02:44}}\n').maps == {"@tm": "02:44"}


def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no more memory than its bound, and what follows it is read."""
    monkeypatch.setattr(reading, "LONGEST", 100)
    output = printed(b'{"type": "map", "data": "' + b"x" * 200, b"x" * 50, b'"}\n{"type": "map", "data": {"@": 1}}\n')
    assert (output.unread, output.maps) == (1, {"@": 1})


def test_lines_beyond_those_that_are_kept_are_counted() -> None:
    """A flood is not read line by line."""
    flood = b"".join(b'{"type": "printf", "data": "%d\\n"}\n' % n for n in range(10_007))
    output = printed(flood)
    assert output.printed == 10_007
    assert output.lines[-1][1] == "10006" and len(output.lines) == reading.LINES


def test_losses_are_counted() -> None:
    """As bpftrace tells them."""
    assert printed(b'{"type": "lost_events", "data": {"events": 13}}\n' * 3).lost == 39


def test_counts_and_sums_are_rows() -> None:
    """Sums may be negative."""
    rows = contents(CALLS, '{"type": "map", "data": {"@": {"a,b": 3, "": 5}}}')["@"]
    assert rows.keys["k0"].tolist() == [b"a,b", b""] and rows.values["count"].tolist() == [3, 5]
    rows = contents(READS, '{"type": "map", "data": {"@": {"sh": -11}}}')["@"]
    assert rows.values["sum"].tolist() == [-11]


def test_parts_of_a_key_are_told_apart_by_what_they_are() -> None:
    """A text may hold commas, numbers do not; what is no number where one has to be is counted as strange."""
    text = "k:f { @[pid, comm, tid] = count(); }"
    shown = Contents(maps_of(named(text)))
    reader = Reader({})
    line = {"type": "map", "data": {"@": {"7,a,b,c,9": 1, "8,x,10": 2, "q,x,10": 3, "1,2": 4}}}
    reader.feed(json.dumps(line).encode() + b"\n", 1)
    rows = shown.maps(reader.output)["@"]
    assert rows.keys.tolist() == [(7, b"a,b,c", 9), (8, b"x", 10)]
    assert shown.strange["@"].startswith("2 entries")


def test_keys_that_are_the_same_once_they_are_cut_are_one() -> None:
    """Their counts add up."""
    long = "x" * 300
    rows = contents(CALLS, json.dumps({"type": "map", "data": {"@": {long + "a": 3, long + "b": 5}}}))["@"]
    assert rows.values["count"].tolist() == [8]
    assert rows.keys["k0"][0].decode() == "x" * 125 + "…"


def test_buckets_of_a_histogram_are_ebtops_and_what_is_below_zero_is_said() -> None:
    """0 and 1 are one bucket here; sum and largest nobody knows."""
    buckets = [{"max": -1, "count": 5}, {"min": 0, "max": 0, "count": 7}, {"min": 1, "max": 1, "count": 11}]
    buckets += [
        {"min": 2, "max": 3, "count": 13},
        {"min": 2**38, "max": 2**39 - 1, "count": 17},
        {"min": 2**50, "count": 19},
    ]
    rows = contents("k:f { @ = hist(arg0); }", json.dumps({"type": "hist", "data": {"@": buckets}}))["@"]
    assert rows.values["slots"][0][:3].tolist() == [18, 13, 0]
    assert rows.values["slots"][0][38:].tolist() == [17, 19]
    assert (rows.values["negative"].tolist(), rows.values["count"].tolist()) == ([5], [72])
    assert np.isnan(rows.values["max_value"]).all()


def test_linear_histograms_keep_their_edges() -> None:
    """What is below the first has a bucket, what is above the last another; edges that are too many are thinned."""
    (_, view) = registry.probe(named("k:f { @[comm] = lhist(arg0, -10, 20, 10); }")).views
    assert isinstance(view, Histogram) and view.edges == (-10, 0, 10, 20)
    buckets = [{"max": -11, "count": 2}, {"min": -10, "max": -1, "count": 3}, {"min": 10, "max": 19, "count": 5}]
    buckets += [{"min": 20, "count": 7}]
    line = json.dumps({"type": "hist", "data": {"@": {"sh": buckets}}})
    rows = contents("k:f { @[comm] = lhist(arg0, -10, 20, 10); }", line)["@"]
    assert rows.values["slots"][0][:6].tolist() == [2, 3, 0, 5, 7, 0]
    assert [percentile(rows.values["slots"][0], share, np.nan, view.edges) for share in (0.01, 1)] == [-10, 20]
    (_, many) = registry.probe(named("k:f { @ = lhist(arg0, 0, 100, 1); }")).views
    assert isinstance(many, Histogram) and many.edges == (*range(0, 100, 3), 100)
    assert BUCKETS == declaring.BUCKETS


def test_a_linear_histogram_is_drawn_and_saved_with_its_edges() -> None:
    """In bars, as ranges, merged where there is little room, and as JSON by the schema."""
    name = named("k:f { @ = lhist(arg0, -10, 20, 10); }")
    probe = registry.probe(name)
    counts = np.zeros(BUCKETS, np.uint64)
    counts[:5] = [2, 3, 0, 5, 7]
    (_, view) = probe.views
    assert isinstance(view, Histogram)

    def labels(lines: int, ranges: bool) -> list[str]:
        return [line[0][0].strip() for line in bars(counts, counts, view.unit, 60, lines, ranges, view.edges)]

    assert labels(9, ranges=False) == ["<-10", "-10", "0", "10", "20"]
    assert labels(9, ranges=True) == ["<-10", "-10 – 0", "0 – 10", "10 – 20", "from 20"]
    assert labels(3, ranges=True) == ["<0", "0 – 20", "from 20"]
    assert labels(3, ranges=False) == ["<0", "0", "20"]
    live = samples.live(probe, 2)
    given = replace(samples.sample(2, ()), probes={name: live})
    document = snapshot(derive(given, None, {name: probe}))
    jsonschema.Draft202012Validator(json.loads(files("ebtop.export").joinpath("schema.json").read_text())).validate(
        json.loads(json.dumps(document))
    )
    saved = document["probes"][name]["views"]["@"]
    assert saved["lower_count"][:6] == [None, -10, 0, 10, 20, None]
    assert saved["upper_count"][:6] == [-10, 0, 10, 20, None, None]
    assert len(saved["lower_count"]) == len(saved["upper_count"]) == BUCKETS


def test_a_linear_histogram_whose_edges_are_not_known_is_a_table_of_ranges() -> None:
    """Open at both ends; by key where there is one."""
    buckets = [{"max": -1, "count": 2}, {"min": 0, "max": 9, "count": 3}, {"min": 10, "count": 5}]
    line = json.dumps({"type": "hist", "data": {"@": {"sh": buckets}}})
    rows = contents("k:f { @[comm] = lhist(arg0, 0, $1, 10); }", line)["@"]
    assert rows.keys.tolist() == [(b"sh", -1, b"below 0"), (b"sh", 0, b"0 to 9"), (b"sh", 1, b"10 and above")]
    assert rows.values["count"].tolist() == [2, 3, 5]


def test_maps_without_keys_stand_together() -> None:
    """Counters with rates, averages with theirs, everything else as it is."""
    text = "k:f { @n = count(); @s = sum(-3); @st = stats(arg0); @m = max(arg0); @t = comm; }"
    lines = ('"@n": 7', '"@s": -21', '"@st": {"count": 7, "average": 2, "total": 14}', '"@m": 5', '"@t": "sh"')
    found = contents(text, *(f'{{"type": "map", "data": {{{line}}}}}' for line in lines))
    assert found["counters"].values["value"].tolist() == [7, -21]
    assert found["averages"].values.tolist() == [(7, 14)]
    assert found["values"].keys["map"].tolist() == [b"@m"]


def test_a_map_that_is_not_printed_any_more_is_empty() -> None:
    """bpftrace does not print a map without keys in it. Others tell that it has answered; that it is late tells not."""
    text = "k:f { @[comm] = count(); @b[comm] = count(); }"
    reader, shown = Reader({}), Contents(maps_of(named(text)))
    both = (b'{"type": "map", "data": {"@": {"sh": 3}}}\n', b'{"type": "map", "data": {"@b": {"sh": 5}}}\n')
    sizes = []
    for printed in (both, both[1:], both[1:], both):
        reader.ask(SECOND)
        reader.feed(b"".join(printed), SECOND)
        sizes.append(shown.maps(reader.output)["@"].keys.size)
    assert sizes == [1, 1, 0, 1]
    for second in range(2, 5):
        reader.ask(second * SECOND)
        assert shown.maps(reader.output)["@"].keys.size == 1
    for second in range(5, 9):
        reader.ask(second * SECOND)
    assert shown.maps(reader.output)["@"].keys.size == 0
    assert reader.output.read_ns == 8 * SECOND


def test_the_top_of_a_map_is_not_taken_for_all_of_it() -> None:
    """A program that prints its first two: the rows below them have not gone."""
    text = "k:f { @[comm] = count(); } i:s:1 { print(@, 2); }"
    whole, top = '{"@": {"a": 1, "b": 2, "c": 3}}', '{"@": {"b": 2, "c": 3}}'
    lines = [f'{{"type": "map", "data": {data}}}' for data in (top, whole, top)]
    assert contents(text, lines[0])["@"].keys.size == 0
    assert contents(text, *lines)["@"].keys.size == 3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("tracepoint:raw_syscalls:sys_enter { @[cpu] = count(); }", "9" * 30),
        ("tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }", str(1 << 32)),
        ("tracepoint:raw_syscalls:sys_enter { @[uid] = count(); }", str(-(1 << 32) - 1)),
    ],
)
def test_a_number_that_no_column_has_room_for_is_told_and_spoils_nothing(text: str, key: str) -> None:
    """Whatever the program has printed in its place."""
    name = named(text)
    reader = Reader({})
    reader.feed(json.dumps({"type": "map", "data": {"@": {key: 3, "1": 7}}}).encode() + b"\n", 1)
    made = Contents(maps_of(name))
    assert made.maps(reader.output)["@"].values["count"].tolist() == [7]
    assert made.strange["@"] == "1 entries of @ are not what was expected"


def test_sums_stop_at_the_largest_number() -> None:
    """Of buckets, and of keys that are the same once they are cut."""
    most, long = (1 << 63) - 1, "x" * 300
    hist = contents(
        "tracepoint:raw_syscalls:sys_enter { @ = hist(args->id); }",
        json.dumps(
            {"type": "hist", "data": {"@": [{"min": 0, "max": 0, "count": most}, {"min": 1, "max": 1, "count": most}]}}
        ),
    )["@"].values
    assert (hist["slots"][0][0], hist["count"].tolist()) == (most, [most])
    (rows,) = contents(CALLS, json.dumps({"type": "map", "data": {"@": {f"{long}a": most, f"{long}b": most}}})).values()
    assert rows.values["count"].tolist() == [most]


def test_a_number_of_losses_that_is_none_is_a_line_that_cannot_be_read() -> None:
    """JSON in Python has infinities."""
    output = printed(b'{"type": "lost_events", "data": {"events": Infinity}}\n')
    assert (output.lost, output.unread) == (0, 1)


def test_what_is_printed_without_an_end_of_line_is_bounded() -> None:
    """What there is room for is its beginning; lines behind it are whole."""
    reader = Reader({})
    dots = json.dumps({"type": "printf", "data": "." * 1000}).encode() + b"\n"
    for _ in range(97):
        reader.feed(dots, 1)
    assert len(reader._line) == reading._LINE
    reader.feed(json.dumps({"type": "printf", "data": "end\nnext\n"}).encode() + b"\n", 2)
    assert list(reader.output.lines) == [(2, "." * reading._LINE), (2, "next")]
    assert reader.output.printed == 2

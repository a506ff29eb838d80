"""Programs of bpftrace: what their text declares, and what is made of what they print, however odd that is."""

from __future__ import annotations

import io
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import psutil
import pytest

from ebtop import arguments, cli, registry, wire
from ebtop.bpftrace import declaring, is_script, reading
from ebtop.bpftrace.contents import Contents
from ebtop.bpftrace.declaring import declared, maps_of, named, text_of
from ebtop.bpftrace.lexing import tokens
from ebtop.bpftrace.program import Map, program
from ebtop.bpftrace.reading import Reader
from ebtop.derive import derive, percentile
from ebtop.export.json import snapshot
from ebtop.fitting import fitting
from ebtop.frame import TableFrame
from ebtop.host import Host
from ebtop.recording import Writer, read
from ebtop.replay import Replay
from ebtop.sample import BUCKETS, Cost, MapRows, State
from ebtop.scripted import Scripted
from ebtop.settings import Settings
from ebtop.spec import Events, Histogram, Kind, Table
from ebtop.timeline import Timeline
from ebtop.tui.shapes import bars
from ebtop.typed import script
from ebtop.warden.scripts import Scripts
from ebtop.warden.trusted import found
from tests import samples
from tests.kernel.terminal_session import wait_until
from tests.samples import SECOND

OPENS = r'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args->filename)); }'
CALLS = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
READS = "tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); }"


def maps(text: str) -> dict[str, Map]:
    """The maps of a program."""
    return {one.name: one for one in program(text).maps}


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


# --- the text ---------------------------------------------------------------------------------------------------------


def test_maps_are_found_with_what_they_hold_and_by_what() -> None:
    """In the order of the text, keys as they are written."""
    text = "uprobe:/lib/*/libc.so.6:malloc { @a[pid, str(arg0)] = hist(arg0); @b = lhist(arg0, 0, 9, 3); @c[comm]++; }"
    assert [(one.name, one.holds, one.keys) for one in program(text).maps] == [
        ("@a", "hist", ("pid", "str(arg0)")),
        ("@b", "lhist", ()),
        ("@c", "sum", ("comm",)),
    ]
    assert program(text).points == ("uprobe:/lib/*/libc.so.6:malloc",)


def test_neither_texts_nor_comments_hold_maps() -> None:
    """Of both kinds, one in a predicate's place too; a comment that never ends takes the rest."""
    text = 'BEGIN /* @a */ { printf("@b \\" @c"); // @d\n @e = 1; }\n  # @f\n/* @g = count();'
    assert list(maps(text)) == ["@e"]


def test_what_a_variable_was_given_is_what_its_map_holds() -> None:
    """Also through another map; what is neither is taken for a number."""
    found = maps("BEGIN { $n = comm; @a[tid] = $n; @b = @a[tid]; @c = (1, comm); @d = nsecs - @e; @e = nsecs }")
    assert [one.holds for one in found.values()] == ["text", "text", "text", "number", "number"]


def test_what_the_program_clears_itself_is_known_but_not_what_it_clears_in_the_end() -> None:
    """The one can fall at any time and has no rate; the other is its scratch, if it is only written to."""
    text = (
        "k:f { @a = count(); @b[tid] = nsecs; @c = hist(1); } i:s:1 { print(@a, 10); clear(@a); }"
        " END { clear(@b); clear(@c); }"
    )
    found = maps(text)
    assert (found["@a"].cleared, found["@a"].printed, found["@a"].limit) == (True, True, 10)
    assert (found["@b"].cleared, found["@b"].scratch) == (False, True)
    assert (found["@c"].cleared, found["@c"].scratch) == (False, False)


@pytest.mark.parametrize(
    "text", ["", "{", "}", "@", "@[", '"', "a { @x[", "a { @x = ", "/*", "a {} }}{ @x = count(", "//{"]
)
def test_any_text_at_all_is_taken_apart(text: str) -> None:
    """Without an error of its own, other than that it is no program."""
    assert "".join(token.text for token in tokens(text)) in "".join(text.split())
    if "{" not in text or text == "//{":
        with pytest.raises(ValueError, match="braces"):
            program(text)
    else:
        program(text)


@pytest.mark.parametrize("file", sorted(Path("/usr/sbin").glob("*.bt")), ids=lambda path: path.name)
def test_every_packaged_tool_has_something_to_show(file: Path) -> None:
    """Where they are installed: a panel has at least one view, and every map is in one."""
    name = script(str(file), os.getuid(), os.getgid())
    probe = registry.probe(name)
    assert probe.title == file.name
    shown = {view.map for view in probe.views}
    alone = {"counters", "averages", "values", "texts"}
    assert probe.views and all(one in shown or shown & alone for one in maps_of(name))


# --- the declaration --------------------------------------------------------------------------------------------------


def test_the_name_alone_declares_the_probe() -> None:
    """So that a recording needs no more; a name is clean, and the text comes out of it as it went in."""
    text = "// two\n\tlines\nBEGIN { @x = count(); }"
    name = named(text, "my tool.bt")
    assert is_script(name) and name.isprintable() and text_of(name) == text
    assert declared(name).title == "my_tool.bt"
    assert registry.probe(name) is registry.probe(name)
    assert not registry.probe(name).default


@pytest.mark.parametrize("text", ["BEGIN { \x1b[2J }", "BEGIN { \u202e }", "no braces", "x" * 20_000 + "{}"])
def test_what_cannot_be_run_has_no_name(text: str) -> None:
    """Control characters, what is no program, what is too long."""
    with pytest.raises(ValueError, match=r"control|braces|longer"):
        named(text)


def test_the_three_lines_declare_a_table_a_table_and_events() -> None:
    """The program's name is a text, the count has a rate, lines have a time."""
    (calls,), (reads,), (opens,) = (registry.probe(named(text)).views for text in (CALLS, READS, OPENS))
    assert isinstance(calls, Table) and [key.kind for key in calls.keys] == [Kind.TEXT]
    assert [column.name for column in calls.columns] == ["count_per_second", "count_total"]
    assert isinstance(reads, Table) and [column.name for column in reads.columns] == ["sum_per_second", "sum_total"]
    assert isinstance(opens, Events) and [key.kind for key in opens.keys] == [Kind.TIME, Kind.TEXT]
    assert registry.probe(named(READS)).headline == ("sum",)


def test_keys_that_are_known_are_what_they_mean() -> None:
    """Processes, users and calls by name; call numbers only where the attach points say that they are some."""
    text = (
        "tracepoint:raw_syscalls:sys_enter { @[pid, uid, args->id] = hist(args->id); } k:f { @y[args->id] = count(); }"
    )
    table, histogram, other = registry.probe(named(text)).views
    assert isinstance(table, Table) and isinstance(histogram, Histogram) and isinstance(other, Table)
    assert [key.kind for key in table.keys] == [Kind.PID, Kind.UID, Kind.SYSCALL]
    assert histogram.by == table.keys
    assert [key.kind for key in other.keys] == [Kind.TEXT]


# --- what is printed --------------------------------------------------------------------------------------------------


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


# --- maps -------------------------------------------------------------------------------------------------------------


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


# --- what was typed ---------------------------------------------------------------------------------------------------


def test_a_file_is_read_and_gives_the_panel_its_name(tmp_path: Path) -> None:
    """Whatever it is called."""
    tmp_path.joinpath("mine").write_text(CALLS)
    name = script(str(tmp_path / "mine"), os.getuid(), os.getgid())
    assert (text_of(name), declared(name).title) == (CALLS, "mine.bt")
    assert text_of(script("BEGIN {␊}", 0, 0)) == "BEGIN {\n}"


@pytest.mark.parametrize(
    ("said", "why"),
    [("", "no program"), ("nowhere.bt", "No such file"), ("/dev/null", "no regular file"), ("/etc", "irectory")],
)
def test_what_is_neither_program_nor_file_is_told_in_one_line(said: str, why: str) -> None:
    """With an example of what is."""
    with pytest.raises(ValueError, match=why) as told:
        script(said, os.getuid(), os.getgid())
    assert "\n" not in str(told.value)
    assert ".bt" in str(told.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be told from others here")
def test_only_what_nobody_but_root_can_change_is_run(tmp_path: Path) -> None:
    """Neither a file of another user, nor one in a folder that others can write to, nor none at all."""
    assert found("/bin/sh") == "/bin/sh"
    tmp_path.joinpath("bpftrace").write_text("#!/bin/sh\n")
    tmp_path.joinpath("bpftrace").chmod(0o755)
    with pytest.raises(LookupError, match="others may change /tmp"):
        found(str(tmp_path / "bpftrace"))
    with pytest.raises(LookupError, match="package bpftrace"):
        found(folders=(str(tmp_path / "none"),))
    with pytest.raises(LookupError, match="no such program"):
        found("/nowhere/bpftrace")


# --- around it --------------------------------------------------------------------------------------------------------


def test_rates_go_by_when_numbers_were_read_not_by_when_they_are_shown() -> None:
    """Read 1.5 s apart: so many per second; not read anew in between: not measured, instead of nothing."""
    name = named(CALLS)
    probe = registry.probe(name)
    given = [replace(samples.sample(second, ()), probes={}) for second in (0, 1, 2)]
    live = samples.live(probe, 0)
    counted = [
        replace(live.maps["@"], values=np.array([(count,)] * live.maps["@"].keys.size, [("count", "<u8")]))
        for count in (10, 40)
    ]
    start = given[0].monotonic_ns
    reads = [(start - SECOND // 2, counted[0]), (start - SECOND // 2, counted[0]), (start + SECOND, counted[1])]
    given = [
        replace(sample, probes={name: replace(live, read_ns=at, maps={"@": content})})
        for sample, (at, content) in zip(given, reads, strict=True)
    ]
    quiet, busy = (derive(now, before, {name: probe}).probes[name] for before, now in pairwise(given))
    for frame, expected in ((quiet, float("nan")), (busy, 30 / 1.5)):
        table = frame.views["@"]
        assert isinstance(table, TableFrame)
        assert table.columns["count_total"].max() == (40 if frame is busy else 10)
        np.testing.assert_equal(table.columns["count_per_second"], np.full(table.keys.size, expected))


def test_a_timeline_takes_a_probe_in_that_comes_later() -> None:
    """Its rates begin where it does; those of others go on."""
    name = named(CALLS)
    source = samples.Given(*samples.session(3, ["rw"]))
    timeline = Timeline(source, {"rw": registry.probe("rw")})
    timeline.start(lambda frame: None)
    timeline.begin(registry.probe(name))
    timeline.begin(registry.probe(name))
    for second in (3, 4, 5):
        given = samples.sample(second, ["rw"])
        source.push(replace(given, probes={**given.probes, name: samples.live(registry.probe(name), second)}))
    assert timeline.rates("rw").size == 6
    assert 1 <= timeline.rates(name).size <= 3
    assert name in timeline.at(5).probes and name not in timeline.at(2).probes


def test_a_recording_brings_its_programs_along() -> None:
    """Nothing but their names is in it, and that is enough: whoever plays it knows their views."""
    name = named(CALLS, "mine.bt")
    probe = registry.probe(name)
    file = io.BytesIO()
    writer = Writer(file)
    for second in (0, 1):
        writer.write(replace(samples.sample(second, ()), probes={name: samples.live(probe, second)}))
    file.seek(0)
    played = Replay(file)
    assert played.recorded == (name,)
    file.seek(0)
    (first, _) = read(file)
    assert fitting(name, first.probes[name]).state is State.LIVE
    played.close()


def test_a_bpftrace_that_is_not_there_is_one_failed_probe() -> None:
    """Said in its panel, with the remedy."""
    said: list[wire.OfProbe] = []
    with selectors.DefaultSelector() as selector:
        scripts = Scripts(None, selector, lambda message, _: said.append(message), "/nowhere/bpftrace")  # type: ignore[arg-type]  # nothing is begun
        scripts.start(named(CALLS), 1)
        scripts.close()
    (message,) = said
    assert isinstance(message, wire.Progress) and message.state == "failed"
    assert "no such program" in message.error or "sudo" in message.error


def test_what_a_program_prints_is_its_sample() -> None:
    """From compiling to live to ended, with its errors for a log; what could not be read is said once."""
    name = named(CALLS)
    (output, out), (errors, err) = os.pipe(), os.pipe()
    running = Scripted(registry.probe(name), (output, errors))
    try:
        assert running.sample(Cost()).state is State.COMPILING
        os.write(
            err, b"ERROR: couldn't set RLIMIT_MEMLOCK for bpftrace.\nWARNING: could not attach probe a:b, skipping.\n"
        )
        os.write(out, b'{"type": "attached_probes", "data": {"probes": 1}}\nnonsense\n')
        os.write(out, b'{"type": "map", "data": {"@": {"sh": 7}}}\n')
        os.close(out)
        os.close(err)
        running.exited(0)
        shown = running.sample(Cost())
        assert (shown.state, shown.hook, shown.totals.total) == (State.LIVE, "bpftrace, ended", 7)
        assert shown.log.splitlines() == ["WARNING: could not attach probe a:b, skipping.", "unread: nonsense"]
        assert "not attached: a:b" in shown.misses and "1 lines could not be read" in shown.misses
        assert len(running.said()) == 2 and not running.said()
    finally:
        running.close()
        running.close()


def test_why_it_failed_is_its_first_error() -> None:
    """With the kernel's own lack, where that is why."""
    lacking = b"a.bt:1:1-9: WARNING: x is not traceable\nopen(/sys/kernel/tracing/kprobe_events): No such file\n"
    running = _ended(1, lacking + b"ERROR: Error attaching probe: 'kprobe:x'\n")
    assert running == "Error attaching probe: 'kprobe:x': this kernel was built without kprobes"
    assert (
        _ended(1, b"stdin:1:1-19: ERROR: tracepoint not found: a:b\n")
        == "stdin:1:1-19: ERROR: tracepoint not found: a:b"
    )
    assert _ended(-9, b"") == "bpftrace was killed by SIGKILL"


def _ended(status: int, errors: bytes) -> str:
    """The error of a program that ended so."""
    (output, out), (error, err) = os.pipe(), os.pipe()
    os.write(err, errors)
    os.close(out)
    os.close(err)
    running = Scripted(registry.probe(named(CALLS)), (output, error))
    running.exited(status)
    said = running.sample(Cost()).error
    running.close()
    return said


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def _only_built_in() -> Iterator[None]:
    yield
    registry.forget()


@pytest.mark.usefixtures("_only_built_in")
def test_programs_of_the_command_line_run_alone_or_beside_the_probes_that_are_named(tmp_path: Path) -> None:
    """Before and after the command, several times; each once."""
    file = tmp_path / "mine.bt"
    file.write_text(READS)
    words = ["--bt", CALLS, "--bt", str(file), "--bt", CALLS]
    said = arguments.parse(words)
    assert said.scripts == (CALLS, str(file), CALLS)
    assert arguments.parse(["snapshot", "-o", "a", *words]).scripts == said.scripts
    names = (named(CALLS), named(READS, "mine.bt"))
    assert cli._with_scripts(said, Settings()).probes == names
    assert tuple(registry.probes())[-2:] == names
    beside = arguments.parse(["--probes", "rw", *words])
    assert cli._with_scripts(beside, Settings(probes=("rw",))).probes == ("rw", *names)


@pytest.mark.parametrize("words", [["--bt", "nowhere.bt"], ["--bt", ""], ["--bt", "BEGIN { \x1b }"]])
def test_a_program_that_is_none_ends_with_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, before anything is begun."""
    assert cli.main(["snapshot", "-o", "/dev/null", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ebtop: --bt: ") and said.count("\n") == 1 and "\x1b" not in said


@pytest.mark.parametrize("words", [["--demo"], ["--replay", "a"], ["triage"], ["config"]])
def test_what_looks_at_no_program_says_so(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    with pytest.raises(SystemExit) as end:
        arguments.parse([*words, "--bt", CALLS])
    assert end.value.code == 2
    assert "--bt" in capsys.readouterr().err


@pytest.mark.usefixtures("_only_built_in")
def test_a_recording_shows_its_programs_and_of_the_usual_probes_those_it_has() -> None:
    """What was named is shown all the same, to be told that it is not there."""
    name, said = named(CALLS), arguments.parse(["--replay", "a"])
    assert cli._with_recorded(said, Settings(probes=("rw", "opens")), ("opens", name)).probes == ("opens", name)
    assert name in registry.probes()
    chosen = arguments.parse(["--replay", "a", "--probes", "rw"])
    assert cli._with_recorded(chosen, Settings(probes=("rw",)), ("opens", name)).probes == ("rw", name)
    assert cli._with_recorded(said, Settings(probes=("rw",)), ("opens",)).probes == ("rw",)
    assert cli._with_recorded(said, Settings(probes=("rw",)), ("opens", "bt:no braces")).probes == ("rw",)


def test_what_a_helper_costs_is_ebtops_own_from_when_it_was_first_named() -> None:
    """It stays counted when the helper has ended."""
    host = Host(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        helpers = frozenset({busy.pid})
        begin = host._helpers_seconds(helpers)
        ticks = psutil.Process(busy.pid)
        before = ticks.cpu_times().user
        wait_until(lambda: ticks.cpu_times().user > before + 0.1)
        used = host._helpers_seconds(helpers)
        busy.kill()
    assert begin == 0.0
    assert used >= 0.1
    assert host._helpers_seconds(helpers) == host._helpers_seconds(frozenset()) == used

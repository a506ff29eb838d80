"""Snapshots: by the shipped schema, complete, with names and units, for every probe there is."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.export.json import VERSION, default_name, encode, snapshot
from ebtop.export.jsonviews import iso
from ebtop.frame import Frame
from ebtop.sample import BUCKETS, MapRows, Sample
from tests import samples

SCHEMA: dict[str, Any] = json.loads(files("ebtop.export").joinpath("schema.json").read_text())


def frame_of(now: Sample, before: Sample | None = None) -> Frame:
    """The derived frame of all probes."""
    return derive(now, before, registry.probes())


def document(frame: Frame) -> dict[str, Any]:
    """What a reader of the file gets, checked against the schema."""
    read: dict[str, Any] = json.loads(encode(frame))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(read)
    return read


@pytest.fixture
def two_seconds() -> Frame:
    """All probes, live, over one second."""
    return frame_of(*reversed(samples.session(2)))


def test_the_schema_is_itself_valid_and_of_this_version() -> None:
    """JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"]["const"] == VERSION


def test_every_probe_and_view_is_in_the_snapshot(two_seconds: Frame) -> None:
    """Whatever is visible on the screen: every row of every view."""
    read = document(two_seconds)
    assert list(read["probes"]) == list(registry.probes())
    for name, probe in registry.probes().items():
        views = read["probes"][name]["views"]
        assert list(views) == [view.name for view in probe.views]
        for view in views.values():
            assert any(view.get(content) for content in ("rows", "histograms", "records", "stacks"))


@pytest.mark.parametrize("name", list(registry.probes()))
def test_every_number_of_a_table_names_its_unit(two_seconds: Frame, name: str) -> None:
    """Nanoseconds, bytes and percent are said in the member's name; the columns say the rest."""
    for view in document(two_seconds)["probes"][name]["views"].values():
        for column in view.get("columns", ()):
            if column["unit"] in ("ns", "bytes", "percent"):
                assert column["unit"] in column["name"], column
            assert all(column["name"] in row for row in view["rows"])


def test_rates_totals_and_names_stand_side_by_side(two_seconds: Frame) -> None:
    """The row of one process has its program, its user, its rate and the counter behind the rate."""
    rows = document(two_seconds)["probes"]["syscalls"]["views"]["by_process"]["rows"]
    row = next(row for row in rows if row["pid"] == 702)
    assert (row["program"], row["user"]) == ("nginx", "www-data")
    assert row["calls_per_second"] == pytest.approx(row["calls_total"] / 2, rel=0.01)
    assert isinstance(row["calls_total"], int)
    assert isinstance(row["ns_total"], int)


def test_a_row_says_in_which_container_or_unit_its_process_is(two_seconds: Frame) -> None:
    """And which of them it is; nothing is said of a process that nobody has seen."""
    rows = document(two_seconds)["probes"]["syscalls"]["views"]["by_process"]["rows"]
    found = {row["pid"]: (row["unit"], row["container"]) for row in rows}
    assert found[702] == ("nginx.service", False)
    assert found[911] == ("web", True)
    assert all(said == samples.UNITS.get(pid, ("", False)) for pid, said in found.items())
    assert ("", False) in found.values()


def test_what_else_is_known_of_the_processes_stands_beside_the_probes(two_seconds: Frame) -> None:
    """By pid, as far as it was looked up."""
    read = document(two_seconds)["processes"]
    assert set(read) == {str(pid) for pid in samples.PROGRAMS}
    nginx = read["702"]
    assert (nginx["program"], nginx["user"], nginx["unit"], nginx["container"]) == (
        "nginx", "www-data", "nginx.service", False,
    )  # fmt: skip
    assert nginx["command"] == "/usr/bin/nginx --config /etc/nginx.conf"
    assert (nginx["ppid"], nginx["parent_program"], nginx["started"]) == (
        1,
        "systemd",
        "2026-11-20T10:03:21.000000000Z",
    )
    assert nginx["memory_bytes"] == 702 * 40_960


def test_a_histogram_has_edges_counts_and_its_key_by_name(two_seconds: Frame) -> None:
    """Bucket edges in the unit, interval and whole run apart, the exact count and maximum."""
    view = document(two_seconds)["probes"]["syscalls"]["views"]["latency"]
    assert view["lower_ns"][:4] == [0, 2, 4, 8]
    assert view["upper_ns"][:4] == [2, 4, 8, 16]
    assert view["upper_ns"][-1] is None
    histogram = view["histograms"][0]
    assert histogram["syscall_name"] == samples.LABELS["syscall"][histogram["syscall"]]
    assert histogram["count"] == sum(histogram["total_counts"])
    assert len(histogram["interval_counts"]) == BUCKETS
    assert histogram["p50_ns"] <= histogram["p99_ns"] <= histogram["max_ns"]


def test_the_worst_example_of_each_bucket_says_whose_it_was(two_seconds: Frame) -> None:
    """Edge and value in the unit, process by number and name, and what else the record knows, with names."""
    read = document(two_seconds)["probes"]
    given = two_seconds.sample.probes["blockio"].worst["latency"]
    found = read["blockio"]["views"]["latency"]["worst"]
    assert [one["lower_ns"] for one in found] == [1 << bucket for bucket in range(9, 21)]
    assert [one["value_ns"] for one in found] == given["value"].tolist()
    assert all(one["lower_ns"] <= one["value_ns"] < 2 * one["lower_ns"] for one in found)
    assert [one["program"] for one in found] == [samples.PROGRAMS[pid][0] for pid in given["pid"].tolist()]
    assert {one["device_name"] for one in found} <= {"nvme0n1", "sda"}
    assert {one["direction"] for one in found} == {"read", "write"}
    assert {one["remote_port"] for one in read["tcpconnect"]["views"]["latency"]["worst"]} <= {5432, 443, 8080}
    call = read["syscalls"]["views"]["latency"]["worst"][0]
    assert call["nr_name"] == samples.LABELS["syscall"][call["nr"]]
    assert "value_bytes" in read["rw"]["views"]["sizes"]["worst"][0]


def test_a_process_that_only_an_example_knows_has_the_kernels_name() -> None:
    """It was gone before anybody could look."""
    now = replace(samples.sample(1, ["runqlat"]), processes={})
    examples = document(frame_of(now))["probes"]["runqlat"]["views"]["latency"]["worst"]
    assert {one["program"] for one in examples} <= {name for name, _ in samples.PROGRAMS.values()}


def test_without_examples_there_is_an_empty_list() -> None:
    """Where none could be read, as in recordings of before."""
    now = samples.sample(1, ["rw"])
    bare = samples.with_probe(now, "rw", replace(now.probes["rw"], worst={}))
    assert document(frame_of(bare))["probes"]["rw"]["views"]["latency"]["worst"] == []


def test_addresses_are_text_and_parts(two_seconds: Frame) -> None:
    """Ready to read and ready to compute with."""
    rows = [
        row
        for view in document(two_seconds)["probes"]["tcpconnect"]["views"].values()
        for row in view.get("rows", ())
        if "remote_ip" in row
    ]
    assert {row["remote"] for row in rows} <= {"10.0.4.7:5432", "10.0.9.2:443", "[2a00::1]:443", "127.0.0.1:8080"}
    assert all(row["remote"].endswith(f":{row['remote_port']}") and row["remote_ip"] in row["remote"] for row in rows)


def test_the_first_frame_has_nulls_for_what_needs_two(two_seconds: Frame) -> None:
    """Never NaN, which JSON does not have."""
    read = document(frame_of(samples.sample(0)))
    assert read["host"]["cpu_percent"] is None
    assert read["time"]["measured_seconds"] is None


def test_a_failed_probe_is_data(two_seconds: Frame) -> None:
    """Its state, its error and the verifier's lines; the others stay complete."""
    now = samples.with_probe(samples.sample(1), "rw", samples.failed("refused", "line\nrefused"))
    read = document(frame_of(now, samples.sample(0)))["probes"]
    assert (read["rw"]["state"], read["rw"]["error"], read["rw"]["log"]) == ("failed", "refused", "line\nrefused")
    assert read["rw"]["views"] == {}
    assert read["syscalls"]["views"]["by_process"]["rows"]


def test_metadata_says_where_when_and_at_what_cost(two_seconds: Frame) -> None:
    """Version, kernel, host, both clocks, the interval, costs and losses."""
    read = document(two_seconds)
    assert read["time"]["wall"] == "2026-11-23T14:03:22.000000000Z"
    assert read["time"]["measured_seconds"] == 1
    assert (read["host"]["name"], read["host"]["kernel"], read["host"]["cpus"]) == ("db-3", "6.18.44", 2)
    assert read["self"]["user_percent"] == pytest.approx(0.7)
    probe = read["probes"]["syscalls"]
    assert probe["started"] == "2026-11-23T14:03:20.000000000Z"
    assert probe["cost"]["ns_per_event"] == 142
    assert probe["totals"]["total"] == 2000
    assert probe["targets"]


def test_text_that_could_steer_a_terminal_leaves_as_ascii() -> None:
    """Even where a string came in unclean."""
    now = replace(samples.sample(1), messages=("\x1b]0;x\x07\x9b\u202e\ud800",))
    assert encode(frame_of(now)).strip(b"\n").isascii()
    assert b"\x1b" not in encode(frame_of(now))
    assert document(frame_of(now))["messages"] == list(now.messages)


def test_an_empty_map_gives_an_empty_table() -> None:
    """A probe that has seen nothing yet."""
    now = samples.sample(1, ["syscalls"])
    live = now.probes["syscalls"]
    empty = {name: MapRows(rows.keys[:0], rows.values[:0], rows.capacity) for name, rows in live.maps.items()}
    read = document(frame_of(samples.with_probe(now, "syscalls", replace(live, maps=empty))))
    assert read["probes"]["syscalls"]["views"]["by_process"]["rows"] == []


def test_ten_thousand_rows_are_written_quickly() -> None:
    """A snapshot is a matter of a second at most, not of a pause."""
    keys = np.zeros(10_000, [("pid", "<u4"), ("nr", "<u4")])
    keys["pid"] = np.arange(10_000)
    now = samples.sample(1, ["syscalls"])
    live = now.probes["syscalls"]
    table = live.maps["syscalls_calls"]
    wide = MapRows(keys, np.resize(table.values, 10_000), 10_240)
    frame = frame_of(samples.with_probe(now, "syscalls", replace(live, maps={**live.maps, "syscalls_calls": wide})))
    began = time.process_time()
    encode(frame)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("host", "expected"),
    [("db-3", "db-3"), ("../../etc/x", "etc-x"), ("", "host"), ("a\x1bb/c", "a-b-c"), ("-.", "host")],
)
def test_the_name_of_a_file_is_safe_whatever_the_host_is_called(host: str, expected: str) -> None:
    """No path, no control character, no leading dash."""
    frame = frame_of(replace(samples.sample(0, []), host=replace(samples.host(), hostname=host)))
    assert re.fullmatch(rf"ebtop-{re.escape(expected)}-2026112\d-\d{{6}}\.json", default_name(frame))


def test_iso_time_keeps_its_nanoseconds() -> None:
    """And its leading zeros."""
    assert iso(samples.WALL_NS + 42) == "2026-11-23T14:03:21.000000042Z"


def test_a_snapshot_needs_no_schema_package() -> None:
    """What ships has no test dependency: plain dictionaries."""
    assert snapshot(frame_of(samples.sample(0, [])))["probes"] == {}

"""What ebtop says of the host's programs and maps is what bpftool says of them at the same time, field by field."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ebtop import objects, wire
from ebtop.kernel import bpf
from ebtop.kernel.objects import Census
from ebtop.offer import decode_program
from ebtop.sample import MapRows
from tests.kernel import frames
from tests.kernel.loaded import Loaded
from tests.kernel.test_bpf_probe import number_of
from tests.kernel.test_warden import seen

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

PROGRAM = {
    "type": "type",
    "tag": "tag",
    "uid": "uid",
    "bytes_xlated": "translated_bytes",
    "bytes_jited": "machine_bytes",
}
MAP = {"type": "type", "bytes_key": "key_bytes", "bytes_value": "value_bytes", "max_entries": "capacity"}
"""bpftool's field by ours; what both have by the same name is compared as well."""


def bpftool(*words: str) -> Any:
    """What `bpftool --json` says."""
    if shutil.which("bpftool") is None:
        pytest.skip("bpftool is not installed")
    said = subprocess.run(["bpftool", "--nomount", "--json", *words], capture_output=True, text=True, check=True).stdout
    return json.loads(said)


@pytest.fixture
def loaded(kernel: None) -> Iterator[Loaded]:
    """Programs and maps that are there for certain, of several types."""
    probes = Loaded(("syscalls", "runqlat", "xdp"))
    yield probes
    probes.close()


def listed() -> dict[str, dict[int, dict[str, Any]]]:
    """ebtop's own list, by table and id."""
    programs, maps, records = Census(frozenset, 0).take()
    tables = objects.decode(wire.Objects(programs, maps), records)
    return {name: _by_id(rows) for name, rows in tables.items()}


def _by_id(rows: MapRows) -> dict[int, dict[str, Any]]:
    found = {}
    for key, value in zip(rows.keys, rows.values, strict=True):
        row = {name: record[name].item() for record in (key, value) for name in record.dtype.names or ()}
        row = {name: one.decode() if isinstance(one, bytes) else one for name, one in row.items()}
        found[row["id"]] = row
    return found


def agree(ours: dict[int, dict[str, Any]], theirs: list[dict[str, Any]], fields: dict[str, str], least: int) -> None:
    """Each object that both have seen is the same to both, field by field; objects of others come and go."""
    both = [one for one in theirs if one["id"] in ours]
    assert len(both) >= least
    for one in both:
        own = ours[one["id"]]
        for said, field in {**fields, "name": "name", "bytes_memlock": "memory_bytes"}.items():
            assert own[field] == one.get(said, "" if said == "name" else 0), (said, one)


def test_programs_are_what_bpftool_says(loaded: Loaded) -> None:
    """Type, tag, user, sizes, memory and name of every program; how many maps it uses, and since when it is loaded."""
    theirs, before, ours, after = bpftool("prog", "show"), time.time(), listed()[objects.PROGRAMS], time.time()
    agree(ours, theirs, PROGRAM, len(loaded.programs("syscalls")) + len(loaded.programs("xdp")))
    for one in theirs:
        if own := ours.get(one["id"]):
            assert own["maps"] == len(one.get("map_ids", ())), one
            age = own["age_ns"] / 1e9
            assert before - age - 2 <= one["loaded_at"] <= after - age + 2, one  # it tells whole seconds


def test_maps_are_what_bpftool_says(loaded: Loaded) -> None:
    """Type, sizes of key and value, room, memory and name of every map."""
    agree(listed()[objects.MAPS], bpftool("map", "show"), MAP, len(loaded.maps))


def test_runs_and_their_time_are_what_bpftool_says(loaded: Loaded) -> None:
    """1009 switches of statistics on; ebtop counts from when it first saw the program."""
    program = loaded.programs("xdp")[0]
    number = number_of(program)
    census = Census(frozenset, 0)

    def ours() -> dict[str, Any]:
        programs, maps, records = census.take()
        rows = objects.decode(wire.Objects(programs, maps), records)[objects.PROGRAMS]
        return _by_id(rows)[number]

    with open(bpf.enable_stats(), "rb"):
        ours()
        begin = bpftool("prog", "show", "id", str(number))
        frames.send("lo", frames.ethernet(frames.ARP, bytes(28)), 1009)
        end = bpftool("prog", "show", "id", str(number))
        now = ours()
        last = bpftool("prog", "show", "id", str(number))
    counted = end.get("run_cnt", 0) - begin.get("run_cnt", 0)
    assert counted >= 1009
    assert counted <= now["runs"] <= last["run_cnt"] - begin.get("run_cnt", 0)
    assert now["run_ns"] <= last["run_time_ns"]


def test_a_program_is_answered_for_with_the_instructions_that_bpftool_shows(loaded: Loaded) -> None:
    """Over the wire, from the privileged process: the same lines, its maps, its interface; and of one that is gone."""
    number = number_of(loaded.programs("xdp")[0])
    answer, gone, _ = seen("ask", str(number), "4294967295")
    detail = decode_program(json.dumps(answer["content"]).encode())
    dump = ["bpftool", "--nomount", "prog", "dump", "xlated", "id", str(number)]
    lines = subprocess.run(dump, capture_output=True, text=True, check=True).stdout.splitlines()
    assert list(detail.instructions) == [line.expandtabs() for line in lines] and len(lines) > 100
    theirs = bpftool("prog", "show", "id", str(number))
    assert (detail.name, detail.type, detail.tag) == ("xdp_count", "xdp", theirs["tag"])
    assert (detail.translated_bytes, detail.machine_bytes) == (theirs["bytes_xlated"], theirs["bytes_jited"])
    assert detail.memory_bytes == theirs["bytes_memlock"]
    assert (detail.uid, detail.gpl) == (theirs["uid"], theirs["gpl_compatible"])
    assert detail.loaded_ns / 1e9 == pytest.approx(theirs["loaded_at"], abs=1.5)
    assert [one.id for one in detail.maps] == theirs["map_ids"]
    assert {one.name for one in detail.maps} == {"xdp_rows", "xdp_totals"}
    assert detail.places == ("xdp:lo",)
    assert "no BPF program 4294967295" in gone["content"]["error"]

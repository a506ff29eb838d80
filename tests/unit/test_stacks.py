"""Stacks as functions, as folded text and as SVG: sums that agree, and names that do no harm."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ebtop import cells, registry, stacking
from ebtop.derive import counted_from, derive
from ebtop.export.stacks import as_folded, as_svg, stacks_of
from ebtop.frame import FlameFrame, Frame, TableFrame
from ebtop.sample import MapRows, Sample
from ebtop.zero import zeroed
from tests import samples

PROBES = {"profile": registry.probe("profile")}
HOSTILE = "</text><script>alert(1)</script>&\x00\ud800\x1b"


def frame_of(now: Sample, before: Sample | None = None) -> Frame:
    """Of the probe profile."""
    return derive(now, before, PROBES)


def functions(frame: Frame) -> dict[str, tuple[float, float]]:
    """Own and whole nanoseconds since the start, by name and module."""
    table = frame.probes["profile"].views["functions"]
    assert isinstance(table, TableFrame)
    own, whole = table.columns["self_ns_total"].tolist(), table.columns["all_ns_total"].tolist()
    numbers = table.keys["function"].tolist()
    names = [f"{cells.function(frame, number)} {cells.module(frame, number)}" for number in numbers]
    return dict(zip(names, zip(own, whole, strict=True), strict=True))


def flame(frame: Frame) -> FlameFrame:
    """Its stacks."""
    found = stacks_of(frame, "profile")
    assert found is not None
    return found


def rows_of(sample: Sample) -> MapRows:
    """What the kernel counted."""
    return sample.probes["profile"].maps["profile_rows"]


def test_what_functions_have_themselves_is_everything() -> None:
    """No stack is lost and none counted twice; a caller has what it called, once though it calls itself."""
    sample = samples.sample(10, ("profile",))
    found = functions(frame_of(sample))
    whole = float(rows_of(sample).values["ns"].sum())
    assert sum(own for own, _ in found.values()) == whole
    values = rows_of(sample).values["ns"].tolist()
    assert found["hash_search postgres"] == (values[1], values[1])
    assert found["ExecScan postgres"] == (0.0, float(values[0] + values[1]))
    assert not any(name.startswith("postgres ") for name in found)


def test_a_function_that_calls_itself_is_counted_once() -> None:
    """However deep it goes."""
    sample = samples.sample(10, ("profile",))
    probe = sample.probes["profile"]
    values = probe.maps["profile_stacks"].values.copy()
    path = values["path"][0]
    path[5], path[6] = path[4], path[4]
    maps = {**probe.maps, "profile_stacks": replace(probe.maps["profile_stacks"], values=values)}
    deep = replace(sample, probes={"profile": replace(probe, maps=maps)})
    rows = rows_of(sample).values["ns"].tolist()
    assert functions(frame_of(deep))["PortalRun postgres"] == (rows[0], rows[0] + rows[1])


def test_since_a_zero_stacks_are_counted_from_there() -> None:
    """As in any table: the difference is what was counted since."""
    then, now = samples.sample(3, ("profile",)), samples.sample(10, ("profile",))
    zero = zeroed(then, "profile")
    assert zero is not None
    data = counted_from(frame_of(now, then).probes["profile"], zero, now.monotonic_ns).views["flame"]
    assert isinstance(data, FlameFrame)
    assert data.counts.sum() == float((rows_of(now).values["ns"] - rows_of(then).values["ns"]).sum())
    assert np.array_equal(data.counts, data.recent)


def test_folded_lines_add_up_to_all_that_was_counted() -> None:
    """In microseconds; program first, innermost function last."""
    frame = frame_of(samples.sample(10, ("profile",)))
    lines = as_folded(frame, flame(frame)).decode().splitlines()
    counts = [int(line.rpartition(" ")[2]) for line in lines]
    assert sum(counts) == pytest.approx(flame(frame).counts.sum() / 1000, abs=len(lines))
    assert any(line.startswith("postgres;main;PostgresMain;exec_simple_query;PortalRun;ExecScan;") for line in lines)


def test_the_svg_is_well_formed_and_has_a_box_for_each_function() -> None:
    """As wide as its share; nothing is fetched, nothing runs."""
    frame = frame_of(samples.sample(10, ("profile",)))
    root = ET.fromstring(as_svg(frame, flame(frame), "CPU profile"))
    space = "{http://www.w3.org/2000/svg}"
    titles = [title.text or "" for title in root.iter(f"{space}title")]
    assert titles[0].startswith("all: ") and any(title.startswith("hash_search (postgres): ") for title in titles)
    widths = [float(rect.get("width", "0")) for rect in root.iter(f"{space}rect") if rect.get("class")]
    assert widths[0] == 1200
    assert {element.tag.removeprefix(space) for element in root.iter()} == {
        "svg",
        "style",
        "rect",
        "text",
        "g",
        "title",
    }


def test_the_svg_says_since_when_it_is_counted() -> None:
    """From the start of the probe, or from where the user cleared it."""
    frame = frame_of(samples.sample(10, ("profile",)))
    assert b"stacks since the probe started" in as_svg(frame, flame(frame), "CPU profile")
    assert b"stacks since 14:04:07" in as_svg(frame, flame(frame), "CPU profile", "14:04:07")


def test_names_of_a_traced_program_do_no_harm_in_an_svg() -> None:
    """Neither markup nor bytes that no document may have."""
    sample = samples.sample(10, ("profile",))
    labels = {**sample.labels, "function": dict.fromkeys(sample.labels["function"], HOSTILE)}
    frame = frame_of(replace(sample, labels=labels))
    content = as_svg(frame, flame(frame), HOSTILE)
    root = ET.fromstring(content)
    assert content.isascii() and b"<script" not in content
    assert "<script>alert(1)</script>&" in "".join(root.itertext())


@pytest.mark.parametrize(("character", "letters"), [("\N{CJK UNIFIED IDEOGRAPH-6F22}", 2), ("e\u0301", 0.5)])
def test_no_name_is_wider_than_its_box_in_an_svg(character: str, letters: float) -> None:
    """Where a character takes the place of two letters, or none; names that have room are whole."""
    name = 40 * character
    sample = samples.sample(10, ("profile",))
    labels = {**sample.labels, "function": dict.fromkeys(sample.labels["function"], name)}
    frame = frame_of(replace(sample, labels=labels))
    space = "{http://www.w3.org/2000/svg}"
    whole, cut = 0, 0
    for group in ET.fromstring(as_svg(frame, flame(frame), "CPU profile")).iter(f"{space}g"):
        label, box = group.find(f"{space}text"), group.find(f"{space}rect")
        if label is None or box is None or label.text == "all":
            continue
        text = label.text or ""
        whole, cut = whole + (text == name), cut + text.endswith("…")
        taken = text.count("…") + letters * len(text.rstrip("…"))
        assert taken * 6.6 <= float(box.get("width", "0")) - 6
        assert text == name or taken >= 2
    assert whole and cut


def test_what_is_remembered_of_processes_that_lead_astray_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come; those that have ended are forgotten, a few in each turn."""
    shortened: list[tuple[int, bool]] = []
    stacks = SimpleNamespace(shorten=lambda pid, on: shortened.append((pid, on)))
    monkeypatch.setattr(stacking, "_PROCESSES", 13)
    monkeypatch.setattr(stacking, "_LOOKED_AT", 5)
    monkeypatch.setattr("os.path.exists", lambda path: path == "/proc/1000")
    astray = stacking._Astray(stacks)  # type: ignore[arg-type]  # no maps
    for pid in range(1000, 1031):
        astray.count(pid, True)
    assert list(astray._counts) == list(range(1018, 1031))
    for pid in range(1000, 1031):
        for _ in range(30):
            astray.count(pid, True)
    assert shortened == [(pid, True) for pid in range(1000, 1013)]
    assert len(astray._short) == len(astray._counts) == 13
    for _ in range(3):
        astray.look()
    assert (list(astray._short), astray._counts) == ([1000], {})
    assert shortened[13:] == [(pid, False) for pid in range(1001, 1013)]

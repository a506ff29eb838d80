"""What stays when there is hardly any room: a rate with its unit, and what a row is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import TableFrame
from ebtop.spec import Events, Kind, Probe, Table
from ebtop.tui.columns import fitted
from ebtop.tui.pieces import line_width, middle
from ebtop.tui.tablelines import ViewState, cut_title, table_lines
from ebtop.tui.titles import title
from tests.samples import sample

VIEWS = [view for probe in registry.probes().values() for view in probe.views if isinstance(view, Table | Events)]


@pytest.mark.parametrize("cells", [24, 29, 30, 40])
@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: str(probe.name))
def test_a_title_keeps_its_rate_whole(probe: Probe, cells: int) -> None:
    """The end of the name gives way, and says so."""
    line = title(str(probe.slot), probe.title, "raw_tracepoint", "13.7 k/s", "▁▂▃", cells, False, "┬")
    text = "".join(piece for piece, _ in line)
    assert line_width(line) == cells
    assert " 13.7 k/s" in text
    assert probe.title in text or "…" in text


@pytest.mark.parametrize("cells", [24, 29, 38, 60])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.name))
def test_a_row_keeps_the_text_it_is_about(view: Table | Events, cells: int) -> None:
    """A path or a command line is the last to go."""
    texts = {key.field for key in view.keys if key.kind in (Kind.TEXT, Kind.NUMBERED) and key.importance == 0}
    chosen, _ = fitted(view, cells, view.sort if isinstance(view, Table) else "")
    if texts:
        assert texts & {slot.name for slot in chosen}


@pytest.mark.parametrize("cells", [22, 27, 33, 39, 60])
@pytest.mark.parametrize("view", [view for view in VIEWS if isinstance(view, Table)], ids=lambda view: str(view.name))
def test_a_row_keeps_the_number_that_orders_it_and_whose_it_is(view: Table, cells: int) -> None:
    """What a probe was made to measure does not give way to one more name; nor does the last name to a number."""
    chosen, gap = fitted(view, cells, view.sort)
    assert view.sort in {slot.name for slot in chosen}
    assert any(slot.key is not None for slot in chosen)
    assert 1 + sum(slot.cells for slot in chosen) + gap * (len(chosen) - 1) <= cells


def test_names_are_read_with_ease_before_there_is_a_second_number() -> None:
    """In a panel of forty cells; where even that is too much, everything is narrow before a name goes."""
    errors = next(view for view in registry.probe("errors").views if isinstance(view, Table))
    names = {cells: [slot.title for slot in fitted(errors, cells, errors.sort)[0]] for cells in (33, 39, 60)}
    assert names[33] == ["program", "call", "errors/s"]
    assert names[39] == ["program", "call", "error", "errors/s"]
    assert names[60] == ["pid", "program", "call", "error", "errors/s"]


@pytest.mark.parametrize(
    ("title", "cells", "drawn"),
    [
        ("connects/s", 11, "connects/s▾"),
        ("connects/s", 8, "conn…/s▾"),
        ("command line", 10, "command…▾"),
        ("parent program", 11, "parent pr…▾"),
    ],
)
def test_a_heading_without_room_loses_its_end_but_stays_a_rate(title: str, cells: int, drawn: str) -> None:
    """Words are read from their beginning; per second is a unit."""
    assert cut_title(title, "▾", cells) == drawn


def test_a_long_number_is_never_cut_to_another_one() -> None:
    """4026531840, a network namespace, is not 4026531: where its end is missing, that is seen."""
    netdev = registry.probe("netdev")
    namespaces = next(view for view in netdev.views if isinstance(view, Table))
    frame = derive(sample(10, ["netdev"]), sample(9, ["netdev"]), {"netdev": netdev})
    data = frame.probes["netdev"].views[namespaces.name]
    assert isinstance(data, TableFrame)
    keys = data.keys.copy()
    keys["namespace"] = 4_026_531_840
    chosen, _ = fitted(namespaces, 100, namespaces.sort, belonging=False)
    place = [slot.name for slot in chosen].index("namespace")
    drawn = table_lines(frame, replace(data, keys=keys), ViewState(), 100, 1).rows[0]
    line = "".join(text for text, _ in drawn)
    assert middle("4026531840", chosen[place].cells) in line

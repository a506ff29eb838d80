"""What stays when there is hardly any room: a rate with its unit, and what a row is about."""

from __future__ import annotations

import pytest

from ebtop import registry
from ebtop.spec import Events, Kind, Probe, Table
from ebtop.tui.columns import fitted
from ebtop.tui.pieces import line_width
from ebtop.tui.titles import title

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

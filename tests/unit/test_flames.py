"""Flame graphs: boxes are as wide as what was counted in them, and nothing is counted twice or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from ebtop.flames import Flame, Path, folded, ordered
from ebtop.frame import FlameFrame
from ebtop.spec import Flame as View
from ebtop.units import Unit

NAMES = {1: "postgres", 2: "main", 3: "scan", 4: "hash", 5: "read;write", 6: "node", 7: "accept"}
PATHS = [(1, 2, 3, 4), (1, 2, 3), (1, 2, 5), (6, 2), (1, 7), (6, 4)]
COUNTS = [30.0, 20.0, 10.0, 25.0, 15.0, 0.0]


def data() -> FlameFrame:
    """Stacks of two programs; of one nothing is counted."""
    paths = np.zeros((len(PATHS), 8), np.uint32)
    for row, path in zip(paths, PATHS, strict=True):
        row[: len(path)] = path
    view = View("flame", "flame graph", "rows", "stacks", "ns", Unit.NS)
    return FlameFrame(view, paths, np.array(COUNTS), np.array(COUNTS) / 10)


def graph(given: FlameFrame, zoom: Path = ()) -> Flame:
    """Its boxes."""
    return Flame(ordered(given, NAMES), zoom)


def boxes(flame: Flame, depth: int, least: float = 0.0) -> list[tuple[str, float, float]]:
    """Innermost function, begin and width of each box."""
    found, _ = flame.level(depth, least)
    return [(NAMES[box.path[-1]] if box.path else "all", box.begin, round(box.end - box.begin, 9)) for box in found]


def test_boxes_stand_by_name_over_what_called_them() -> None:
    """Each in its caller's width; a caller that was counted itself is wider than what it called."""
    flame = graph(data())
    assert (flame.whole, flame.deepest) == (100.0, 4)
    assert boxes(flame, 0) == [("all", 0, 1)]
    assert boxes(flame, 1) == [("node", 0, 0.25), ("postgres", 0.25, 0.75)]
    assert boxes(flame, 2) == [("main", 0, 0.25), ("accept", 0.25, 0.15), ("main", 0.4, 0.6)]
    assert boxes(flame, 3) == [("read;write", 0.4, 0.1), ("scan", 0.5, 0.5)]
    assert boxes(flame, 4) == [("hash", 0.7, 0.3)]
    assert boxes(flame, 5) == []


def test_a_box_knows_what_it_counted_itself() -> None:
    """And what of all that in the interval."""
    box = graph(data()).box((1, 2, 3))
    assert (box.count, box.own) == (50.0, 20.0)
    assert box.recent == pytest.approx(5.0)


def test_what_is_too_narrow_is_counted() -> None:
    """Not drawn, not forgotten."""
    found, hidden = graph(data()).level(2, 0.2)
    assert ([NAMES[box.path[-1]] for box in found], hidden) == (["main", "main"], 1)


def test_the_zoomed_box_fills_the_width() -> None:
    """What is beside it is gone; its own depth stays what it was."""
    flame = graph(data(), (1, 2))
    assert (flame.zoom, flame.whole, flame.everything) == ((1, 2), 60.0, 100.0)
    assert boxes(flame, 2) == [("main", 0, 1)]
    assert [name for name, _, _ in boxes(flame, 3)] == ["read;write", "scan"]
    assert flame.box(()).path == (1, 2)


def test_what_is_not_there_any_more_gives_way_to_its_caller() -> None:
    """Zoom and cursor both, after a row was evicted or all was counted anew."""
    flame = graph(data(), (1, 2, 7, 4))
    assert flame.zoom == (1, 2)
    assert graph(data()).box((1, 2, 3, 7)).path == (1, 2, 3)
    assert graph(data(), (9,)).zoom == ()
    assert graph(data()).box(tuple(range(1, 20))).path == (1, 2, 3, 4)


def test_nothing_counted_is_an_empty_graph() -> None:
    """No box, no division by nothing."""
    empty = data()
    flame = graph(FlameFrame(empty.view, empty.paths, np.zeros(6), np.zeros(6)))
    assert (flame.whole, flame.level(1), flame.box((1,)).count) == (0.0, ([], 0), 0)


def test_folded_stacks_are_lines_of_names_and_a_count() -> None:
    """In the order of texts; a semicolon in a name would be taken for a call."""
    assert list(folded(data(), NAMES)) == [
        ("node;main", 25),
        ("postgres;accept", 15),
        ("postgres;main;read:write", 10),
        ("postgres;main;scan", 20),
        ("postgres;main;scan;hash", 30),
    ]

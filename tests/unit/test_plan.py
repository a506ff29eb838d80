"""Where panels stand: all of them on the screen, none over another."""

from __future__ import annotations

import pytest

from ebtop.tui.plan import SMALLEST, grid


@pytest.mark.parametrize("size", [SMALLEST, (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 13, 24, 47, 50])
def test_every_panel_is_on_the_screen_and_they_cover_it(size: tuple[int, int], count: int) -> None:
    """Each has a title line at least; every cell belongs to one panel."""
    width, height = size[0], size[1] - 3
    places = grid(count, width, height)
    assert len(places) == count
    assert all(place.width > 0 and place.height > 0 for place in places)
    cells = {
        (x, y) for one in places for x in range(one.x, one.x + one.width) for y in range(one.y, one.y + one.height)
    }
    assert len(cells) == sum(one.width * one.height for one in places) == width * height

"""Keys in any order, terminals of any size: the dashboard never falls, and the terminal shows what it is to show."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from textual.pilot import Pilot

from ebtop.sample import Sample
from ebtop.tui.app import Dashboard
from ebtop.tui.keys import KEYS
from ebtop.tui.pieces import width
from tests.samples import failed, sample, session, with_probe
from tests.tui.emulated import emulated, resize, seen, whole
from tests.tui.scenes import DEFAULT, dashboard, lines, source_of

SIZES = ((80, 24), (120, 40), (200, 60), (60, 16), (59, 15), (100, 30), (60, 60), (300, 20))
LEAVING = ("q", "f10", "ctrl+c")
KEPT = [key for row in KEYS for key in row.keys if key not in LEAVING]
OFTEN = ["escape"] * 6 + ["enter"] * 3 + ["H", "H", "g", "tab", "T", "slash", "[", "]", "a", "i", ":", "p", "1", "x"]
STEPS = 100


def samples(dice: random.Random, app: Dashboard) -> Iterator[Sample]:
    """A machine on which probes have any number of rows, fail, begin anew, and processes go."""
    for second in range(12, 12 + STEPS):
        rows = dice.choice([0, 1, 3, 12, 12, 12, 40])
        given = sample(second, app.wanted, rows, started=second - 1 if dice.random() < 0.1 else -1)
        if dice.random() < 0.1 and app.wanted:
            given = with_probe(given, app.wanted[0], failed())
        yield replace(given, processes={}, details={}) if dice.random() < 0.1 else given


async def step(dice: random.Random, pilot: Pilot[None], machine: Iterator[Sample]) -> str:
    """One more thing that happens; says which."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    kind = dice.random()
    if kind < 0.06:
        size = dice.choice(SIZES)
        await resize(pilot, *size)
        return f"{size}"
    if kind < 0.3:
        source_of(app).push(next(machine))
        return "a sample"
    key = dice.choice(KEPT + OFTEN)
    if key == "enter" and type(app.screen).__name__ == "Palette":
        key = "escape"  # it may find to quit
    await pilot.press(key)
    return key


@pytest.mark.parametrize("seed", [1, 8, 21])
async def test_any_keys_leave_a_terminal_that_shows_what_a_full_repaint_would(seed: int) -> None:
    """Whatever is pressed, resized and counted: every line is as wide as the terminal, and no cell is an old one."""
    dice = random.Random(seed)
    app = dashboard(*session(12, DEFAULT))
    done: list[str] = []
    async with emulated(app) as pilot:
        machine = samples(dice, app)
        for _ in range(STEPS):
            done.append(await step(dice, pilot, machine))
            await pilot.pause()
            cells, height = app.size
            assert app._exception is None, done
            assert [width(line) for line in lines(app)] == [cells] * height, done
            shown, right = seen(app), whole(app)
            assert shown == right, (done, list(differing(shown, right)))
        await pilot.press("escape", "escape", "escape", "escape", "q")
    assert app.return_code == 0


def differing(shown: list[list[tuple[object, ...]]], right: list[list[tuple[object, ...]]]) -> Iterator[str]:
    """The lines that are other than they should be, as they are and as they should be."""
    for y, (here, there) in enumerate(zip(shown, right, strict=True)):
        if here != there:
            text = ("".join(str(cell[0]) for cell in chain(line)) for line in (here, there))
            yield f"{y}: {' / '.join(text)}"

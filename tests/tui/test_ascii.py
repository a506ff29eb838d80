"""ASCII: no screen draws anything else where it is asked for, and it is asked for where nothing else can be shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from ebtop.sample import Process
from ebtop.settings import Settings
from ebtop.tui import looks
from ebtop.tui.looks import Looks
from ebtop.tui.opening import lines as opening_lines
from ebtop.tui.pieces import line_width
from ebtop.tui.ramp import ramp
from ebtop.tui.shapes import bar, sparkline
from ebtop.tui.transliteration import plain
from tests.samples import failed, sample, session, with_probe
from tests.tui.scenes import DEFAULT, dashboard, lines, shown, text

FOLDER = Path(looks.__file__).parent.parent
DRAWN = sorted(
    {character for path in FOLDER.rglob("*.py") for character in path.read_text() if not character.isascii()}
    | {chr(code) for code in range(0x2800, 0x2900)}
    | set("日本e\u0301🙂\N{REPLACEMENT CHARACTER}␀")
)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60), (30, 5)])
@pytest.mark.parametrize(
    "keys",
    [[], ["m"], ["m", "slash", "x"], ["question_mark"], ["L"], ["colon"], ["space"], ["u", "u", "m"]],
    ids=["overview", "focus", "filter", "help", "log", "palette", "paused", "units"],
)
async def test_no_screen_draws_more_than_ascii(size: tuple[int, int], keys: list[str]) -> None:
    """At any size; also names of the machine that are not ASCII, and a probe that failed."""
    last = with_probe(sample(39, DEFAULT), "rw", failed())
    last.processes[4121] = Process("日本語é", "ada")  # type: ignore[index]
    app = dashboard(*session(39, DEFAULT), last, settings=Settings(ascii="always"))
    async with shown(app, size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert text(app).replace("\n", "").isascii()
        assert {len(line) for line in lines(app)} == {size[0]}


async def test_without_it_signs_and_names_are_drawn_as_they_are() -> None:
    """In the same place."""
    app = dashboard(settings=Settings(ascii="never"))
    async with shown(app):
        assert "─" in text(app)


@pytest.mark.parametrize("character", DRAWN)
def test_every_sign_keeps_its_width(character: str) -> None:
    """All that stand in the sources, every pattern of dots, and a few from anywhere."""
    assert plain(character).isascii()
    assert len(plain(character)) == cell_len(character)


def test_no_sign_of_the_screens_becomes_a_question_mark() -> None:
    """What ebtop draws itself has a likeness; letters of names have none."""
    texts = [
        match
        for path in (FOLDER / "tui").rglob("*.py")
        for match in re.findall(r"[^\x00-\x7f]", path.read_text())
        if path.name != "transliteration.py"
    ]
    assert {sign for sign in texts if "?" in plain(sign)} <= {"ñ"}
    assert plain("naïve") == "na?ve"


def test_shapes_rise_in_ascii_as_well() -> None:
    """Sparklines, bars and ramps: eight, nine and six different densities, in this order."""
    assert plain(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8)) == "_.:-=+*#"[0:8]
    assert plain(bar(1.0, 3)) == "###"
    ends = [plain(bar(eighth / 8, 1)) for eighth in range(9)]
    assert ends[0] == " "
    assert ends[-1] == "#"
    assert " " not in ends[1:]
    assert "".join(dict.fromkeys(plain(ramp(share / 32)[0]) for share in range(33))) == " .:=*#"


def test_the_opening_keeps_its_width() -> None:
    """It is written past the widgets."""
    for line in opening_lines(DEFAULT, 1.0, 80, 24):
        whole = plain("".join(piece for piece, _ in line))
        assert whole.isascii()
        assert len(whole) == line_width(line)


@pytest.mark.parametrize(
    ("environ", "needed"),
    [
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, False),
        ({"TERM": "xterm-256color", "LANG": "C.utf8"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"}, True),
        ({"TERM": "xterm-256color", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True),
        ({"TERM": "xterm-256color", "LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, False),
        ({"TERM": "linux", "LANG": "de_DE.UTF-8"}, True),
        ({"TERM": "dumb"}, True),
        ({"TERM": "vt220", "LANG": "C.UTF-8"}, True),
    ],
)
def test_it_is_needed_by_locale_or_terminal(environ: dict[str, str], needed: bool) -> None:
    """Unless the settings decide."""
    assert looks.of(Settings(), environ).ascii is needed
    assert looks.of(Settings(ascii="always"), environ).ascii
    assert not looks.of(Settings(ascii="never"), environ).ascii


def test_looks_are_plain_data() -> None:
    """Equal where they look the same."""
    assert looks.of(Settings(), {"TERM": "xterm-256color"}) == Looks()

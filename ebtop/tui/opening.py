"""The first picture, written straight to the terminal while Textual and numpy are being imported; imports neither.

It is the same header and the same title rules that the dashboard draws a moment later.
"""

from __future__ import annotations

import os
import sys
import time

from ebtop import registry
from ebtop.tui import slots
from ebtop.tui.looks import Looks
from ebtop.tui.pieces import Line, fill
from ebtop.tui.plan import SMALLEST, grid
from ebtop.tui.titles import NAN, Headline, header, title
from ebtop.tui.transliteration import plain

_ROLES = {
    "accent": "1;38;5;75",
    "strong": "38;5;255",
    "text": "38;5;251",
    "dim": "38;5;246",
    "faint": "38;5;241",
    "rule": "38;5;237",
    "bar": "38;5;75",
}
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H"
_LEAVE = "\x1b[0m\x1b[?1049l\x1b[?25h"


def paint(wanted: tuple[str, ...], interval: float, looks: Looks) -> bool:
    """Paint the opening on the terminal of stderr, where Textual draws; whether there is one.

    In colours only where they are those of the theme that follows, on the ground of the terminal.
    """
    try:
        size = os.get_terminal_size(2)
    except OSError:
        return False
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        return False
    colourless = looks.theme != "ebtop" or "NO_COLOR" in os.environ or "256" not in os.environ.get("TERM", "")
    text = "\r\n".join(_coloured(line, colourless) for line in lines(wanted, interval, size.columns, size.lines))
    os.write(2, (_ENTER + (plain(text) if looks.ascii else text)).encode())
    return True


def leave() -> None:
    """Back to the main screen; harmless where that has been done."""
    sys.stderr.write(_LEAVE)
    sys.stderr.flush()


def lines(wanted: tuple[str, ...], interval: float, columns: int, rows: int) -> list[Line]:
    """Header and title rules of the panels that will be there, in `columns` x `rows` cells."""
    machine = os.uname()
    head = Headline(machine.nodename, machine.release, time.strftime("%H:%M:%S"), NAN, NAN, os.getloadavg()[0])
    picture = [header(Headline(head.host, head.kernel, head.clock, load=head.load, interval_s=interval), columns)]
    picture += [[] for _ in range(rows - 1)]
    digits = slots.declared(registry.first())
    order = slots.in_order(registry.known(wanted), digits)
    probes = [order[name] for name in order if name in wanted]
    for probe, place in zip(probes, grid(len(probes), columns, rows - 3), strict=True):
        rule = title(
            slots.key_of(digits, probe.name), probe.title, "", "", "", place.width, False, "" if place.x == 0 else "┬"
        )
        picture[1 + place.y] += rule
        for y in range(place.y + 1, place.y + place.height):
            words: Line = [("│" if place.x else "", "rule")]
            if y == place.y + 1:
                words += [(" ○ ", "dim"), ("starting…", "dim")]
            picture[1 + y] += fill(words, place.width)
    return picture


def _coloured(line: Line, colourless: bool) -> str:
    if colourless:
        return "".join(text for text, _ in line)
    return "".join(f"\x1b[0;{_ROLES.get(role, '0')}m{text}" for text, role in line)

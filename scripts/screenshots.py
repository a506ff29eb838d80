"""Makes screenshots/*.svg: `make screenshots`, as root. This kernel, load.py at work on it, ebtop in a terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from pathlib import Path

from load import running

from tests.kernel.terminal_session import TerminalSession, wait_until

PLACE = Path(__file__).parents[1] / "screenshots"
FOLDER = Path("/srv/store")
COLUMNS, LINES = 132, 43
WARM_UP_S = 20.0
NOTICE_S = 7.0
"""The line that says where a picture was saved is gone by then, and not on the next one."""
PICTURES: dict[tuple[str, ...], dict[str, bytes]] = {
    (): {
        "overview": b"",
        "focus": b"\tm",
        "histogram": b"m\t\t\t\t\tm",
        "heatmap": b"m\t\t\tmH",
        "process": b"\x1b|\x1b|\r",
        "baseline": b"\x1b|gb",
        "browser": b"Bggg\x1bOQ|jj",
        "triage": b"\x1b|!",
    },
    ("--probes", "profile"): {"flame": b"mvvv"},
    ("--bt", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); @number = lhist(args->id, 0, 300, 20); }"): {
        "bpftrace": b""
    },
    ("--probes", "all"): {"everything": b""},
}
"""By ebtop's options and by name, the keys that lead there from the picture before; | ends a key of several bytes."""
SIZES = {"everything": (200, 60)}
PAUSES = {"heatmap": 40.0, "triage": 6.0}
"""Seconds that a picture needs besides, by name."""


def main() -> int:
    """Write the pictures; exit status."""
    if os.geteuid():
        sys.exit("screenshots: root is needed, as for ebtop")
    PLACE.mkdir(exist_ok=True)
    with running(FOLDER):
        return max(session(options, pictures) for options, pictures in PICTURES.items())


def session(options: tuple[str, ...], pictures: dict[str, bytes]) -> int:
    """One session of ebtop with all its pictures; its exit status."""
    columns, lines = next((SIZES[name] for name in pictures if name in SIZES), (COLUMNS, LINES))
    settings = {"COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    words = ["-m", "ebtop", "--max-overhead", "0", *options]
    with (
        tempfile.TemporaryDirectory() as folder,
        TerminalSession(words, columns=columns, lines=lines, folder=Path(folder), environment=settings) as ebtop,
    ):
        threading.Event().wait(WARM_UP_S)
        for name, keys in pictures.items():
            for key in pressed(keys):
                ebtop.send(key)
                threading.Event().wait(0.5)
            threading.Event().wait(NOTICE_S + PAUSES.get(name, 0.0))
            picture(ebtop, Path(folder), PLACE / f"{name}.svg")
        ebtop.send(b"\x1b")
        threading.Event().wait(0.5)
        ebtop.send(b"q")
        return ebtop.status()


def pressed(keys: bytes) -> list[bytes]:
    """One key after the other."""
    return [key[:-1] if key.endswith(b"|") else key for key in re.findall(rb"\x1b[^|]*\||[^|]", keys, re.DOTALL)]


def picture(ebtop: TerminalSession, folder: Path, target: Path) -> None:
    """Have ebtop save what it shows, and keep it as `target`."""
    ebtop.send(b"P")
    wait_until(lambda: any(path.read_text().endswith("</svg>\n") for path in folder.glob("ebtop-*.svg")))
    saved = next(folder.glob("ebtop-*.svg"))
    target.write_text(without_margins(saved.read_text()))
    saved.unlink()
    sys.stdout.write(f"{target}\n")


_TEXT = re.compile(r'(<text class="[^"]*" )x="([\d.]+)"( y="[\d.]+" )textLength="([\d.]+)"([^>]*>)([^<]*)(</text>)')
_BLANK = "&#160;"
_CELL = 12.2
"""Width of a character in Rich's pictures."""


def without_margins(svg: str) -> str:
    """`svg` with texts that begin and end with ink: some programs that draw SVG leave out blanks at either end."""
    return _TEXT.sub(_bare, svg)


def _bare(found: re.Match[str]) -> str:
    before, x, middle, length, after, text, end = found.groups()
    margins = re.fullmatch(f"((?:{_BLANK})*)(.*?)((?:{_BLANK})*)", text.strip())
    assert margins is not None
    left, right = (len(margin) // len(_BLANK) for margin in margins.group(1, 3))
    place, width, text = float(x) + left * _CELL, float(length) - (left + right) * _CELL, margins[2]
    if not text:
        return ""
    return f'{before}x="{place:g}"{middle}textLength="{width:g}"{after}{text}{end}'


if __name__ == "__main__":
    sys.exit(main())

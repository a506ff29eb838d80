"""What a panel says while it has no rows: state, why, and the key that helps; words only."""

from __future__ import annotations

import textwrap

from ebtop.spec import Events
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line

_LOADING = {
    "off": "waiting for the loader…",
    "compiling": "compiling…",
    "attaching": "attaching…",
}


def state_lines(looked: Looked, cells: int) -> list[Line]:
    """For a probe that is not live, or lives but has seen nothing yet: words, folded to `cells`."""
    shown = looked.shown
    if shown is None:
        return [[(" ○ ", "dim"), ("starting…", "dim")]]
    state = shown.sample.state.value
    if state == "failed":
        first, *more = _folded(shown.sample.error or "failed", cells - 4)
        return [
            [(" ✗ ", "bad"), (first, "bad")],
            *([("   ", "text"), (line, "bad")] for line in more),
            [("   ", "text"), (looked.log_key, "key"), (" shows the log", "dim")],
        ]
    if state in _LOADING:
        return [[(" ○ ", "dim"), (_LOADING[state], "dim")]]
    return [[(" ", "text"), (line, "faint")] for line in _folded(_nothing_yet(looked), cells - 2)]


def empty_lines(looked: Looked, cells: int) -> list[Line]:
    """For a table or list without rows."""
    if looked.state and looked.state.filter:
        return [[(" no row passes the filter ", "faint"), (looked.state.filter, "text")]]
    if looked.since:
        return [[(f" nothing since {looked.since}: it was cleared then", "faint")]]
    if looked.fresh:
        return [[(" started again from zero", "dim")]]
    return state_lines(looked, cells)


def _folded(text: str, cells: int) -> list[str]:
    return textwrap.wrap(text, max(8, cells), max_lines=3, placeholder=" …") or [text]


def _nothing_yet(looked: Looked) -> str:
    view = looked.view
    if isinstance(view, Events):
        return f"nothing yet: the next event of “{view.title}” appears here"
    return f"nothing counted yet. {looked.probe.question}"

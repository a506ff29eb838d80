"""What a panel says while it has no rows: state, why, and the key that helps; words only."""

from __future__ import annotations

from ebtop.spec import Events
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line

_LOADING = {
    "off": "waiting for the loader…",
    "compiling": "compiling…",
    "attaching": "attaching…",
}


def state_lines(looked: Looked) -> list[Line]:
    """One or two lines for a probe that is not live, or lives but has seen nothing yet."""
    shown = looked.shown
    if shown is None:
        return [[(" ○ ", "dim"), ("starting…", "dim")]]
    state = shown.sample.state.value
    if state == "failed":
        return [
            [(" ✗ ", "bad"), (shown.sample.error or "failed", "bad")],
            [("   ", "text"), ("L", "key"), (" shows the log", "dim")],
        ]
    if state in _LOADING:
        return [[(" ○ ", "dim"), (_LOADING[state], "dim")]]
    return [[(" ", "text"), (_nothing_yet(looked), "faint")]]


def _nothing_yet(looked: Looked) -> str:
    view = looked.view
    if isinstance(view, Events):
        return f"nothing yet: the next event of “{view.title}” appears here"
    return "nothing yet: " + (looked.probe.question[:1].lower() + looked.probe.question[1:])

"""Every key there is, in one table: bindings, footer, help, palette and README come from it; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One habit of the hands: keys in Textual's names, the app's action, and words for it."""

    keys: tuple[str, ...]
    action: str
    label: str
    """One or two words for the footer and the palette."""
    help: str
    footer: int = 0
    """Rank in the footer, 1 first; 0: not there."""
    where: str = "both"
    """overview, focus or both: where it does something."""


KEYS: tuple[KeyRow, ...] = (
    KeyRow(("q", "f10", "ctrl+c"), "quit", "quit", "Quit; every probe is detached.", 11),
    KeyRow(("question_mark", "h", "f1"), "help", "help", "Help: keys, columns, hooks, what is missed.", 10),
    KeyRow(("1", "2", "3", "4", "5", "6", "7", "8", "9"), "toggle_probe", "toggle", "Switch its probe on or off.", 1),
    KeyRow(("tab",), "panel(1)", "next panel", "Focus the next panel.", 0, "overview"),
    KeyRow(("shift+tab",), "panel(-1)", "previous panel", "Focus the panel before.", 0, "overview"),
    KeyRow(("left",), "side(-1, 0)", "left", "Panel to the left; maximised: the view before."),
    KeyRow(("right",), "side(1, 0)", "right", "Panel to the right; maximised: the next view."),
    KeyRow(("up",), "side(0, -1)", "up", "Panel above; maximised: row above."),
    KeyRow(("down",), "side(0, 1)", "down", "Panel below; maximised: row below."),
    KeyRow(("j",), "row(1)", "row down", "Next row."),
    KeyRow(("k",), "row(-1)", "row up", "Row above."),
    KeyRow(("g", "home"), "edge(-1)", "first row", "First row."),
    KeyRow(("G", "end"), "edge(1)", "last row", "Last row."),
    KeyRow(("ctrl+d", "pagedown"), "page(1)", "page down", "Half a page down."),
    KeyRow(("ctrl+u", "pageup"), "page(-1)", "page up", "Half a page up."),
    KeyRow(("enter", "m", "z"), "maximise", "maximise", "Maximise the focused panel, or restore it.", 2),
    KeyRow(("escape", "backspace"), "leave", "back", "Clear the filter, then back to the overview.", 3, "focus"),
    KeyRow(("v",), "view(1)", "next view", "Next view of the probe: another table, events.", 4),
    KeyRow(
        ("slash", "f", "f4", "backslash"),
        "filter",
        "filter",
        "Filter rows: text, pid:1, comm:sh, user:root; ! negates.",
        5,
    ),
    KeyRow(("s", "f6", "greater_than_sign"), "sort(1)", "sort", "Sort by the next column.", 6),
    KeyRow(("less_than_sign",), "sort(-1)", "sort back", "Sort by the column before."),
    KeyRow(("r", "I"), "reverse", "reverse", "Turn the order of rows round."),
    KeyRow(("space", "p"), "pause", "pause", "Hold the screen still; collection goes on.", 7),
    KeyRow(("plus", "equals_sign"), "slower", "slower", "Refresh less often."),
    KeyRow(("minus",), "faster", "faster", "Refresh more often."),
    KeyRow(("exclamation_mark",), "triage", "triage", "Look for ten seconds, then rank what is abnormal.", 8),
    KeyRow(("S", "ctrl+s"), "snapshot", "snapshot", "Save everything collected as JSON.", 8),
    KeyRow(("P",), "picture", "picture", "Save a picture of the screen as SVG."),
    KeyRow(("L",), "log", "log", "Log: compiler and verifier text, messages.", 9),
    KeyRow(("colon", "ctrl+p"), "palette", "palette", "Command palette: find an action by name."),
)

_SHOWN = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "backslash": "\\",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "colon": ":",
    "space": "Space",
    "escape": "Esc",
    "enter": "⏎",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "backspace": "Backspace",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def shown(key: str) -> str:
    """How people write the key: ctrl+s is Ctrl-S, slash is /."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return "Ctrl-" + key[5:].upper()
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def key_names(row: KeyRow) -> str:
    """All keys of a row: "q, F10, Ctrl-C"; the digits as a range."""
    return "1 … 9" if row.action == "toggle_probe" else ", ".join(shown(key) for key in row.keys)


def markdown_table() -> str:
    """The README's table of keys."""
    rows = ["| key | does |", "|---|---|"]
    for row in KEYS:
        names = " ".join(f"`{shown(key)}`" for key in row.keys) if row.action != "toggle_probe" else "`1` … `9`"
        rows.append(f"| {names} | {row.help} |")
    return "\n".join(rows) + "\n"

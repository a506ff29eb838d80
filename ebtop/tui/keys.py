"""Every key there is, in one table: bindings, footer, help, palette and README come from it; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest


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
    where: tuple[str, ...] = ("overview", "focus", "process")
    """The stages on which it does something."""
    rows: bool = False
    """Whether it is about rows of a table only: on a flame graph it does nothing."""
    signs: bool = True
    """Whether its keys may be written with signs that are not ASCII."""

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """Its keys as people write them."""
        return tuple(map(shown if self.signs else spelled, self.keys))

    @property
    def name(self) -> str:
        """What the action is called in a settings file."""
        return self.label.replace(" ", "_")


_LARGE = ("focus", "process")
_TABLES = ("overview", "focus")
KEYS: tuple[KeyRow, ...] = (
    KeyRow(("q", "f10", "ctrl+c"), "quit", "quit", "Quit; every probe is detached.", 11),
    KeyRow(("question_mark", "h", "f1"), "help", "help", "Help: keys, columns, hooks, what is missed.", 4),
    KeyRow(
        ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0"), "toggle_probe", "toggle", "Switch its probe on or off.", 1
    ),
    KeyRow(("f2", "o"), "browse", "probes", "Probes and hooks: search, switch on, costs, what works here.", 3),
    KeyRow(("tab",), "panel(1)", "next panel", "Next panel; maximised: from table to heatmap and back."),
    KeyRow(("shift+tab",), "panel(-1)", "previous panel", "Panel before; maximised: from table to heatmap and back."),
    KeyRow(("left",), "side(-1, 0)", "left", "Panel to the left; maximised: the view before, or the box before."),
    KeyRow(("right",), "side(1, 0)", "right", "Panel to the right; maximised: the next view, or the next box."),
    KeyRow(("up",), "side(0, -1)", "up", "Panel above; maximised: row above, or the caller."),
    KeyRow(("down",), "side(0, 1)", "down", "Panel below; maximised: row below, or the widest function called."),
    KeyRow(("j",), "row(1)", "row down", "Next row."),
    KeyRow(("k",), "row(-1)", "row up", "Row above."),
    KeyRow(("home",), "edge(-1)", "first row", "First row; in a flame graph: the box that fills the width."),
    KeyRow(("G", "end"), "edge(1)", "last row", "Last row; in a flame graph: the innermost function of the widest."),
    KeyRow(("ctrl+d", "pagedown"), "page(1)", "page down", "Half a page down."),
    KeyRow(("ctrl+u", "pageup"), "page(-1)", "page up", "Half a page up."),
    KeyRow(("enter",), "open", "open", "Open the process or BPF program of the row; in a flame graph: zoom in.", 2),
    KeyRow(("m", "z"), "maximise", "maximise", "Maximise the focused panel, or restore it.", 3),
    KeyRow(("t",), "pin", "pin", "Let the kernel count only this process; again: everybody.", rows=True),
    KeyRow(
        ("escape", "backspace"), "leave", "back", "Clear the filter, zoom out, then back to the overview.", 3, _LARGE
    ),
    KeyRow(("T",), "target", "target", "Type whom the kernel is to count only: pid:1 comm:sh user:root c:web."),
    KeyRow(("e",), "bpftrace", "bpftrace", "Type a program for bpftrace, or a FILE.bt: it becomes a panel."),
    KeyRow(("F",), "function", "function", "Type a function or event to be counted: k:vfs_read ret<0, u:libc:malloc."),
    KeyRow(("v",), "view(1)", "next view", "Next view of the probe: another table, events, flame graph.", 4, _TABLES),
    KeyRow(
        ("H",),
        "shape",
        "shape",
        "Trend and histogram, latency heatmap, or one of them alone.",
        4,
        ("focus",),
        rows=True,
    ),
    KeyRow(
        ("slash", "f", "f4", "backslash"),
        "filter",
        "filter",
        "Filter rows: text, pid:1, comm:sh, user:root, c:web; ! negates.",
        5,
        rows=True,
    ),
    KeyRow(("s", "f6", "greater_than_sign"), "sort(1)", "sort", "Sort by the next column.", 6, rows=True),
    KeyRow(("less_than_sign",), "sort(-1)", "sort back", "Sort by the column before.", rows=True),
    KeyRow(("r", "I"), "reverse", "reverse", "Turn the order of rows round.", rows=True),
    KeyRow(
        ("g",),
        "group",
        "group",
        "Add processes up by program, container or unit, user; by process again.",
        12,
        _TABLES,
        rows=True,
    ),
    KeyRow(
        ("b",),
        "mark",
        "baseline",
        "Mark a baseline: the last ten seconds, beside which all is shown.",
        13,
        _TABLES,
        rows=True,
    ),
    KeyRow(("B",), "unmark", "no baseline", "Clear the baseline.", where=_TABLES),
    KeyRow(("c",), "clear", "clear", "Count the focused probe from zero, on the screen only.", where=_TABLES),
    KeyRow(("C",), "unclear", "unclear", "Count the focused probe from its start again.", where=_TABLES),
    KeyRow(("space", "p"), "pause", "pause", "Hold the screen still; collection goes on.", 7),
    KeyRow(("left_square_bracket",), "past(-1)", "earlier", "One moment back in what is kept; holds the screen."),
    KeyRow(("right_square_bracket",), "past(1)", "later", "One moment on."),
    KeyRow(("left_curly_bracket",), "past(-10)", "ten earlier", "Ten moments back."),
    KeyRow(("right_curly_bracket",), "past(10)", "ten later", "Ten moments on."),
    KeyRow(("full_stop",), "now", "live", "Back to what happens now."),
    KeyRow(("plus", "equals_sign"), "slower", "slower", "Refresh less often."),
    KeyRow(("minus",), "faster", "faster", "Refresh more often."),
    KeyRow(("u",), "units", "units", "Units: kB, KiB, kbit."),
    KeyRow(("exclamation_mark",), "triage", "triage", "Look for ten seconds, then rank what is abnormal.", 8),
    KeyRow(("S", "ctrl+s"), "snapshot", "snapshot", "Save everything collected as JSON.", 8),
    KeyRow(("R",), "record", "record", "Begin a recording for --replay, or end and save it."),
    KeyRow(("W",), "flame_graph", "flame graph", "Save the probe's stacks as a flame graph, SVG.", where=_TABLES),
    KeyRow(("D",), "folded", "folded stacks", "Save the probe's stacks as folded text.", where=_TABLES),
    KeyRow(("P",), "picture", "picture", "Save a picture of the screen as SVG."),
    KeyRow(("y",), "copy", "copy", "Copy the row: to the terminal (OSC 52) and the desktop."),
    KeyRow(("L",), "log", "log", "Log: compiler and verifier text, messages.", 9),
    KeyRow(("colon", "ctrl+p"), "palette", "palette", "Command palette: find an action by name."),
)

Keys = tuple[KeyRow, ...]
"""A whole table; KEYS, or what ebtop.tui.keychanges makes of it."""

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
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "full_stop": ".",
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
    "insert": "Ins",
    "delete": "Del",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
WORDS = {"⏎": "Enter", "←": "Left", "→": "Right", "↑": "Up", "↓": "Down"}
"""In place of signs that are not ASCII."""


def shown(key: str) -> str:
    """How people write the key: ctrl+s is Ctrl-S, slash is /."""
    if key in _SHOWN:
        return _SHOWN[key]
    modifier, plus, rest = key.partition("+")
    if plus:
        return f"{modifier.capitalize()}-{shown(rest).upper() if len(rest) == 1 else shown(rest)}"
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return key if len(key) == 1 else _sign(key)


def spelled(key: str) -> str:
    """As `shown`, in ASCII: what a settings file says."""
    name = shown(key)
    return WORDS.get(name, name)


def _sign(name: str) -> str:
    """The character that Textual names after Unicode's name for it."""
    from unicodedata import lookup

    try:
        return lookup(_UNICODE.get(name, name.replace("_", " ")))
    except KeyError:
        return name


_UNICODE = {"at": "commercial at", "minus": "hyphen-minus", "plus": "plus sign", "underscore": "low line"}


def key_names(row: KeyRow) -> str:
    """All keys of a row: "q, F10, Ctrl-C"; the digits as a range."""
    return "1 … 9, 0" if row.action == "toggle_probe" else ", ".join(row.shown_keys)


def key_of(action: str, keys: Keys) -> str:
    """The first key of an action as people write it, "" where it has none."""
    return next((row.shown_keys[0] for row in keys if row.action == action and row.keys), "")


def markdown_table() -> str:
    """The README's table of keys, in two columns, downwards."""
    cells = [f"{_names(row)} | {row.help}" for row in KEYS]
    half = -(-len(cells) // 2)
    pairs = zip_longest(cells[:half], cells[half:], fillvalue=" | ")
    rows = (f"| {one} | {other} |" for one, other in pairs)
    return "\n".join(["| key | does | key | does |", "|---|---|---|---|", *rows])


def _names(row: KeyRow) -> str:
    return " ".join(f"`{shown(key)}`" for key in row.keys) if row.action != "toggle_probe" else "`1` … `9` `0`"

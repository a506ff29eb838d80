"""The probe browser as lines: probes by group, and what there is to say of one; pure, knows no keys and no screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ebtop import units
from ebtop.bpftrace import is_script
from ebtop.spec import Probe, Way, group_rank
from ebtop.tui.pieces import ELLIPSIS, Line, left, middle, number, right, spread, width
from ebtop.units import Unit

if TYPE_CHECKING:
    from ebtop.frame import Frame, ProbeFrame
    from ebtop.offer import Offers

_NAME, _TITLE = 12, 23
_QUESTION = 40
"""Cells from which a row has the question instead of the title."""
_STATE, _NARROW_STATE = 29, 15
_WIDEST = 165
"""Cells of the longest row: the eye has to find its way from the name to the numbers."""
_NUMBERS = (
    ("events/s", units.number_width(Unit.COUNT) + 3),
    ("per event", units.number_width(Unit.NS) + 3),
    ("cpu", units.number_width(Unit.PERCENT) + 2),
)
_NAN = float("nan")
_PLACES = 4
"""Places of a way that are named."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One probe in the list."""

    probe: Probe
    slot: str
    """Its digit, "" for none."""
    on: bool
    shown: ProbeFrame | None
    """What the newest frame says of it."""

    @property
    def state(self) -> str:
        """off, waiting, compiling, attaching, live or failed."""
        if not self.on:
            return "off"
        state = self.shown.sample.state.value if self.shown else "off"
        return "waiting" if state == "off" else state

    @property
    def hook(self) -> str:
        """The way that feeds it, or that is being tried."""
        return self.shown.sample.hook if self.on and self.shown else ""


def entries(
    probes: Iterable[Probe], digits: Mapping[str, str], wanted: Iterable[str], frame: Frame | None, text: str
) -> list[Entry]:
    """The probes that have all words of `text`, those of one group together; groups in the order of spec.GROUPS."""
    found = [probe for probe in probes if _has(probe, text)]
    foreign = list(dict.fromkeys(probe.group for probe in found))
    found.sort(key=lambda probe: (group_rank(probe.group), foreign.index(probe.group)))
    on = set(wanted)
    shown = frame.probes if frame else {}
    return [Entry(probe, digits.get(probe.name, ""), probe.name in on, shown.get(probe.name)) for probe in found]


def _has(probe: Probe, text: str) -> bool:
    whole = f"{probe.name} {probe.title} {probe.question} {probe.group}".lower()
    return all(word in whole for word in text.lower().split())


def heading(cells: int) -> Line:
    """Names of the columns."""
    line: Line = [
        (left("     probe", 5 + _NAME), "dim"),
        (left("answers" if _wide(cells) > 7 else "", _wide(cells)), "dim"),
    ]
    line.append((left("state", _state(cells)), "dim"))
    return [*line, *((right(name, room), "dim") for name, room in _NUMBERS)]


def list_lines(shown: list[Entry], cells: int) -> tuple[list[Line], list[int]]:
    """A heading for each group and a line for each entry; and which line each entry is on."""
    lines: list[Line] = []
    places = []
    group = None
    for entry in shown:
        if entry.probe.group != group:
            group = entry.probe.group
            lines.append([(f" {group or 'other'}", "faint")])
        places.append(len(lines))
        lines.append(entry_line(entry, cells))
    return lines, places


def entry_line(entry: Entry, cells: int) -> Line:
    """Digit, mark, name, what it answers, state, and what it costs while it is live."""
    room = _wide(cells)
    words = entry.probe.question if room >= _QUESTION and not entry.probe.alone else entry.probe.title
    live = entry.state == "live" and entry.shown is not None
    return [
        (f" {entry.slot or ' '} ", "accent" if entry.on else "faint"),
        _MARKS[entry.state],
        (" ", "text"),
        (
            middle(entry.probe.prefix if entry.probe.alone else entry.probe.called, _NAME - 1) + " ",
            "strong" if entry.on else "text",
        ),
        (_cut(words, room - 1) + " " if room else "", "dim"),
        _state_words(entry, _state(cells)),
        *(_costs(entry.shown) if live else [(" " * sum(size for _, size in _NUMBERS), "text")]),
    ]


_MARKS = {
    "off": ("○", "faint"),
    "waiting": ("◌", "dim"),
    "compiling": ("◌", "dim"),
    "attaching": ("◌", "dim"),
    "live": ("●", "good"),
    "failed": ("✗", "bad"),
}


def _state_words(entry: Entry, cells: int) -> tuple[str, str]:
    if entry.state == "live":
        words = entry.hook or "live"
        return middle(f"live · {words}" if cells >= _STATE and entry.hook else words, cells - 1) + " ", "text"
    words = {"waiting": "waiting…", "compiling": "compiling…", "attaching": "attaching…"}.get(entry.state, entry.state)
    return left(words, cells), "bad" if entry.state == "failed" else "dim" if entry.on else "faint"


def _costs(shown: ProbeFrame | None) -> list[tuple[str, str]]:
    assert shown is not None
    values = (shown.events_per_second, shown.ns_per_event, shown.cpu_percent)
    line: Line = []
    for value, unit, (_, room) in zip(values, (Unit.COUNT, Unit.NS, Unit.PERCENT), _NUMBERS, strict=True):
        line += number(value, unit, room)
    return line


def _wide(cells: int) -> int:
    """Cells for the words of what a probe answers."""
    return max(0, min(cells, _WIDEST) - 5 - _NAME - _state(cells) - sum(room for _, room in _NUMBERS))


def _state(cells: int) -> int:
    return _STATE if cells >= 110 else _NARROW_STATE


def _cut(text: str, cells: int) -> str:
    """The beginning of a sentence in exactly `cells` cells, ending in whole words."""
    if width(text) <= cells:
        return left(text, cells)
    return left(text[: cells - 1].rpartition(" ")[0].rstrip(",;:") + ELLIPSIS, cells)


# --- what there is to say of one --------------------------------------------------------------------------------------


def detail_lines(entry: Entry, offers: Offers | None, replay: bool, cells: int) -> list[Line]:
    """Its question, its ways with the one that runs or would win, why it failed, and what it does not see."""
    probe = entry.probe
    name: Line = [
        ("─ ", "rule"),
        (probe.title, "accent"),
        (f" · {probe.called} " if probe.called != probe.title else " ", "dim"),
    ]
    lines = [spread(name, [(f" {probe.group} ", "faint"), ("─", "rule")], cells, ("─", "rule"))]
    lines += _folded("", probe.question, "text", cells)
    if entry.state == "failed" and entry.shown:
        lines += _folded("failed", entry.shown.sample.error or "it failed", "bad", cells)
        lines.append([(" " * _LABEL, "text"), ("L", "key"), (" in the overview shows what was said", "faint")])
    lines += _ways(entry, offers, replay, cells)
    missed = " ".join(filter(None, (probe.misses, entry.shown.sample.misses if entry.shown and entry.on else "")))
    return lines + _folded("misses", missed, "dim", cells)


_LABEL = 9
"""Cells of the words in front."""


def _folded(label: str, text: str, role: str, cells: int) -> list[Line]:
    lead = _LABEL if label else 1
    lines = textwrap.wrap(text, max(20, min(cells - lead - 1, 120)))
    heads = [f" {label}"] + [""] * len(lines)
    return [[(left(head, lead), "faint"), (line, role)] for head, line in zip(heads, lines, strict=False)]


def _ways(entry: Entry, offers: Offers | None, replay: bool, cells: int) -> list[Line]:
    probe = entry.probe
    if not probe.ways:
        if is_script(probe.name):
            return _folded("hook", "bpftrace runs the program, as a process of its own", "text", cells)
        return _folded("hook", "none: the privileged process asks bpf(2), no program is attached", "text", cells)
    if replay:
        hook = f"recorded with {entry.hook}; " if entry.hook else ""
        return _folded("hook", f"{hook}a recording does not say what would work on this machine", "text", cells)
    missing = {offer.way: offer.missing for offer in (offers or {}).get(probe.name, ())}
    first = next((way for way, lack in missing.items() if not lack), "")
    room = max(width(way.name) for way in probe.ways) + 2
    lines: list[Line] = []
    for way in sorted(probe.ways, key=lambda way: [*missing, way.name].index(way.name)):
        mark, words, role = _standing(way.name, entry, missing, first)
        text = " · ".join(filter(None, (words, "" if mark[0] == "✗" else _places(way))))
        head: Line = [(left(" hooks" if not lines else "", _LABEL), "faint"), mark, (" ", "text")]
        head.append((left(way.name, room), "strong" if mark[0] in "●▸" else "dim"))
        for line in textwrap.wrap(text, max(20, min(cells - _LABEL - 3 - room, 130))):
            lines.append([*head, (line, role)])
            head = [(" " * (_LABEL + 2 + room), "text")]
    return lines


def _standing(way: str, entry: Entry, missing: Mapping[str, str], first: str) -> tuple[tuple[str, str], str, str]:
    """Mark, words and their role for one way."""
    if entry.state == "live" and way == entry.hook:
        return ("●", "good"), "runs now", "text"
    if way not in missing:
        return ("·", "faint"), "", "dim"
    if missing[way]:
        return ("✗", "dim"), missing[way], "dim"
    if way == first:
        return ("▸", "accent"), "would win here" if entry.state != "live" else "works here", "text"
    return ("·", "faint"), "would do", "dim"


def _places(way: Way) -> str:
    """The places of a way, each once, the first few by name."""
    places = list(dict.fromkeys(hook.target.partition("|")[0] for hook in way.hooks))
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    return ", ".join(places[:_PLACES]) + more

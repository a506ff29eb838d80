"""The header line and the title rules of panels; also before Textual is there: imports neither it nor numpy."""

from __future__ import annotations

from dataclasses import dataclass

from ebtop.tui.pieces import ELLIPSIS, Line, left, line_width, right, spread, width
from ebtop.tui.shapes import meter

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Headline:
    """What the header says."""

    host: str = ""
    kernel: str = ""
    clock: str = ""
    cpu_percent: float = NAN
    memory_percent: float = NAN
    load: float = NAN
    self_percent: float = NAN
    """Kernel and user, percent of one CPU."""
    lost: int = 0
    interval_s: float = 1.0
    state: str = "starting"
    """live, paused, replay, late or starting."""
    late_s: float = 0.0
    grouping: str = ""
    """By what processes are added up; "" for not at all."""
    baseline: str = ""
    """Its age; "" without one."""
    target: str = ""
    """Whose events are counted only, in words; "" for everybody's."""
    ending: str = ""
    """How the command ended that ebtop was started with: nothing is live any more."""
    braked: str = ""
    """What the cost brake holds: "slowed", "2 off"."""


_STATES = {
    "live": ("● LIVE", "good"),
    "paused": ("‖ PAUSED", "warn"),
    "replay": ("▶ REPLAY", "accent"),
    "starting": ("○ STARTING", "dim"),
}


def header(data: Headline, cells: int) -> Line:
    """One line of exactly `cells` cells; parts are left out, the least important first, until the rest fits."""
    state = _STATES.get(data.state) or (f"○ LATE {data.late_s:.0f} s", "warn")
    if data.ending:
        state = (f"■ command {data.ending}", "strong")
    before: list[tuple[int, Line]] = [
        (0, [(" ebtop ", "accent")]),
        (3, [(f" {data.host}", "strong")]),
        (6, [(" · ", "rule"), (data.kernel, "dim")]),
        (2, [(" · ", "rule"), (data.clock, "text")]),
    ]
    if data.grouping:
        before.append((1, [(" · ", "rule"), ("by ", "dim"), (data.grouping, "accent")]))
    if data.baseline:
        before.append((1, [(" · ", "rule"), ("Δ ", "dim"), (data.baseline, "accent")]))
    if data.target:
        before.append((1, [(" · ", "rule"), ("only ", "dim"), (data.target, "accent")]))
    bar = 10 if cells >= 140 else 6
    after: list[tuple[int, Line]] = [
        (4, [*meter("cpu", data.cpu_percent, bar), ("  ", "text")]),
        (5, [*meter("mem", data.memory_percent, bar), ("  ", "text")]),
        (8, [("load ", "dim"), (_plain(data.load, 2), "text"), ("  ", "text")]),
        (1, [("self ", "dim"), (_plain(data.self_percent, 1) + "%", "text"), (" · ", "rule")]),
        (1, [("▾ brake", "warn"), ("  ", "text")] if data.braked else []),
        (6, [(f"{data.braked}  ", "dim")] if data.braked else []),
        (1, _lost(data.lost)),
        (7, [(f"{data.interval_s:g}", "text"), (" s", "dim"), ("  ", "text")]),
        (0, [(right(state[0], max(8, width(state[0]))), state[1]), (" ", "text")]),
    ]
    level = 9
    while level and sum(line_width(line) for rank, line in before + after if rank < level) >= cells:
        level -= 1
    return spread(_joined(before, level), _joined(after, level), cells)


def _lost(lost: int) -> Line:
    return [(str(lost), "bad" if lost else "text"), (" lost", "bad" if lost else "dim"), ("  ", "text")]


def _joined(parts: list[tuple[int, Line]], level: int) -> Line:
    return [piece for rank, line in parts if rank < max(1, level) for piece in line]


def _plain(value: float, digits: int) -> str:
    return "–" if value != value else f"{value:.{digits}f}"


def title(
    slot: str,
    name: str,
    hook: str,
    rate: str,
    trend: str,
    cells: int,
    focused: bool,
    joint: str,
    notes: tuple[str, ...] = (),
) -> Line:
    """A panel's title rule: slot, name, note, the hook that won, then the rate and its sparkline at the right end.

    Where there is no room, the hook goes first, then the sparkline, then the note, then the end of the name. `notes`
    are several wordings of one note, the longest first. `joint` is the character that meets the rule to the left (""
    where there is none).
    """
    lead: Line = [(joint + "─", "rule"), (slot, "accent"), (" " if slot else "", "text")]
    tail: Line = [(" " + rate, "strong")] if rate else []
    room = cells - line_width(lead) - line_width(tail) - 3
    if width(name) > room > 1:
        name = left(name, room - 1).rstrip() + ELLIPSIS
    lead.append((name, "accent" if focused else "strong"))
    room = cells - line_width(lead) - line_width(tail) - 6
    if short := next((text for text in notes if width(text) <= room), ""):
        lead.append((f" · {short}", "warn"))
    if trend and cells >= line_width(lead) + line_width(tail) + width(trend) + 6:
        tail += [(" ", "text"), (trend, "bar")]
    if hook and cells >= line_width(lead) + line_width(tail) + width(hook) + 9:
        lead.append((f" · {hook}", "faint"))
    lead.append((" ", "text"))
    tail.append((" ─", "rule") if tail else ("─", "rule"))
    return spread(lead, tail, cells, ("─", "accent" if focused else "rule"))

"""Triage as lines: what is being looked at, then the ranked list and what stands behind the chosen row; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from ebtop import units
from ebtop.spec import Probe, Table
from ebtop.triage.check import Check, Look, Report, Skipped
from ebtop.tui.pieces import Line, fill, left, middle, right, spread, width
from ebtop.tui.shapes import bar

Probes = Mapping[str, Probe]
_MARKS = {
    "severe": ("▲", "bad"),
    "high": ("▲", "warn"),
    "slight": ("△", "warn"),
    "fine": ("·", "faint"),
}
_TITLE, _NUMBER, _LEVEL, _RATIO = 25, 8, 6, 6
_DETAIL = 6
"""Lines about the chosen row, its rule among them."""
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """The ten seconds while they go by."""

    left_s: float
    whole_s: float
    probes: tuple[tuple[str, str], ...]
    """Title of each probe that could be asked, and its state: live, anything else in words."""
    titles: Mapping[str, tuple[str, ...]]
    """By title of the probe ("" for the machine): what it is asked."""


def waiting_lines(data: Waiting, cells: int, lines: int) -> list[Line]:
    """A bar, the seconds left, and each probe with what it is asked."""
    room = max(10, min(50, cells - 30))
    gone = 1 - data.left_s / data.whole_s
    words = f"{data.left_s:3.0f} s left" if gone > 0 else "attaching"
    content: list[Line] = [
        [],
        [("  ▕", "rule"), (bar(gone, room), "bar"), ("▏ ", "rule"), (words, "strong")],
        [],
    ]
    name = max((width(title) for title, _ in data.probes), default=0) + 2
    for title, state in (("The machine", "live"), *data.probes):
        is_live = state == "live"
        space = cells - name - 6 - (0 if is_live else width(state) + 3)
        asked = _as_many(data.titles.get("" if title == "The machine" else title, ()), space)
        said: Line = [(asked, "dim")] if is_live else [(state, "warn"), (f"   {asked}", "faint")]
        mark = ("●", "good") if is_live else ("○", "faint")
        content.append([("  ", "text"), mark, (" " + left(title, name), "text" if is_live else "dim"), *said])
    return _page("Triage", f"{data.whole_s:.0f} s", content, cells, lines, [("Esc", "leave")])


def _as_many(titles: tuple[str, ...], cells: int) -> str:
    """As many of `titles` as there is room for, and a sign that there are more."""
    text = ""
    for place, title in enumerate(titles):
        more = f" · {title}" if text else title
        if width(text + more) + (2 if place < len(titles) - 1 else 0) > cells:
            return f"{text} …" if text else "…"
        text += more
    return text


# --- the list ---------------------------------------------------------------------------------------------------------

Entry = Check | Skipped | str
"""A row; text is a heading."""


def entries(report: Report) -> list[Entry]:
    """Findings, then what is fine, then what could not be looked at, each under its heading."""
    rows: list[Entry] = list(report.findings)
    if report.fine:
        rows += ["fine, the closest to its threshold first", *report.fine]
    if report.skipped:
        rows += ["not looked at", *report.skipped]
    return rows


def list_lines(
    report: Report, rows: list[Entry], cursor: int, top: int, probes: Probes, cells: int, lines: int
) -> tuple[list[Line], int, int]:
    """The page, the line of the cursor (-1: none), and the first row shown so that `cursor` is among them."""
    content = [*_verdict(report, cells), _heading(cells)]
    room = max(1, list_room(report, lines))
    top = max(min(top, cursor, max(0, len(rows) - room)), cursor - room + 1, 0)
    if top > 0 and isinstance(rows[top - 1], str) and cursor - top + 2 <= room:
        top -= 1  # with its heading
    shown = rows[top : top + room]
    content += [_row(row, probes, cells) for row in shown] + [[]] * (room - len(shown))
    if _has_detail(lines) and rows:
        content += _detail(rows[cursor], probes, cells)
    where = f"{report.seconds:.0f} s · {report.looked_at} of {report.looked_at + len(report.skipped)} checks"
    keys = [("⏎", "go there"), ("j k", "move"), ("r", "again"), ("Esc", "back")]
    at = 1 + len(_verdict(report, cells)) + 1 + cursor - top
    return _page("Triage", where, content, cells, lines, keys), at, top


def list_room(report: Report, lines: int) -> int:
    """Rows of the list that a page of `lines` has room for."""
    return lines - 3 - len(_verdict(report, 80)) - (_DETAIL if _has_detail(lines) else 0)


def _has_detail(lines: int) -> bool:
    return lines >= 16


def _verdict(report: Report, cells: int) -> list[Line]:
    """In one line: how much is abnormal, or what is closest to it."""
    if report.findings:
        count = len(report.findings)
        words = f" {count} findings" if count > 1 else " 1 finding"
        return [[], [("  ", "text"), (words.strip(), "strong"), (", the worst first", "dim")], []]
    if not report.fine:
        return [[], [("  nothing could be looked at", "warn")], []]
    closest = report.fine[0]
    said = f"{closest.rule.title} {closest.text(closest.value)} of {closest.text(closest.threshold)}"
    return [[], fill([("  ● nothing looks abnormal", "good"), ("; closest: ", "dim"), (said, "text")], cells), []]


def _heading(cells: int) -> Line:
    line: Line = [("   " + left("", _LEVEL) + " " + left("", _TITLE), "faint")]
    line += [(right("measured", _NUMBER + 2) + right("threshold", _NUMBER + 2), "faint")]
    if _has_ratio(cells):
        line.append((right("ratio", _RATIO + 2), "faint"))
    line.append(("  " + left("who", _who(cells)), "faint"))
    if _has_look(cells):
        line.append(("  look at", "faint"))
    return line


def _has_ratio(cells: int) -> bool:
    return cells >= 100


def _has_look(cells: int) -> bool:
    return cells >= 150


def _who(cells: int) -> int:
    rest = cells - 3 - _LEVEL - 1 - _TITLE - 2 * (_NUMBER + 2) - 2 - 1
    rest -= _RATIO + 2 if _has_ratio(cells) else 0
    return max(0, min(60, rest - 46) if _has_look(cells) else rest)


def _row(row: Entry, probes: Probes, cells: int) -> Line:
    if isinstance(row, str):
        return [("   ", "text"), (row, "dim")]
    if isinstance(row, Skipped):
        name = [(" – ", "faint"), (left("", _LEVEL + 1), "faint"), (left(row.rule.title, _TITLE), "dim")]
        why = f"{probes[row.rule.probe].title}: {row.why}" if row.rule.probe in probes else row.why
        return fill([*name, ("  ", "text"), (middle(why, max(3, cells - _LEVEL - _TITLE - 7)), "faint")], cells)
    mark, role = _MARKS[row.level]
    line: Line = [(f" {mark} ", role), (left(row.level, _LEVEL) + " ", role)]
    line.append((left(row.rule.title, _TITLE), "strong" if row.is_abnormal else "text"))
    nothing = row.value != row.value
    line.append((right("none" if nothing else row.text(row.value), _NUMBER + 2), "faint" if nothing else _number(row)))
    line.append((right(row.text(row.threshold), _NUMBER + 2), "dim"))
    if _has_ratio(cells):
        line.append((right(_ratio(row), _RATIO + 2), "dim"))
    line.append(("  " + middle(row.who, _who(cells)) if _who(cells) > 2 else "", "text" if row.is_abnormal else "dim"))
    if _has_look(cells):
        line.append(("  " + look_words(row.look, probes), "dim"))
    return fill(line, cells)


def _number(check: Check) -> str:
    return _MARKS[check.level][1] if check.is_abnormal else "text"


def _ratio(check: Check) -> str:
    if check.ratio >= 9.95:
        return f"×{units.text(check.ratio)}"
    return f"×{check.ratio:.{1 if check.ratio >= 1 else 2}f}"


# --- what stands behind a row -----------------------------------------------------------------------------------------


def _detail(row: Entry, probes: Probes, cells: int) -> list[Line]:
    """_DETAIL lines about the chosen row."""
    if isinstance(row, str):
        return [[]] * _DETAIL
    rule = row.rule
    lines: list[Line] = [spread([("─ ", "rule"), (rule.title, "accent"), (" ", "text")], [], cells, ("─", "rule"))]
    if isinstance(row, Check):
        lines.append(_sentence(row, cells))
    else:
        lines.append([("  not looked at: ", "dim"), (row.why, "text")])
    room = max(20, cells - 2 * _MARGIN - 10)
    for place, part in enumerate(textwrap.wrap(rule.source, room)[:2]):
        lines.append([("  threshold ", "dim") if place == 0 else (" " * 12, "text"), (part, "text")])
    look = row.look if isinstance(row, Check) else rule.look
    words = look_words(look, probes)
    lines.append([("  ⏎ ", "key"), (words, "text")] if words else [("    no probe shows more of it", "faint")])
    return [*lines, *([[]] * (_DETAIL - len(lines)))]


def _sentence(check: Check, cells: int) -> Line:
    mark, role = _MARKS[check.level]
    number = "nothing of the kind happened" if check.value != check.value else check.text(check.value)
    line: Line = [
        ("  ", "text"),
        (number, _number(check)),
        (" · threshold ", "dim"),
        (check.text(check.threshold), "text"),
    ]
    line += [(" · ", "dim"), (f"{mark} {check.level}", role)]
    if check.value == check.value:
        line += [(f" {_ratio(check)}", "dim")]
    if check.who:
        line += [(" · ", "dim"), (check.who, "strong")]
    return fill(line, cells)


def look_words(look: Look | None, probes: Probes) -> str:
    """Probe, view and column in words; "" for nowhere."""
    probe = probes.get(look.probe) if look else None
    view = next((view for view in probe.views if look and view.name == look.view), None) if probe else None
    if look is None or probe is None or not isinstance(view, Table):
        return ""
    column = next((column.title for column in view.columns if column.name == look.column), look.column)
    return f"{probe.title}, {view.title}, by {column}"


def _page(
    name: str, where: str, content: list[Line], cells: int, lines: int, keys: list[tuple[str, str]]
) -> list[Line]:
    """`content` between a title rule and the keys, in exactly `lines` lines."""
    title: Line = [("─ ", "rule"), (name, "accent"), (" ", "text")]
    rule = spread(title, [(f" {where} ", "faint"), ("─", "rule")], cells, ("─", "rule"))
    foot: Line = [piece for key, what in keys for piece in ((f" {key}", "key"), (f" {what}  ", "dim"))]
    content = content[: lines - 2] + [[]] * (lines - 2 - len(content))
    return [fill(line, cells) for line in (rule, *content, foot)]

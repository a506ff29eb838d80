"""The help for what is looked at: keys, what each column means, which hook feeds it, what it misses; words only."""

from __future__ import annotations

from ebtop.baseline import LARGE_PART, LARGE_SHARE
from ebtop.bpftrace import is_script
from ebtop.spec import Column, Flame, Histogram, Key, Measure, Table, View, keys_of
from ebtop.tui.keys import KEYS, Keys, key_names
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line, left, width

_MEASURES = {
    Measure.RATE: "{field} per second, over the interval",
    Measure.TOTAL: "{field} since the probe started",
    Measure.MEAN: "mean {field} of each of the interval's {per}; since the start where there were none",
    Measure.MAX: "the largest since the probe started",
    Measure.GAUGE: "as it is now",
    Measure.PART: "{field} as a percentage of the interval's {per}; since the start where there were none",
    Measure.SHARE: "{field} as a share of one CPU",
    Measure.CHANGE: "difference from the baseline",
    Measure.RATIO: "times what it was",
}


def help_lines(looked: Looked | None, keys: Keys = KEYS) -> list[Line]:
    """All of it, the probe first; None where none is on."""
    probe = [*_probe(looked), []] if looked is not None else []
    return [*probe, *_keys(keys), [], *_signs()]


def _heading(text: str) -> Line:
    return [(" " + text, "accent")]


def _entry(name: str, text: str, cells: int) -> Line:
    return [("   ", "text"), (left(name, max(cells, width(name))), "strong"), ("  ", "text"), (text, "dim")]


def _probe(looked: Looked) -> list[Line]:
    probe, shown = looked.probe, looked.shown
    lines = [_heading(probe.title), [("   " + probe.question, "text")], []]
    if shown and shown.sample.hook:
        targets = [target.removeprefix(f"{shown.sample.hook}:") for target in shown.sample.targets]
        lines.append(_entry("hook", f"{shown.sample.hook}: {', '.join(targets[:6])}{' …' if targets[6:] else ''}", 12))
    ways = ", then ".join(way.name for way in probe.ways) or (
        "bpftrace runs it" if is_script(probe.name) else "none: the warden reads it"
    )
    lines.append(_entry("ways", ways, 12))
    missed = filter(None, (probe.misses, shown.sample.misses if shown else ""))
    lines += [_entry("misses", misses, 12) for misses in missed]
    lines += [_entry("the same by" if not place else "", command, 12) for place, command in enumerate(probe.same)]
    chosen = looked.view
    lines += _view(chosen) if chosen is not None else []
    others = [view.title for view in looked.listed if view is not chosen]
    if others:
        lines += [[], _entry("other views", f"{', '.join(others)} (v goes through them)", 12)]
    for view in probe.views:
        lines += _view(view) if isinstance(view, Histogram) else []
    return lines


def _view(view: View) -> list[Line]:
    """What each column of a view means."""
    lines: list[Line] = [[], [("   " + view.title, "strong")]]
    keys = view.by if isinstance(view, Histogram) else keys_of(view)
    lines += [_entry("  " + (key.title or key.field), _of_key(key), 14) for key in keys]
    if isinstance(view, Table):
        lines += [_entry("  " + column.title, _of_column(column), 14) for column in view.columns]
    if isinstance(view, Flame):
        lines.append(
            _entry("  width", "what was counted in a function and in all that it called; those stand under it", 14)
        )
    if isinstance(view, Histogram):
        buckets = f"buckets from {view.edges[0]} to {view.edges[-1]}" if view.edges else "log2 buckets"
        lines.append(_entry("  bars", f"{buckets}; ~p50, ~p90, ~p99 are estimates, max is exact", 14))
        if view.worst_keys:
            said = ", ".join(key.title or key.field for key in view.worst_keys)
            lines.append(_entry("  worst", f"of each bucket and interval, under the heatmap's cursor (H): {said}", 14))
    return lines


def _of_key(key: Key) -> str:
    return key.help or {
        "pid": "process id, program, and its container or systemd unit",
        "time": "local time of day",
        "symbol": "a function of the kernel, and how far into it",
        "function": "its name; in brackets: why there is none",
        "module": "kernel, program or library",
        "stack": "program and functions, outermost first",
    }.get(key.kind.value, key.kind.value)


def _of_column(column: Column) -> str:
    return column.help or _MEASURES[column.measure].format(field=column.field, per=column.per)


def _keys(keys: Keys) -> list[Line]:
    rows = [row for row in keys if row.keys]
    cells = max(width(key_names(row)) for row in rows)
    return [_heading("Keys"), *(_entry(key_names(row), row.help, cells) for row in rows)]


def _signs() -> list[Line]:
    return [
        _heading("Signs"),
        _entry("● LIVE", "frames come as they should; ○ LATE: none came for three intervals", 12),
        _entry("‖ PAUSED", "the screen is held; collection goes on", 12),
        _entry("self", "kernel time of all probes and user time of ebtop, percent of one CPU", 12),
        _entry("▾ brake", "own cost stayed above --max-overhead: slowed, or probes off; the keys undo it", 12),
        _entry("lost", "events that found a map full, a buffer without room, or the program at work", 12),
        _entry("-", "not measured; ▾ sorted by this column, largest first", 12),
        *_comparing(),
        _entry("bars", "bright: the bucket grew in the last interval", 12),
    ]


def _comparing() -> list[Line]:
    share, part = f"{LARGE_SHARE:.0%}", f"{LARGE_PART:.0%}"
    return [
        _entry("by …", "n processes are added up; ?: nothing known, -: outside of any unit", 12),
        _entry("Δ ×", "change from the baseline; new: was nothing; -: not comparable", 12),
        _entry("", f"coloured: over {share} of what it was, and {part} of the column's top", 12),
        _entry("Δ 2m13s", "age of the baseline; gone: rows that did something then only", 12),
        _entry("┃ in bars", "share of the events before the mark; the bar: share since", 12),
        _entry("since", "counted from there on; a maximum only where it was exceeded", 12),
    ]

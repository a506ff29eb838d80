"""The help for what is looked at: keys, what each column means, which hook feeds it, what it misses; words only."""

from __future__ import annotations

from ebtop.spec import Column, Histogram, Key, Measure, Table
from ebtop.tui.keys import KEYS, key_names
from ebtop.tui.looked import Looked
from ebtop.tui.pieces import Line, left, width

_MEASURES = {
    Measure.RATE: "{field} per second, over the interval",
    Measure.TOTAL: "{field} since the probe started",
    Measure.MEAN: "mean {field} of each of the interval's {per}; since the start where there were none",
    Measure.MAX: "the largest since the probe started",
    Measure.GAUGE: "as it is now",
    Measure.SHARE: "{field} as a share of one CPU",
}


def help_lines(looked: Looked) -> list[Line]:
    """All of it, the probe first."""
    return [*_probe(looked), [], *_keys(), [], *_signs()]


def _heading(text: str) -> Line:
    return [(" " + text, "accent")]


def _entry(name: str, text: str, cells: int) -> Line:
    return [("   ", "text"), (left(name, max(cells, width(name))), "strong"), ("  ", "text"), (text, "dim")]


def _probe(looked: Looked) -> list[Line]:
    probe, shown = looked.probe, looked.shown
    lines = [_heading(probe.title), [("   " + probe.question, "text")], []]
    if shown and shown.sample.hook:
        targets = shown.sample.targets
        lines.append(_entry("hook", f"{shown.sample.hook}: {', '.join(targets[:6])}{' …' if targets[6:] else ''}", 12))
    ways = ", then ".join(way.name for way in probe.ways) or "none: the warden reads it"
    lines.append(_entry("ways", ways, 12))
    missed = filter(None, (probe.misses, shown.sample.misses if shown else ""))
    lines += [_entry("misses", misses, 12) for misses in missed]
    for view in probe.views:
        lines += [[], [("   " + view.title, "strong")]]
        for key in view.by if isinstance(view, Histogram) else view.keys:
            lines.append(_entry("  " + (key.title or key.field), _of_key(key), 14))
        if isinstance(view, Table):
            lines += [_entry("  " + column.title, _of_column(column), 14) for column in view.columns]
        if isinstance(view, Histogram):
            lines.append(_entry("  bars", "log2 buckets; ~p50, ~p90, ~p99 are estimates, max is exact", 14))
    return lines


def _of_key(key: Key) -> str:
    return key.help or {"pid": "process id and name", "time": "local time of day"}.get(key.kind.value, key.kind.value)


def _of_column(column: Column) -> str:
    return column.help or _MEASURES[column.measure].format(field=column.field, per=column.per)


def _keys() -> list[Line]:
    cells = max(width(key_names(row)) for row in KEYS)
    return [_heading("Keys"), *(_entry(key_names(row), row.help, cells) for row in KEYS)]


def _signs() -> list[Line]:
    return [
        _heading("Signs"),
        _entry("● LIVE", "frames come as they should; ○ LATE: none came for three intervals", 12),
        _entry("‖ PAUSED", "the screen is held; collection goes on", 12),
        _entry("self", "kernel time of all probes and user time of ebtop, percent of one CPU", 12),
        _entry("▾ brake", "own cost stayed above --max-overhead: slowed, or probes off; the keys undo it", 12),
        _entry("lost", "events that found a map full or a buffer without room; counted, never shown", 12),
        _entry("-", "not measured; ▾ sorted by this column, largest first", 12),
        _entry("bars", "bright: the bucket grew in the last interval", 12),
    ]

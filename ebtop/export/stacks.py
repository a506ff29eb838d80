"""The stacks of a frame for other tools: folded text, and a flame graph as SVG; knows no screen and no file."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Iterator
from datetime import datetime
from html import escape
from itertools import accumulate

import numpy as np

from ebtop import cells, units
from ebtop.callers import FUNCTION, KERNEL, NOT_YET
from ebtop.flames import Box, Flame, folded, ordered
from ebtop.frame import FlameFrame, Frame
from ebtop.sample import MapRows, Sample
from ebtop.stacks import PATH
from ebtop.units import Unit

_WIDTH, _LINE, _MARGIN, _HEAD = 1200.0, 17, 10.0, 44
_LETTER = 6.6
"""Width of a letter of the 11 px monospaced face."""
_NARROWEST = 0.3
"""Narrower boxes are left out, and counted."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may not stand in an XML document in any way: XML 1.0, 2.2."""
_STYLE = (
    "text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1c2026}.t{font-size:14px;font-weight:600}"
    ".n{fill:#5d6470}rect{stroke:#fafbfc;stroke-width:.8}.u{fill:#9cc7e8}.k{fill:#ecc98a}.m{fill:#dcdfe4}"
    ".p{fill:#c3c9d2}g:hover rect{stroke:#1c2026}"
)


def stacks_of(frame: Frame, name: str) -> FlameFrame | None:
    """The stacks of the probe `name`; None where it has none, or is not live."""
    probe = frame.probes.get(name)
    views = probe.views.values() if probe else ()
    return next((view for view in views if isinstance(view, FlameFrame)), None)


def is_named(sample: Sample, name: str) -> bool:
    """Whether every function in the stacks of the probe `name` has been asked for."""
    names = sample.labels.get(FUNCTION, {})
    unnamed = [number for number, function in names.items() if function == NOT_YET]
    probe = sample.probes.get(name)
    paths = [content.values[PATH] for content in (probe.maps.values() if probe else ()) if _has_paths(content)]
    return not any(np.isin(numbers, unnamed).any() for numbers in paths)


def _has_paths(content: MapRows) -> bool:
    return PATH in (content.values.dtype.names or ())


def as_folded(frame: Frame, data: FlameFrame) -> bytes:
    """A line for each stack, as flame-graph tools read it: program;main;read COUNT; of time, the count is in µs."""
    size = 1000 if data.view.unit is Unit.NS else 1
    names = frame.sample.labels.get(FUNCTION, {})
    lines = (f"{text} {max(1, round(count / size))}\n" for text, count in folded(data, names))
    return "".join(lines).encode("utf-8", "replace")


def as_svg(frame: Frame, data: FlameFrame, title: str, since: str = "") -> bytes:
    """A flame graph in a file of its own: no script, nothing from elsewhere, ASCII; outermost functions at the top.

    `since`: the time of day from which `data` is counted; "": from the start of the probe.
    """
    flame = Flame(ordered(data, frame.sample.labels.get(FUNCTION, {})))
    levels = [flame.level(depth, _NARROWEST / _WIDTH) for depth in range(flame.deepest + 1)]
    narrow = sum(hidden for _, hidden in levels)
    boxes = [line for depth, (found, _) in enumerate(levels) for line in _boxes(frame, flame, data, found, depth)]
    width, height = _WIDTH + 2 * _MARGIN, _HEAD + _LINE * max(1, len(levels)) + _MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" style="fill:#fafbfc;stroke:none"/>',
        f'<text class="t" x="{_MARGIN}" y="19">{_text(title)}</text>',
        f'<text class="n" x="{_MARGIN}" y="36">{_text(_about(frame, flame, data, since, narrow))}</text>',
        *boxes,
        "</svg>\n",
    ]
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace")


def _about(frame: Frame, flame: Flame, data: FlameFrame, since: str, narrow: int) -> str:
    at = datetime.fromtimestamp(frame.sample.wall_ns // 10**9)
    parts = [frame.sample.host.hostname, f"{at:%Y-%m-%d %H:%M:%S}", units.text(flame.whole, data.view.unit)]
    parts.append(f"{len(data.paths)} stacks since {since or 'the probe started'}")
    parts += [f"{narrow} boxes too narrow to be drawn"] if narrow else []
    return " · ".join(part for part in parts if part)


def _boxes(frame: Frame, flame: Flame, data: FlameFrame, boxes: list[Box], depth: int) -> Iterator[str]:
    y = _HEAD + depth * _LINE
    for box in boxes:
        x, wide = _MARGIN + box.begin * _WIDTH, (box.end - box.begin) * _WIDTH
        name = cells.function(frame, box.path[-1]) if box.path else "all"
        module = cells.module(frame, box.path[-1]) if len(box.path) > 1 else ""
        share = 100 * box.count / flame.everything if flame.everything else 0.0
        counted = f"{units.text(box.count, data.view.unit)}, {share:.2f} %"
        told = f"{name}{f' ({module})' if module else ''}: {counted}, itself {units.text(box.own, data.view.unit)}"
        room = int((wide - 6) / _LETTER)
        label = _cut(name, room)
        text = f'<text x="{x + 3:.1f}" y="{y + 12}">{_text(label)}</text>' if label else ""
        yield (
            f'<g><title>{_text(told)}</title><rect class="{_class(name, module, depth)}" x="{x:.2f}" y="{y}" '
            f'width="{wide:.2f}" height="{_LINE - 1}"/>{text}</g>'
        )


def _cut(name: str, room: int) -> str:
    """`name` in so many letters, ended by "…" where it is longer; "" where nothing of it would be told."""
    ends = list(accumulate(map(_letters, name)))
    if not ends or ends[-1] <= room:
        return name
    return f"{name[: bisect(ends, room - 1)]}…" if room > 2 else ""


def _letters(character: str) -> int:
    """The place that it takes: East Asian ones two letters' (Unicode Standard Annex 11), combining ones none."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _class(name: str, module: str, depth: int) -> str:
    if depth < 2:
        return "p"
    return "m" if name.startswith("[") else "k" if module.startswith(KERNEL) else "u"


def _text(text: str) -> str:
    """`text` as it may stand in XML, whatever a traced program has put into it."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))

"""Which way of each probe won on which kernel, as it is kept in kernels.json; knows nothing of guests and loaders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARK = "table: "
"""What tests.kernel.table puts before its line."""
KEPT = Path(__file__).parent.parent / "tests/vm/kernels.json"
Tables = Mapping[str, Any]
"""By version ("6.1"): what tests.kernel.table prints."""


def read(path: Path = KEPT) -> dict[str, Any]:
    """What is kept, oldest kernel first."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return dict(sorted(kept.items(), key=lambda one: _numbers(one[0])))


def keep(table: Mapping[str, Any], path: Path = KEPT) -> None:
    """Put one kernel's table in the place of what is kept of that version."""
    version = ".".join(map(str, _numbers(str(table["kernel"]))[:2]))
    kept = {**read(path), version: dict(table)}
    ordered = dict(sorted(kept.items(), key=lambda one: _numbers(one[0])))
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])


def markdown(tables: Tables, short: bool = False) -> str:
    """A row for each probe, a column for each kernel; reasons stand below, each once, by the letter in the cell.

    `short`: probes that fared the same share a row.
    """
    most_first = sorted(tables.values(), key=lambda table: -len(table["probes"]))
    names = list(dict.fromkeys(name for table in most_first for name in table["probes"]))
    reasons: dict[str, str] = {}
    rows: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        cells = tuple(_cell(table["probes"].get(name), reasons) for table in tables.values())
        rows.setdefault(cells if short else (*cells, name), []).append(name)
    lines = [f"| probe | {' | '.join(tables)} |", f"|---|{'---|' * len(tables)}"]
    for row, alike in rows.items():
        lines.append(f"| {', '.join(alike)} | {' | '.join(row[: len(tables)])} |")
    lines.append(f"| at once | {' | '.join('{} of {}'.format(*table['at_once']) for table in tables.values())} |")
    releases = ", ".join(str(table["kernel"]) for table in tables.values())
    notes = [f"Kernels: {releases}."]
    if apart := [f"{', '.join(table['apart'])} on {version}" for version, table in tables.items() if table["apart"]]:
        notes.append(f"Not in one module with the others: {'; '.join(apart)}.")
    notes += [f"({letter}) {_escaped(reason)}." for reason, letter in reasons.items()]
    return "\n".join([*lines, "", " ".join(notes)])


def _cell(tried: Mapping[str, str] | None, reasons: dict[str, str]) -> str:
    if tried is None:
        return "not tried"
    if tried["way"]:
        return _escaped(tried["way"])
    return f"no ({reasons.setdefault(tried['reason'], _letter(len(reasons)))})"


def _letter(number: int) -> str:
    return chr(ord("a") + number % 26) * (1 + number // 26)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")

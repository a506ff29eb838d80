"""One BPF program as lines of a page: what the kernel says of it, and its instructions; pure, asks nothing."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from ebtop import units
from ebtop.labels import user_name
from ebtop.offer import ProgramDetail
from ebtop.tui.pieces import Line, left
from ebtop.units import Unit

_FACT = 15
"""Cells of a fact's name."""


def program_lines(detail: ProgramDetail) -> list[Line]:
    """Facts, maps, then instructions as bpftool prints them: lines of C that they were made of stand out."""
    if detail.error:
        return [[(f" {detail.error}", "warn")]]
    facts = [[(" " + left(name, _FACT), "dim"), (value, "text")] for name, value in _facts(detail) if value]
    return [*facts, [], *_maps(detail), *_instructions(detail)]


def _facts(detail: ProgramDetail) -> list[tuple[str, str]]:
    machine = units.text(detail.machine_bytes, Unit.BYTES) if detail.machine_bytes else "none, it is interpreted"
    runs = f"{units.exact(detail.runs)} in {units.text(detail.run_ns, Unit.NS)}" if detail.runs else "none counted"
    return [
        ("program", f"{detail.name or '(no name)'}, id {detail.id}, {detail.type}"),
        ("tag", detail.tag),
        ("attached to", ", ".join(detail.places) or "nothing that is known: no link and no perf event has it"),
        ("function", detail.function),
        ("held by", ", ".join(f"{one.comm or '?'} ({one.pid})" for one in detail.holders) or "no process: pinned, or"
         " held by what it is attached to"),
        ("loaded", f"{datetime.fromtimestamp(detail.loaded_ns / 1e9):%Y-%m-%d %H:%M:%S} by {user_name(detail.uid)}"),
        ("licence", "GPL-compatible" if detail.gpl else "not GPL-compatible"),
        ("bytecode", f"{units.text(detail.translated_bytes, Unit.BYTES)}, {_count(detail.translated_bytes // 8)}"),
        ("machine code", machine),
        ("verified", _count(detail.verified) + " looked at" if detail.verified else ""),
        ("memory", units.text(detail.memory_bytes, Unit.BYTES)),
        ("runs", f"{runs}, while the kernel's statistics were on"),
    ]  # fmt: skip


def _count(instructions: int) -> str:
    return f"{units.exact(instructions)} instruction{'' if instructions == 1 else 's'}"


def _maps(detail: ProgramDetail) -> list[Line]:
    if not detail.maps:
        return [[(" It uses no maps.", "faint")], []]
    lines: list[Line] = [[(" Maps", "accent")]]
    for one in detail.maps:
        size = units.text(one.memory_bytes, Unit.BYTES)
        lines.append(
            [
                (f"   {one.id:>7}  ", "dim"),
                (left(one.name or "(no name)", 16), "text"),
                (f"  {one.type}, {size}", "dim"),
            ]
        )
    return [*lines, []]


def _instructions(detail: ProgramDetail) -> list[Line]:
    note: list[Line] = [[(f"   {detail.note}", "warn")]] if detail.note else []
    return list(chain([[(" Instructions", "accent")]], note, map(_instruction, detail.instructions)))


def _instruction(line: str) -> Line:
    return [("   " + line, "dim" if line.lstrip().startswith(";") else "text")]

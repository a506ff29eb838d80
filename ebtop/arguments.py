"""The command line as frozen data: what may be said and what is wrong with what was said; starts nothing."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ebtop import whom, wire
from ebtop.options import command_line

_SETTINGS = (
    "probes",
    "probe_path",
    "interval",
    "max_overhead",
    "xdp_interfaces",
    "history_seconds",
    "history_mb",
    "units",
    "theme",
    "ascii",
)
"""Options of ebtop.settings that the command line has, too."""
_USUAL_S = {"snapshot": 5.0, "record": 20.0, "stacks": 10.0, "triage": 10.0}
"""How long they look when nothing is said."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command line that is in order."""

    command: str
    """"", snapshot, record, stacks, triage, doctor, probes, new-probe, hooks or config; empty is the dashboard."""
    demo: bool
    replay: str
    """Path of a recording, empty for none."""
    path: str
    """What snapshot, record or stacks writes; the pattern of hooks; the name of a new probe."""
    seconds: float
    """How long snapshot or record looks; infinity: until the program ends."""
    json: bool
    counts_only: bool = False
    """Probes that can only count, without times, do."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Values of settings that were said, by name of the option; they go before those of files."""
    config: str = ""
    """A settings file to read instead of the user's."""
    no_config: bool = False
    """Read no settings file."""
    default: bool = False
    """Print the documented default file."""
    verbose: bool = False
    """hooks: with arguments."""
    folder: str = "."
    """Where a new probe is written."""
    aim: wire.Aim = field(default_factory=wire.Aim)
    """Whose events are counted only, from the start."""
    scripts: tuple[str, ...] = ()
    """Programs for bpftrace, or files with them."""
    bpftrace: str = ""
    """The bpftrace to run, instead of the usual."""
    program: tuple[str, ...] = ()
    """A program to run and its arguments, empty for none."""


def parse(words: Sequence[str]) -> Arguments:
    """The arguments in `words`; SystemExit with status 2 and one line on stderr if they are not in order."""
    parser = command_line()
    options, program = _divided(words)
    said = parser.parse_args(options)
    seconds = getattr(said, "seconds", None)
    arguments = Arguments(
        command=said.command or "",
        demo=getattr(said, "demo", False),
        replay=getattr(said, "replay", None) or "",
        path=getattr(said, "path", ""),
        seconds=seconds if seconds is not None else math.inf if program else _USUAL_S.get(said.command, 0.0),
        json=getattr(said, "json", False),
        counts_only=getattr(said, "counts_only", False),
        settings=_settings(said),
        config=getattr(said, "config", None) or "",
        no_config=getattr(said, "no_config", False),
        default=getattr(said, "default", False),
        verbose=getattr(said, "verbose", False),
        folder=getattr(said, "folder", "."),
        aim=whom.aim(said),
        scripts=tuple(getattr(said, "scripts", None) or ()),
        bpftrace=getattr(said, "bpftrace", None) or "",
        program=tuple(program or ()),
    )
    if why := _contradiction(arguments, program, bool(_functions(said))):
        parser.error(why)
    return arguments


def _settings(said: argparse.Namespace) -> dict[str, Any]:
    """Those that were said. Functions are probes: they alone, unless others were named."""
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name in _SETTINGS
        if (value := getattr(said, name, None)) is not None
    }
    if functions := _functions(said):
        settings["probes"] = tuple(dict.fromkeys((*settings.get("probes", ()), *functions)))
    return settings


def _functions(said: argparse.Namespace) -> tuple[str, ...]:
    """Those named before the command, then those behind it."""
    return (*(getattr(said, "functions", None) or ()), *(getattr(said, "more_functions", None) or ()))


def _divided(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str] | None]:
    """What stands before "--", and what stands behind it; None where there is none."""
    if "--" not in words:
        return words, None
    place = list(words).index("--")
    return words[:place], words[place + 1 :]


def _contradiction(arguments: Arguments, program: Sequence[str] | None, functions: bool) -> str:
    """What cannot be meant together, "" for nothing."""
    if program is not None and not program:
        return "no program named behind --"
    if program and arguments.command not in ("", "snapshot", "record", "stacks"):
        return f"{arguments.command} runs no program"
    if (arguments.aim or program) and (arguments.demo or arguments.replay):
        return "a recording has been counted already: leave out what chooses processes, or --demo and --replay"
    if arguments.scripts and (arguments.demo or arguments.replay):
        return "a recording runs no program of bpftrace: leave out --bt, or --demo and --replay"
    if arguments.scripts and arguments.command in ("triage", "config"):
        return f"{arguments.command} looks at no program of bpftrace: leave out --bt"
    if functions and (arguments.demo or arguments.replay):
        return "a recording shows what was recorded: leave out --func, or --demo and --replay"
    if arguments.aim and program:
        return "a program behind -- is counted alone: leave out -p, --comm, --user and --container"
    return ""

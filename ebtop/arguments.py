"""The command line as frozen data: what may be said and what is wrong with what was said; starts nothing."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from ebtop import __version__, registry
from ebtop.brake import BOUND_PERCENT

_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SHORTEST_S, _LONGEST_S = 0.1, 86_400.0
_SLOWEST_S = 60.0
_MOST_PERCENT = 10_000.0
_DESCRIPTION = "top for what the Linux kernel really does. Without a command: the dashboard."
_EPILOG = "Durations: 500ms, 5s, 2m. Needs root (sudo ebtop), or CAP_BPF and CAP_PERFMON; --demo needs nothing."


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command line that is in order."""

    command: str
    """"", snapshot, record, triage, doctor or probes; empty is the dashboard."""
    probes: tuple[str, ...]
    """Wanted from the start."""
    interval_s: float
    demo: bool
    replay: str
    """Path of a recording, empty for none."""
    path: str
    """What snapshot or record writes."""
    seconds: float
    """How long snapshot, record or triage looks."""
    json: bool
    counts_only: bool = False
    """Probes that can only count, without times, do."""
    max_overhead: float = BOUND_PERCENT
    """What ebtop may cost, percent of one CPU; 0: whatever it takes."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"ebtop: {message}; see {self.prog} --help\n")
        sys.exit(2)


def parse(words: Sequence[str]) -> Arguments:
    """The arguments in `words`; SystemExit with status 2 and one line on stderr if they are not in order."""
    said = _parser().parse_args(words)
    return Arguments(
        command=said.command or "",
        probes=said.probes if said.probes is not None else default_probes(),
        interval_s=said.interval,
        demo=getattr(said, "demo", False),
        replay=getattr(said, "replay", None) or "",
        path=getattr(said, "path", ""),
        seconds=getattr(said, "seconds", 0.0),
        json=getattr(said, "json", False),
        counts_only=getattr(said, "counts_only", False),
        max_overhead=getattr(said, "max_overhead", BOUND_PERCENT),
    )


def default_probes() -> tuple[str, ...]:
    """Names of the probes that run when nothing was chosen."""
    return tuple(probe.name for probe in registry.probes().values() if probe.default)


def duration(text: str) -> float:
    """Seconds in "500ms", "5s", "2m" or "5"; argparse's error for anything else and beyond 0.1 s to a day."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|min|h|)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; say for instance 500ms, 5s or 2m")
    seconds = float(found[1]) * _UNITS[found[2]]
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 100ms and 24h")
    return seconds


def interval(text: str) -> float:
    """A duration of at most a minute."""
    seconds = duration(text)
    if seconds > _SLOWEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is longer than a minute")
    return seconds


def percent(text: str) -> float:
    """A percentage of one CPU, from 0 to 10000."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%?", text.strip())
    if not found or float(found[1]) > _MOST_PERCENT:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage of one CPU; say for instance 5 or 0.5, 0 for any")
    return float(found[1])


def probe_names(text: str) -> tuple[str, ...]:
    """The probes of a comma-separated list, each once; argparse's error for a name that no probe has."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("no probe named; `ebtop probes` lists them")
    for name in names:
        try:
            registry.probe(name)
        except KeyError:
            raise argparse.ArgumentTypeError(f"there is no probe {name!r}; `ebtop probes` lists them") from None
    return names


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ebtop", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"ebtop {__version__}")
    _source(parser, None, 1.0)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    snapshot = commands.add_parser("snapshot", help="look without a screen and write everything seen as JSON")
    snapshot.add_argument("-o", dest="path", metavar="FILE", required=True, help="the file to write")
    _seconds(snapshot, "5s")
    _source(snapshot, argparse.SUPPRESS, argparse.SUPPRESS)
    record = commands.add_parser("record", help="record a session for --replay")
    record.add_argument("path", metavar="FILE", help="the file to write")
    _seconds(record, "20s")
    _live(record, argparse.SUPPRESS, argparse.SUPPRESS)
    triage = commands.add_parser(
        "triage",
        help="look for a while and rank what is abnormal; status 1 if anything is",
        description="Look for a while, then rank what looks abnormal, each number beside a threshold and its source."
        " Exit status: 0 nothing is abnormal, 1 something is, 2 nothing could be looked at.",
    )
    _seconds(triage, "10s")
    triage.add_argument("--json", action="store_true", help="as JSON")
    _source(triage, argparse.SUPPRESS, argparse.SUPPRESS)
    doctor = commands.add_parser("doctor", help="what this machine offers each probe, and what mends what is missing")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser("probes", help="list the probes")
    return parser


def _seconds(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--for", dest="seconds", type=duration, default=default, metavar="TIME", help=f"how long to look ({default})"
    )


def _live(parser: argparse.ArgumentParser, no_probes: object, pace: object) -> None:
    parser.add_argument(
        "--probes", type=probe_names, default=no_probes, metavar="A,B", help="these instead of the usual"
    )
    parser.add_argument(
        "--counts-only",
        action="store_true",
        default=argparse.SUPPRESS,
        help="probes that can only count, without times, do: at half the cost",
    )
    parser.add_argument(
        "--max-overhead",
        type=percent,
        default=argparse.SUPPRESS,
        metavar="PERCENT",
        help=f"of one CPU that ebtop itself may cost ({BOUND_PERCENT:g}); 0: no bound",
    )
    parser.add_argument("--interval", type=interval, default=pace, metavar="TIME", help="between two looks (1s)")


def _source(parser: argparse.ArgumentParser, no_probes: object, pace: object) -> None:
    _live(parser, no_probes, pace)
    source = parser.add_mutually_exclusive_group()
    suppress = argparse.SUPPRESS if no_probes is argparse.SUPPRESS else None
    source.add_argument("--demo", action="store_true", default=suppress or False, help="replay the bundled recording")
    source.add_argument("--replay", metavar="FILE", default=suppress, help="replay a recording")

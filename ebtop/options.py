"""The commands and options of the command line, with their help; knows nothing of what they lead to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from ebtop import __version__, whom
from ebtop.settings import THEMES, UNITS, values
from ebtop.text import clean

_DESCRIPTION = "top for what the Linux kernel really does. Without a command: the dashboard."
_EPILOG = (
    "ebtop [OPTIONS] -- PROGRAM [ARGUMENT ...] runs a program (as the user behind sudo), counts it and what it starts"
    " from its first system call on, and stops counting when it ends; the dashboard then stays, held still. What it"
    " writes is shown in the end; snapshot and record leave it its output. If ebtop ends first, it sends it SIGTERM."
    " Durations: 500ms, 5s, 2m. Needs root (sudo ebtop), or CAP_BPF and CAP_PERFMON; --demo needs nothing."
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, whatever was typed or came from files."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"ebtop: {clean(message)}; see {self.prog} --help\n")
        sys.exit(2)


def command_line() -> argparse.ArgumentParser:
    """What takes it apart; says what is wrong with it in one line, and exits with status 2."""
    parser = _Parser(prog="ebtop", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"ebtop {__version__}")
    _source(parser, None)
    _looks(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    snapshot = commands.add_parser("snapshot", help="look without a screen and write everything seen as JSON")
    snapshot.add_argument("-o", dest="path", metavar="FILE", required=True, help="the file to write")
    _seconds(snapshot, "5s")
    _source(snapshot, argparse.SUPPRESS)
    record = commands.add_parser("record", help="record a session for --replay")
    record.add_argument("path", metavar="FILE", help="the file to write")
    _seconds(record, "20s")
    _live(record, argparse.SUPPRESS)
    stacks = commands.add_parser(
        "stacks",
        help="look at stacks and write a flame graph (FILE.svg) or folded text",
        description="Look for a while with the probe profile, or with --probes offcpu, and write its stacks: as a flame"
        " graph where FILE ends in .svg, else as folded text, whose counts are microseconds.",
    )
    stacks.add_argument("-o", dest="path", metavar="FILE", required=True, help="the file to write")
    _seconds(stacks, "10s")
    _source(stacks, argparse.SUPPRESS)
    triage = commands.add_parser(
        "triage",
        help="look for a while and rank what is abnormal; status 1 if anything is",
        description="Look for a while, then rank what looks abnormal, each number beside a threshold and its source."
        " Exit status: 0 nothing is abnormal, 1 something is, 2 nothing could be looked at.",
    )
    _seconds(triage, "10s")
    triage.add_argument("--json", action="store_true", help="as JSON")
    _source(triage, argparse.SUPPRESS)
    doctor = commands.add_parser("doctor", help="what this machine offers each probe, and what mends what is missing")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    _files(doctor, argparse.SUPPRESS)
    probes = commands.add_parser("probes", help="list the probes, and the hooks that would win here")
    probes.add_argument("--json", action="store_true", help="as JSON")
    _files(probes, argparse.SUPPRESS)
    new = commands.add_parser("new-probe", help="write a probe of your own to begin with: NAME.c and NAME.py")
    new.add_argument("path", metavar="NAME", type=_checked(_probe_name), help="its name, e.g. spawns")
    new.add_argument("--dir", dest="folder", metavar="DIR", default=".", help="where to (here)")
    config = commands.add_parser("config", help="the settings in force as a settings file, and where each comes from")
    config.add_argument("--default", action="store_true", help="the default file instead, every key explained")
    _live(config, argparse.SUPPRESS)
    _looks(config, argparse.SUPPRESS)
    hooks = commands.add_parser("hooks", help="list what can be hooked, as bpftrace -l does")
    hooks.add_argument(
        "path", metavar="PATTERN", help="e.g. 'tracepoint:sched:*', openat, 'uprobe:libc:get*', usdt:/path"
    )
    hooks.add_argument("-v", dest="verbose", action="store_true", help="with the arguments of each")
    return parser


def _seconds(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--for",
        dest="seconds",
        type=_checked(values.duration),
        default=None,
        metavar="TIME",
        help=f"how long to look ({default}); with a program: at most, then it is ended",
    )


def _checked(taken: Callable[[object], Any]) -> Callable[[str], Any]:
    """`taken` as a type of argparse: its words are those of the error."""

    def read(text: str) -> Any:
        try:
            return taken(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _probe_name(said: object) -> str:
    from ebtop.vocabulary import name_flaw

    if why := name_flaw(str(said)):
        raise ValueError(why)
    return str(said)


def _live(parser: argparse.ArgumentParser, unsaid: str | None) -> None:
    """What every look at the machine takes; `unsaid` is what stands for an option that is not there."""
    add = partial(parser.add_argument, default=unsaid)
    add("--probes", type=_checked(values.probe_names), metavar="A,B", help="these, or groups, or all; not the usual")
    add(
        "--bt",
        dest="scripts",
        action="append",
        metavar="PROGRAM",
        help="run a bpftrace program, or a FILE.bt, as a panel, alone unless --probes is there; several times: several",
    )
    add("--bpftrace", metavar="PATH", help="the bpftrace for that, if it is not where its package puts it")
    add(
        "--func",
        dest="functions" if unsaid is None else "more_functions",
        action="append",
        type=_checked(values.function),
        metavar="HOOK",
        help="calls of a function, passages of an event, e.g. k:tcp_v4_connect, 'u:libc:malloc arg1>4096',"
        " usdt:/path:provider:name, 't:sched:sched_*'; each a panel of its own; more than once",
    )
    parser.add_argument(
        "--counts-only",
        action="store_true",
        default=argparse.SUPPRESS,
        help="probes that can only count, without times, do: at half the cost",
    )
    add("--interval", type=_checked(values.interval), metavar="TIME", help="between two looks (1s)")
    add(
        "--max-overhead",
        type=_checked(values.overhead),
        metavar="PERCENT",
        help="for ebtop itself, of one CPU (5; 0: any)",
    )
    add(
        "--xdp-interfaces",
        type=_checked(values.interfaces_there),
        metavar="A,B",
        help="for the probe xdp (those that are up and have hardware; not lo)",
    )
    _files(parser, unsaid)
    whom.add_options(parser)


def _files(parser: argparse.ArgumentParser, unsaid: str | None) -> None:
    """Where probes and settings come from."""
    parser.add_argument(
        "--probe-path",
        action="append",
        default=unsaid,
        metavar="DIR",
        help="a folder with probes of your own, NAME.py and NAME.c each; may be said several times",
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="settings instead of the user's")
    files.add_argument("--no-config", action="store_true", default=argparse.SUPPRESS, help="read no settings file")


def _source(parser: argparse.ArgumentParser, unsaid: str | None) -> None:
    _live(parser, unsaid)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--demo", action="store_true", default=unsaid or False, help="replay the bundled recording")
    source.add_argument("--replay", metavar="FILE", default=unsaid, help="replay a recording")


def _looks(parser: argparse.ArgumentParser, unsaid: str | None) -> None:
    """What the dashboard takes."""
    add = partial(parser.add_argument, default=unsaid)
    theme, units = (partial(values.one_of, choices=choices) for choices in (THEMES, UNITS))
    add("--theme", type=_checked(theme), metavar="NAME", help="colours: ebtop, ebtop-light, nord, gruvbox and others")
    add("--ascii", action="store_const", const="always", help="nothing but ASCII on the screen")
    add("--units", type=_checked(units), metavar="KIND", help="si (kB), binary (KiB) or bits (kbit)")
    add("--history", dest="history_seconds", type=_checked(values.history), metavar="TIME", help="to go back (10m)")
    add("--history-memory", dest="history_mb", type=_checked(values.megabytes), metavar="SIZE", help="for it (16MB)")

"""Whose events are counted, as the command line says it; only checks what was said against the machine.

Messages of errors are argparse's: one line that names the remedy.
"""

from __future__ import annotations

import argparse
import pwd

from ebtop import wire


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose processes."""
    group = parser.add_argument_group("whose events are counted; what meets all that is said")
    for *flags, dest, kind, metavar, words in (
        ("-p", "--pid", "pids", pids, "PID,…", "these processes, and what they start from now on"),
        ("--comm", "comm", not_empty, "NAME", "programs of exactly that name (15 bytes are compared)"),
        ("--user", "user", user, "NAME", "processes of that user, by name or number"),
        ("--container", "unit", not_empty, "NAME", "processes of that container or systemd unit"),
    ):
        group.add_argument(*flags, dest=dest, type=kind, default=argparse.SUPPRESS, metavar=metavar, help=words)
    group.add_argument(
        "--children",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="also what they start, whoever and whatever that is (with -p: yes, else no)",
    )


def aim(said: argparse.Namespace) -> wire.Aim:
    """What the options of `add_options` said; without any, everybody."""
    chosen = getattr(said, "pids", None) or ()
    children = getattr(said, "children", None)
    return wire.Aim(
        chosen,
        getattr(said, "comm", None) or "",
        getattr(said, "user", None) or "",
        getattr(said, "unit", None) or "",
        bool(chosen) if children is None else children,
    )


def pids(text: str) -> tuple[int, ...]:
    """The processes of a comma-separated list of pids; argparse's error for one that does not run."""
    numbers = [word.strip() for word in text.split(",") if word.strip()]
    for number in numbers:
        if not (number.isascii() and number.isdigit()):
            raise argparse.ArgumentTypeError(f"{number!r} is no pid; say for instance -p 4121,911")
        process = process_of(int(number))
        if not process:
            raise argparse.ArgumentTypeError(f"there is no process {number}; `pgrep -a NAME` finds pids by name")
        if process != int(number):
            raise argparse.ArgumentTypeError(f"{number} is a thread of process {process}; say -p {process}")
    if not numbers:
        raise argparse.ArgumentTypeError("no pid named; say for instance -p 4121,911")
    return tuple(dict.fromkeys(map(int, numbers)))


def process_of(pid: int) -> int:
    """The process that thread `pid` is of, itself where it is one; 0 where there is none (proc(5): Tgid)."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"Tgid:")), 0)
    except OSError:
        return 0


def user(text: str) -> str:
    """A user's name or number; argparse's error for a name that nobody has."""
    try:
        pwd.getpwnam(text)
    except (KeyError, ValueError):
        if not (text.isascii() and text.isdigit()):
            raise argparse.ArgumentTypeError(f"there is no user {text!r}; `getent passwd` lists them") from None
    return text


def not_empty(text: str) -> str:
    """A name; argparse's error for none."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a name is missing")
    return text

"""Starts the screen's process and the warden beside it, and puts the terminal back in the end; knows no screen."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ebtop import wire
from ebtop.kernel import namespace, privileges, release
from ebtop.text import clean
from ebtop.warden import reach
from ebtop.warden.answering import Answering
from ebtop.warden.children import HANDLED, Child, fork
from ebtop.warden.command import Command
from ebtop.warden.identity import Identity, fix_environment, of_screen
from ebtop.warden.loading import Load
from ebtop.warden.loop import Warden
from ebtop.warden.saving import Saving, WriteFile
from ebtop.warden.terminal import Terminal, found

Screen = Callable[[socket.socket, int], int]
"""screen(wire, warden's pid): the drawing process; its exit status. It ends when the wire does."""

DESCRIPTORS = 65_536
"""What all probes at once take, with room to spare: one has fifteen to a hundred, and 1,024 are usual."""
_NO_CAPABILITY_NEEDED = (5, 19)
"""Since then a map is read by its descriptor alone (kernel commit c8644cd0efe7)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start."""

    screen: Screen
    load: Load
    write_file: WriteFile
    """write_file(path, content): the path written; OSError."""
    wanted: Mapping[str, int]
    """Serial by probe: loaded at once, before the screen asks."""
    allowed: tuple[str, ...] = ()
    """Paths named on the command line, which root may write in the screen's name besides new snapshot files."""
    counts_only: bool = False
    """Ways that only count are tried first."""
    aim: wire.Aim = field(default_factory=wire.Aim)
    """Whom to count only, from the start."""
    command: tuple[str, ...] = ()
    """A command to run and to count; it takes the place of `aim`."""
    hidden: bool = False
    """The command is kept from the terminal, as that is drawn on."""
    bpftrace: str = ""
    """The bpftrace to run, instead of the one where its package puts it."""


def run(plan: Plan) -> int:
    """Run warden and screen until both have ended; the exit status of ebtop, 128 + signal where one ended it."""
    terminal = found()
    identity = of_screen(os.getuid(), os.environ)
    command = Command(plan.command, identity, plan.hidden) if plan.command else None
    ours, theirs = wire.pair()
    warden = os.getpid()
    screen = fork(lambda: _draw(plan, identity, command, ours, theirs, warden))
    theirs.close()
    try:
        status, refused = _serve(plan, identity, command, ours, screen)
    finally:
        if command is not None:
            command.stop()
    if terminal is not None and (status < 0 or terminal.changed()):
        _put_back(terminal)
    if status < 0:
        sys.stderr.write(f"ebtop: the drawing process was killed by {signal.Signals(-status).name}\n")
    if refused:
        sys.stderr.write(
            f"ebtop: the drawing process was hung up on, as it said what it never says: {clean(refused)}\n"
        )
    if command is not None and (written := command.written()):
        sys.stderr.write(f"ebtop: {command} wrote:\n{written}")
    return 128 - status if status < 0 else status


def _serve(
    plan: Plan, identity: Identity, command: Command | None, line: socket.socket, screen: Child
) -> tuple[int, str]:
    """The exit status, and what the screen was hung up on for."""
    _raise_limit(resource.RLIMIT_MEMLOCK)  # kernels before 5.11 charge maps to it
    _raise_limit(resource.RLIMIT_NOFILE, DESCRIPTORS)  # loaders have it from here, and a command is not to
    with suppress(OSError):  # without it, each hook that needs tracefs says so in its probe
        namespace.mount_tracefs()
    saving = Saving(identity, plan.write_file, plan.allowed)
    answering = Answering(identity, plan.counts_only)
    warden = Warden(
        line, screen, plan.load, saving.write, answering.content, plan.wanted, plan.aim, command, plan.bpftrace
    )
    return warden.serve(), warden.refused


def _draw(
    plan: Plan,
    identity: Identity,
    command: Command | None,
    ours: socket.socket,
    theirs: socket.socket,
    warden: int,
) -> int:
    """The screen's process: drop everything, then draw."""
    ours.close()
    if command is not None:
        command.leave()
    _raise_limit(resource.RLIMIT_NOFILE, DESCRIPTORS)  # every map, program and attachment is a descriptor here
    if os.isatty(1) and not os.isatty(2):
        os.dup2(1, 2)  # Textual draws on stderr
    received: list[int] = []
    for number in HANDLED:
        signal.signal(number, lambda number, _: _cut(theirs, received, number))
    drop(identity)
    privileges.die_with_parent(warden, signal.SIGTERM)
    leaving = theirs.dup()
    status = plan.screen(theirs, warden)
    status = 128 + received[0] if received else status
    with suppress(OSError):  # the warden is gone, or has hung up
        wire.send(leaving, wire.Bye(status))
    return status


def drop(identity: Identity) -> None:
    """Become `identity`, with CAP_BPF only where the kernel reads no map without it."""
    keep = frozenset[int]() if release.version() >= _NO_CAPABILITY_NEEDED else frozenset({privileges.CAP_BPF})
    held = reach.hold(sys.path)
    privileges.become(identity.uid, identity.gid, keep & privileges.effective())
    reach.through(held)
    fix_environment(identity, os.environ)


def _cut(line: socket.socket, received: list[int], number: int) -> None:
    """A signal to the screen ends it the way a warden that is gone does: the wire is at its end."""
    received.append(number)
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:  # cut before, or closed
        return


def _put_back(terminal: Terminal) -> None:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # setting modes from the background would stop us
    terminal.restore()


def _raise_limit(which: int, most: int = resource.RLIM_INFINITY) -> None:
    """Raise a limit to `most`, or as far as it goes; what is higher stays."""
    soft, hard = resource.getrlimit(which)
    if _reaches(soft, most):
        return
    for limits in ((most, hard if _reaches(hard, most) else most), (hard, hard)):
        try:
            resource.setrlimit(which, limits)
            return
        except (ValueError, OSError):  # not allowed: the next, smaller wish
            continue


def _reaches(limit: int, wished: int) -> bool:
    return limit == resource.RLIM_INFINITY or (wished != resource.RLIM_INFINITY and limit >= wished)

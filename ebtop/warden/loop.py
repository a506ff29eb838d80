"""The warden's loop: wants go to loaders, what they send goes to the screen; knows no bcc and draws nothing."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import struct
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

from ebtop import wire
from ebtop.bpftrace import is_script
from ebtop.kernel.objects import Census
from ebtop.warden import containers
from ebtop.warden.aiming import Aiming
from ebtop.warden.asking import Asking, Content
from ebtop.warden.children import HANDLED, Child
from ebtop.warden.command import Command
from ebtop.warden.flags import Flags
from ebtop.warden.following import PROBE as FOLLOW
from ebtop.warden.hearing import heard
from ebtop.warden.loaders import Loaders
from ebtop.warden.loading import Load
from ebtop.warden.objects import PROBE as CENSUS
from ebtop.warden.objects import Objects
from ebtop.warden.scripts import Scripts
from ebtop.warden.sharing import Sharing
from ebtop.warden.statistics import Statistics
from ebtop.warden.units import Units
from ebtop.warden.writing import Write, Writing

GRACE_S = 2.0
"""What the screen is given to end by itself, once it was told to or has hung up."""
PATIENCE_S = 10.0
"""What the screen has to make room on the wire once that is full: the warden waits for nobody for ever."""
_SCREEN = "screen"
"""Who asks for statistics, beside the census."""


class Warden:
    """Serves one screen until it ends; nothing is left attached then."""

    def __init__(
        self,
        line: socket.socket,
        screen: Child,
        load: Load,
        write: Write,
        content: Content,
        wanted: Mapping[str, int],
        aim: wire.Aim,
        command: Command | None = None,
        bpftrace: str = "",
    ) -> None:
        """`wanted` is loaded at once, in anticipation of the screen's first Want, whose serials it then takes.

        `content` answers what the screen asks, in a child. `aim` is in force from the start; with a `command`, which
        waits to be let go, that is its only target. `bpftrace`: the one to run, instead of the usual.
        """
        self._line = line
        seconds = struct.pack("@ll", int(PATIENCE_S), int(PATIENCE_S % 1 * 1e6))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)  # struct timeval, man 7 socket
        self.refused = ""
        """What the screen said that it never says, and was hung up on for."""
        self._screen = screen
        self._flags = Flags(os.getpid(), screen.pid)
        self._objects = Objects(Census(self._flags.own, screen.pid), self._send, self._forward)
        self._wanted: dict[str, int] = dict(wanted)
        self._anticipated = True
        self._held: list[tuple[wire.OfProbe, tuple[int, ...]]] = []
        """Messages for a screen that has not said its first Want, with their descriptors."""
        self._statistics = Statistics()
        self._selector = selectors.DefaultSelector()
        self._writing = Writing(write, self._selector, self._send)
        self._asking = Asking(content, self._flags, self._selector, self._send)
        self._aiming = Aiming(self._flags, lambda aimed: self._send(aimed, ()), Units().of)
        self._aim = aim if command is None else wire.Aim((command.child.pid,))
        self._command = command
        self._may_go = False
        """The screen has said that the command may begin."""
        self._loaders = Loaders(load, self._flags, self._selector, self._current, self._forward)
        self._sharing = Sharing(self._loaders.unshare)
        self._scripts = Scripts(self._flags, self._selector, self._forward, bpftrace, wanted)
        self._cut = False
        self._kill_s = float("inf")
        """When the screen is killed."""
        self._signal = 0
        self._ended = False
        self._status: int | None = None
        """What the screen said its exit status is, in taking leave."""

    def serve(self) -> int:
        """Run until the screen has ended; its exit status, minus the signal that killed it, or 128 + a signal to us."""
        signals, waking = socket.socketpair()
        for end in (signals, waking):
            end.setblocking(False)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, self._signalled)
        self._selector.register(self._line, selectors.EVENT_READ, self._hear)
        self._selector.register(self._screen.pidfd, selectors.EVENT_READ, self._end)
        self._selector.register(signals, selectors.EVENT_READ, lambda: signals.recv(512))
        if self._command is not None:
            self._command.watch(self._selector, lambda status: self._send(wire.Ended(status), ()))
        self._start({**self._wanted, **self._aim_at_first()})
        try:
            while not self._ended:
                for key, _ in self._selector.select(self._timeout()):
                    key.data()
                self._check_deadlines()
        finally:
            self._close()
        status = self._screen.wait() if self._status is None else self._status
        return 128 + self._signal if self._signal else status

    def _signalled(self, number: int, _: object) -> None:
        self._signal = self._signal or number
        self._screen.send(number)
        self._kill_s = min(self._kill_s, monotonic() + GRACE_S)

    def _hang_up(self) -> None:
        """Close the wire; a screen that does not end by that is ended."""
        if self._cut:
            return
        self._cut = True
        self._kill_s = min(self._kill_s, monotonic() + GRACE_S)
        self._deafen(self._line)
        self._line.close()

    def _deafen(self, line: socket.socket) -> None:
        if line in self._selector.get_map():
            self._selector.unregister(line)

    def _end(self) -> None:
        self._ended = True

    def _timeout(self) -> float | None:
        parts = (self._loaders, self._asking, self._aiming, self._scripts)
        first = min(self._kill_s, *(part.deadline_s for part in parts))
        return None if first == float("inf") else max(0.0, first - monotonic())

    def _check_deadlines(self) -> None:
        now = monotonic()
        if now >= self._kill_s:
            self._screen.kill()
            self._kill_s = float("inf")
        self._loaders.check(now)
        self._asking.check(now)
        self._aiming.check(now)
        self._scripts.check(now)

    def _close(self) -> None:
        signal.set_wakeup_fd(-1)
        self._loaders.close()
        self._scripts.close()
        self._asking.close()
        self._writing.close()
        self._aiming.close()
        self._sharing.close()
        for _, descriptors in self._held:
            wire.close(descriptors)
        self._statistics.close()
        self._flags.close()
        self._selector.close()
        self._line.close()

    # --- the screen's messages ----------------------------------------------------------------------------------------

    def _hear(self) -> None:
        if self._cut:
            return
        try:
            received = heard(self._line)
        except ValueError as why:
            self.refused = str(why)
            received = None
        if received is None:
            self._hang_up()
            return
        message, descriptors = received
        try:
            self._obey(message, descriptors)
        finally:
            wire.close(descriptors)

    def _obey(self, message: wire.FromScreen, descriptors: tuple[int, ...]) -> None:
        match message:
            case wire.Want():
                self._want(dict(zip(message.probes, message.serials, strict=True)))
            case wire.Statistics():
                if message.on:
                    self._hold_statistics(_SCREEN)
                else:
                    self._statistics.let_go(_SCREEN)
            case wire.AskObjects():
                self._objects.count(self._wanted.get(CENSUS, 0))
            case wire.AskContainers():
                named = containers.names(message.ids)
                self._send(wire.Containers(tuple(named), tuple(named.values())), ())
            case wire.AskHooks() | wire.AskWays() | wire.AskSymbols() | wire.AskProgram():
                self._asking.ask(message)
            case wire.Leave():
                if self._current(message.probe, message.serial):
                    self._sharing.leave(message.probe)
            case wire.Aim():
                self._loaders.start(self._aiming.aim(message))
                if not self._aiming.is_followed:
                    self._sharing.leave(FOLLOW)
            case wire.Print():
                self._scripts.ask(message.probes)
            case wire.Go():
                self._may_go = True
                self._let_go()
            case wire.Bye():
                self._status = message.status
                self._end()
            case wire.Save():
                self._writing.start(message.path, descriptors[0])

    def _want(self, wanted: dict[str, int]) -> None:
        before, self._wanted = self._wanted, wanted
        if CENSUS not in wanted:
            self._statistics.let_go(CENSUS)
        if self._anticipated:
            self._anticipated = False
            before = {probe: wanted.get(probe, serial) for probe, serial in before.items()}
            self._loaders.screen_is_up(before)
            self._scripts.renumber(before)
            held, self._held = self._held, []
            for message, descriptors in held:
                self._forward(replace(message, serial=before[message.probe]), descriptors)
        self._scripts.keep(wanted)
        for probe in (probe for probe, serial in before.items() if wanted.get(probe) != serial):
            self._sharing.leave(probe)
        self._start({probe: serial for probe, serial in wanted.items() if before.get(probe) != serial})

    def _hold_statistics(self, who: str) -> None:
        if self._statistics.hold(who) and not self._anticipated and (clock := self._statistics.clock()):
            self._send(clock, ())

    def _start(self, serials: Mapping[str, int]) -> None:
        """Begin these probes; neither the census nor a program of bpftrace takes a loader."""
        to_load = {probe: serial for probe, serial in serials.items() if probe != CENSUS and not is_script(probe)}
        for probe in filter(is_script, serials):
            self._scripts.start(probe, serials[probe])
        if to_load:
            self._loaders.start(to_load)
        if CENSUS in serials and self._objects.begin(serials[CENSUS]):
            self._hold_statistics(CENSUS)

    # --- the command --------------------------------------------------------------------------------------------------

    def _aim_at_first(self) -> Mapping[str, int]:
        return self._aiming.aim(self._aim) if self._aim else {}

    def _let_go(self) -> None:
        """Let the command begin once the screen has seen every probe, and what it starts will be followed."""
        if self._command is not None and self._may_go and self._aiming.is_settled:
            self._command.let_go()

    # --- to the screen ------------------------------------------------------------------------------------------------

    def _current(self, probe: str, serial: int) -> bool:
        return self._aiming.is_wanted(serial) if probe == FOLLOW else self._wanted.get(probe) == serial

    def _forward(self, message: wire.OfProbe, descriptors: tuple[int, ...]) -> None:
        """Give it to the screen if it is still about what the screen wants; the descriptors are closed here."""
        if message.probe == FOLLOW and isinstance(message, wire.Progress | wire.Live):
            if isinstance(message, wire.Live) and self._current(FOLLOW, message.serial):
                message, descriptors = self._sharing.join(message, descriptors)
            self._aiming.take(message, descriptors)
            self._let_go()
            return
        if self._anticipated:
            self._held.append((message, descriptors))
            return
        if self._current(message.probe, message.serial):
            if isinstance(message, wire.Live):  # not before: what is held is no start yet
                message, descriptors = self._sharing.join(message, descriptors)
            self._send(message, descriptors)
        wire.close(descriptors)

    def _send(self, message: wire.Message, descriptors: tuple[int, ...]) -> None:
        if self._cut:
            return
        try:
            wire.send(self._line, message, descriptors)
        except OSError:  # the screen is gone, as its pidfd says next; or it does not listen
            self._hang_up()

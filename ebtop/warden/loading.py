"""One loader: a child that compiles, loads and attaches some probes, watched until it ends; knows nothing of bcc.

What it says is passed on; what it does not live to say is said for it.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from time import monotonic

from ebtop import wire
from ebtop.kernel import privileges
from ebtop.warden.children import Child, fork

Load = Callable[[socket.socket, Mapping[str, int], int, frozenset[str]], int]
"""load(channel, serial by probe, map of who is not counted, probes that are to share no place): sends Progress and Live
for each probe; exit status."""

LIMIT_S = 30.0
"""A loader that has not ended by then is killed."""
_LOG_BYTES = 16_000


class Loading:
    """A loader at work on `serials` (by probe)."""

    def __init__(self, serials: Mapping[str, int], load: Load, flags: int, unshared: frozenset[str]) -> None:
        self.serials = dict(serials)
        self.unanswered = set(serials)
        """Probes that were neither reported live nor failed so far."""
        self.together = len(serials) > 1
        self.deadline_s = monotonic() + LIMIT_S
        self.channel, theirs = wire.pair()
        self.channel.setblocking(False)
        self._output = os.memfd_create("ebtop-loader", os.MFD_CLOEXEC)
        self.late = False
        """It was killed for having taken too long."""
        self._gate, opened = os.pipe()
        warden = os.getpid()
        self.child: Child = fork(
            lambda: self._task(lambda: load(theirs, self.serials, flags, unshared), warden, opened)
        )
        os.close(self._gate)
        self._gate = opened
        theirs.close()

    def let_go(self) -> None:
        """Begin; called once the loader's pid is known to every probe as one of ours."""
        os.close(self._gate)

    def time_out(self) -> None:
        """Kill it for having taken too long."""
        self.late = True
        self.child.kill()

    def end(self) -> str:
        """Reap it (waits for its end); why probes stayed unanswered, in one line."""
        status = self.child.wait()
        self.channel.close()
        if self.late:
            return f"loading was not finished within {LIMIT_S:.0f} s"
        if status < 0:
            return f"the loader was killed by {_signal_name(-status)}"
        return f"the loader ended early with status {status}"

    def log(self) -> str:
        """The last that it wrote to stdout and stderr; closes that store."""
        size = os.fstat(self._output).st_size
        text = os.pread(self._output, _LOG_BYTES, max(0, size - _LOG_BYTES))
        os.close(self._output)
        return text.decode("utf-8", "replace")

    def _task(self, work: Callable[[], int], warden: int, opened: int) -> int:
        self.channel.close()
        os.close(opened)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the screen's to handle
        privileges.die_with_parent(warden, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves a message, not a file
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(self._output, 1)
        os.dup2(self._output, 2)
        os.read(self._gate, 1)
        return work()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

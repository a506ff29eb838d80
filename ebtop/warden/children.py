"""Forking a child that keeps nothing of its parent's signal handling; knows nothing of what the child does."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals that end ebtop in an orderly way."""
_CRASHED = 70  # EX_SOFTWARE, sysexits.h


@dataclass(frozen=True, slots=True)
class Child:
    """A process of ours; `pidfd` becomes readable when it has ended."""

    pid: int
    pidfd: int

    def send(self, number: int) -> None:
        """Send it a signal; harmless when it has ended already."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def kill(self) -> None:
        """SIGKILL, which nothing survives."""
        self.send(signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end: exit status, or minus the signal that killed it. Once only."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        return os.waitstatus_to_exitcode(status)


def fork(task: Callable[[], int]) -> Child:
    """Run `task` in a child; what it returns is the exit status. An exception is printed to stderr, status 70."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _run(task)
    return Child(pid, os.pidfd_open(pid))


def _run(task: Callable[[], int]) -> None:
    status = _CRASHED
    try:
        signal.set_wakeup_fd(-1)
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        status = task()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # the end of a process: whatever it was has to be told before the process is gone
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)

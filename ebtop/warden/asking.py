"""Questions of the screen at work, each in a child with limits; knows nothing of what is asked or answered."""

from __future__ import annotations

import math
import os
import resource
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from ebtop import wire
from ebtop.kernel import alone, privileges
from ebtop.offer import MOST_BYTES
from ebtop.warden.answering import Question
from ebtop.warden.children import Child, fork
from ebtop.warden.flags import Flags

LIMIT_S = 10.0
"""A question that has not been answered by then never is."""
_TOGETHER = 3
"""Questions at a time; the oldest is given up for a newer one."""
_MEMORY_BYTES = 1 << 30
_GIVEN_UP = "it was given up for newer questions"

Content = Callable[[Question], bytes]
"""content(question): the answer; called in a child."""
Send = Callable[[wire.Answer, tuple[int, ...]], None]


@dataclass(slots=True)
class _Asked:
    serial: int
    child: Child
    output: int
    deadline_s: float
    error: str = ""


class Asking:
    """Forks children for questions, and passes on what they leave in their memory file."""

    def __init__(self, content: Content, flags: Flags, selector: selectors.BaseSelector, send: Send) -> None:
        """What the selector says is to be called as data()."""
        self._content = content
        self._flags = flags
        self._selector = selector
        self._send = send
        self._asked: dict[int, _Asked] = {}
        """By pid."""

    def ask(self, question: Question) -> None:
        """Begin to answer `question`; does not wait."""
        at_work = [asked for asked in self._asked.values() if not asked.error]
        if len(at_work) >= _TOGETHER:
            self._give_up(at_work[0], _GIVEN_UP)
        output = os.memfd_create("ebtop-answer", os.MFD_CLOEXEC)
        opened, gate = os.pipe()
        warden = os.getpid()
        child = fork(lambda: self._task(question, output, warden, opened))
        os.close(opened)
        asked = _Asked(question.serial, child, output, monotonic() + LIMIT_S)
        self._asked[child.pid] = asked
        self._flags.add(child.pid)
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._finish(asked))
        os.write(gate, b"!")
        os.close(gate)

    @property
    def deadline_s(self) -> float:
        """When `check` has something to do; infinity: never, as it is now."""
        return min((asked.deadline_s for asked in self._asked.values()), default=float("inf"))

    def check(self, now: float) -> None:
        """Kill those that have taken too long."""
        for asked in self._asked.values():
            if now >= asked.deadline_s:
                self._give_up(asked, f"it was not answered within {LIMIT_S:g} s")

    def close(self) -> None:
        """Kill all of them."""
        for asked in self._asked.values():
            asked.child.kill()
            asked.child.wait()
            os.close(asked.output)
        self._asked = {}

    def _give_up(self, asked: _Asked, why: str) -> None:
        asked.error, asked.deadline_s = why, float("inf")
        asked.child.kill()

    def _finish(self, asked: _Asked) -> None:
        """A child has ended."""
        self._selector.unregister(asked.child.pidfd)
        del self._asked[asked.child.pid]
        status = asked.child.wait()
        self._flags.remove(asked.child.pid)
        if status == 0:
            self._send(wire.Answer(asked.serial), (asked.output,))
        else:
            self._send(wire.Answer(asked.serial, asked.error or f"what looked it up ended with status {status}"), ())
        os.close(asked.output)

    def _task(self, question: Question, output: int, warden: int, opened: int) -> int:
        os.read(opened, 1)  # until its pid is known to every probe as one of ours
        alone.close_foreign(output)
        _hold_back()
        privileges.die_with_parent(warden, signal.SIGKILL)
        content = self._content(question)
        with open(output, "wb", closefd=False) as file:
            file.write(content)
        return 0


def _hold_back() -> None:
    """Neither endless time, memory or output, nor a word on the terminal, nor a file about a crash."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    limits = {
        resource.RLIMIT_CPU: math.ceil(LIMIT_S),  # of none at all the first tick of a clock would kill it
        resource.RLIMIT_AS: _MEMORY_BYTES,
        resource.RLIMIT_FSIZE: MOST_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(which, (most, most))

"""Files that the screen has written, each by a child of its own; knows nothing of who may write what.

A child is not waited for, nor killed when the warden ends: what was begun is written to its end, within a time.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress

from ebtop import wire
from ebtop.warden.children import Child, fork

LIMIT_S = 60
"""After that a child is killed: a disk may be slow, but no more is waited for it."""
TOGETHER = 2
"""Files at a time; the screen itself asks for one after the other."""

Write = Callable[[str, int], wire.Saved]
"""write(path, descriptor): what came of writing the descriptor's content; called in a child."""
Send = Callable[[wire.Saved, tuple[int, ...]], None]


class Writing:
    """Forks the children; they answer by themselves."""

    def __init__(self, write: Write, selector: selectors.BaseSelector, send: Send) -> None:
        """What the selector says is to be called as data()."""
        self._write = write
        self._selector = selector
        self._send = send
        self._children: set[Child] = set()

    def start(self, path: str, descriptor: int) -> None:
        """Begin to write what the descriptor holds to `path`, and to answer; closes nothing."""
        if len(self._children) >= TOGETHER:
            self._send(wire.Saved(path, f"{TOGETHER} files are being written already; try again"), ())
            return
        child = fork(lambda: self._task(path, descriptor))
        self._children.add(child)
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._finish(child))

    def close(self) -> None:
        """Look after them no more."""
        for child in self._children:
            os.close(child.pidfd)
        self._children.clear()

    def _finish(self, child: Child) -> None:
        self._selector.unregister(child.pidfd)
        self._children.discard(child)
        child.wait()

    def _task(self, path: str, descriptor: int) -> int:
        signal.alarm(LIMIT_S)
        with suppress(OSError):  # nobody hears it any more
            self._send(self._write(path, descriptor), ())
        return 0

"""Files that the warden writes for a screen that must not: asked for one by one, waited for; knows no maps."""

from __future__ import annotations

import errno
import os
import queue
import socket
import threading

from ebtop import wire

_PATIENCE_S = 15.0


class Saves:
    """Asks by the wire; whoever hears that hands on the answers."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._asking = threading.Lock()
        self._answers: queue.SimpleQueue[wire.Saved | None] = queue.SimpleQueue()

    def save(self, path: str, content: bytes) -> str:
        """Let the warden write `content` to `path`; the path written. OSError when it could not. Any thread may."""
        with self._asking:
            while not self._answers.empty():  # of a question that was given up
                self._answers.get_nowait()
            self._ask(path, content)
            try:
                answer = self._answers.get(timeout=_PATIENCE_S)
            except queue.Empty:
                raise TimeoutError(errno.ETIMEDOUT, "the warden did not answer", path) from None
        if answer is None:
            raise OSError(errno.EPIPE, "the warden is gone", path)
        if answer.error:
            raise OSError(answer.error)
        return answer.path

    def take(self, answer: wire.Saved) -> None:
        """The warden's answer."""
        self._answers.put(answer)

    def end(self) -> None:
        """There will be no answer any more."""
        self._answers.put(None)

    def _ask(self, path: str, content: bytes) -> None:
        descriptor = os.memfd_create("ebtop-save", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            wire.send(self._line, wire.Save(path), (file.fileno(),))

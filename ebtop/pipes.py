"""The pipes that a bpftrace program prints to, emptied by a thread of its own; knows nothing of what is printed.

That is done a few times a second at most: a program that prints at every event is to be slowed down by its own buffer,
which counts what it loses, and not to take this process's time.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ebtop import wire
from ebtop.bpftrace.reading import Reader

_PIECE = 1 << 20
_REST_S = 0.02
"""Between two looks into a pipe that is never empty."""
_END_S = 1.0
"""What the thread is given to read the last that was printed."""


class Pipes:
    """Feeds a reader from its thread; everything else belongs to the source's."""

    def __init__(self, output: int, error: int, reader: Reader) -> None:
        """Takes over both descriptors."""
        self.started_ns = 0
        """Monotonic time at which the program said that it is attached; 0 before."""
        self.news = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """Readable when there is something new to be shown."""
        self._reader = reader
        self._errors = b""
        self._reading = threading.Lock()
        self._output, self._error = output, error
        for descriptor in (output, error):
            os.set_blocking(descriptor, False)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closed = False
        self._users = 2
        self._leaving = threading.Lock()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="bpftrace", daemon=True)
        self._thread.start()

    # --- the thread that empties them ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._empty()
        except Exception as error:  # told of where it is asked for what was read
            self._fault = error
            self._tell()
        finally:
            self._leave()

    def _empty(self) -> None:
        waiting = select.poll()
        for descriptor in (self._output, self._error, self._stop):
            waiting.register(descriptor, select.POLLIN)
        open_ = {self._output, self._error}
        while open_:
            ready = {descriptor for descriptor, _ in waiting.poll()}
            if self._stop in ready:
                return
            for descriptor in open_ & ready:
                if not self._take(descriptor):
                    waiting.unregister(descriptor)
                    open_.discard(descriptor)
            time.sleep(_REST_S)
        self._tell()

    def _take(self, descriptor: int) -> bool:
        """What is in a pipe; False at its end."""
        try:
            piece = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return True
        with self._reading:
            if descriptor == self._error:
                self._errors = (self._errors + piece)[-wire.LOG_LIMIT :]
            elif piece:
                self._reader.feed(piece, time.monotonic_ns())
                if self._reader.output.attached >= 0 and not self.started_ns:
                    self.started_ns = time.monotonic_ns()
                    self._tell()
        return bool(piece)

    def _tell(self) -> None:
        os.eventfd_write(self.news, 1)

    def _leave(self) -> None:
        """The thread and its owner each have no use for the descriptors any more: the last of them closes them."""
        with self._leaving:
            self._users -= 1
            last = not self._users
        if last:
            for descriptor in (self._output, self._error, self.news, self._stop):
                os.close(descriptor)

    # --- the source's thread ------------------------------------------------------------------------------------------

    def has_news(self) -> bool:
        """Whether there was any since the last call. Raises whatever kept the thread from reading on."""
        self._raise()
        try:
            return os.eventfd_read(self.news) > 0
        except BlockingIOError:
            return False

    def ask(self, now_ns: int) -> None:
        """The program is being asked to print."""
        with self._reading:
            self._reader.ask(now_ns)

    @contextmanager
    def read(self) -> Iterator[tuple[Reader, bytes]]:
        """The reader, which takes nothing meanwhile, and the newest of the errors. Raises as `has_news`."""
        self._raise()
        with self._reading:
            yield self._reader, self._errors

    def _raise(self) -> None:
        if self._fault is not None:
            raise self._fault

    def wait(self) -> None:
        """For the last that was printed, but not for long."""
        self._thread.join(_END_S)

    def close(self) -> None:
        """Let go of them, at once or as soon as the thread does. Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        os.eventfd_write(self._stop, 1)
        self._leave()
        self.wait()

"""A thread that waits for descriptors is woken by others; knows nothing of why."""

from __future__ import annotations

import os
import threading


class Waking:
    """A descriptor that is readable once somebody has called `wake`."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """The descriptor to wait for, -1 once it is closed."""
        return self._descriptor

    def wake(self) -> None:
        """Any thread may; harmless when it is closed."""
        with self._lock:
            if self._descriptor >= 0:
                os.eventfd_write(self._descriptor, 1)

    def woken(self) -> None:
        """Be not readable until the next call of `wake`; only where it is now."""
        os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Twice does no harm."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

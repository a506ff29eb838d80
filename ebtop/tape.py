"""A recording that grows in memory until it is saved; knows neither where samples come from nor where they go."""

from __future__ import annotations

import io
import threading

from ebtop.recording import Writer
from ebtop.sample import Sample

LIMIT = 64 << 20
"""Bytes, compressed: some hours of a busy machine at one sample a second."""


class Tape:
    """Takes samples in the source's thread; anyone may look at it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.samples = 0
        self.is_full = False
        """It has reached its limit; what came later is not on it."""
        self._limit = limit
        self._file = io.BytesIO()
        self._writer = Writer(self._file)
        self._lock = threading.Lock()

    def take(self, sample: Sample) -> None:
        """Append `sample` while there is room."""
        with self._lock:
            if not self.is_full:
                self._writer.write(sample)
                self.samples += 1
                self.is_full = self._file.tell() >= self._limit

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.tell()

    def content(self) -> bytes:
        """All of it, as a file that --replay reads."""
        with self._lock:
            return self._file.getvalue()

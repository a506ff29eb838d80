"""Which processes are ebtop's own, written into every probe's bitmap; knows nothing of what the probes do with it.

The map is `ebtop_own` of ebtop.h: an array of u64 words, one bit per pid.
"""

from __future__ import annotations

import errno
import os
import struct

from ebtop.kernel import bpf


class OwnPids:
    """ebtop's processes, and the bitmaps of the probes that are to leave them out."""

    def __init__(self, *pids: int) -> None:
        self._pids = set(pids)
        self._maps: dict[str, int] = {}

    def pids(self) -> frozenset[int]:
        """All of them now."""
        return frozenset(self._pids)

    def add(self, pid: int) -> None:
        """`pid` is ours from now on, in every bitmap."""
        self._pids.add(pid)
        self._write(pid >> 6, *self._maps.values())

    def remove(self, pid: int) -> None:
        """`pid` has ended; its number may soon be someone else's."""
        self._pids.discard(pid)
        self._write(pid >> 6, *self._maps.values())

    def follow(self, probe: str, descriptor: int) -> None:
        """Keep the bitmap `descriptor` (a map of `probe`; taken over) up to date."""
        self.forget(probe)
        self._maps[probe] = descriptor
        for word in {pid >> 6 for pid in self._pids}:
            self._write(word, descriptor)

    def forget(self, probe: str) -> None:
        """Let go of the probe's bitmap."""
        descriptor = self._maps.pop(probe, None)
        if descriptor is not None:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of all bitmaps."""
        for probe in tuple(self._maps):
            self.forget(probe)

    def _write(self, word: int, *descriptors: int) -> None:
        bits = sum(1 << (pid & 63) for pid in self._pids if pid >> 6 == word)
        for descriptor in descriptors:
            try:
                bpf.update(descriptor, struct.pack("=I", word), struct.pack("=Q", bits))
            except OSError as error:
                if error.errno != errno.E2BIG:  # kernel.pid_max was raised after the probe was compiled
                    raise

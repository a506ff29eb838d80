"""Consumes a BPF ring buffer of fixed-size records into numpy; knows the buffer's layout, not what a record means.

The layout is that of kernel/bpf/ringbuf.c: a page with the consumer's position, a page with the producer's, then the
data, mapped twice in a row so that a record never wraps. A record is a header of 8 bytes (length with a busy and a
discard bit, then a page offset) and its content, rounded up to 8.
"""

from __future__ import annotations

import errno
import mmap
import os

import numpy as np
import numpy.typing as npt

from ebtop.kernel.layout import CleanTexts, record_type
from ebtop.sample import EventTail, Records
from ebtop.wire import Field, MapInfo

TAIL = 256
"""Records kept for the screen."""
_BUSY, _DISCARD = np.uint32(1 << 31), np.uint32(1 << 30)
_HEADER = 8


class RingReader:
    """The one consumer of one ring buffer; the descriptor stays the caller's."""

    def __init__(self, info: MapInfo, record: tuple[Field, ...], record_size: int, fd: int) -> None:
        self._size = info.max_entries
        self._type = record_type(record, record_size)
        self._length = record_size
        self._stride = _HEADER + (record_size + 7 & ~7)
        page = mmap.PAGESIZE
        self._own = mmap.mmap(fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._shared = mmap.mmap(fd, page + 2 * self._size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        self._consumer: npt.NDArray[np.uint64] | None = np.frombuffer(self._own, np.uint64, 1)
        self._producer: npt.NDArray[np.uint64] | None = np.frombuffer(self._shared, np.uint64, 1)
        self._data: npt.NDArray[np.uint8] | None = np.frombuffer(self._shared, np.uint8, 2 * self._size, page)
        self._tail: Records = np.empty(0, self._type)
        self._texts = CleanTexts(self._type)
        self._seen = 0

    def waiting(self) -> float:
        """Share of the buffer that holds records not yet read, 0…1."""
        if self._consumer is None or self._producer is None:
            return 0.0
        return (int(self._producer[0]) - int(self._consumer[0])) / self._size

    def drain(self) -> None:
        """Read every record that is ready; the newest 256 stay in the tail."""
        while (ready := self._ready()) is not None:
            if len(ready):
                self.keep(np.ascontiguousarray(ready).reshape(-1).view(self._type))

    def read(self) -> EventTail:
        """Drain, and the newest records. OSError when the buffer is closed."""
        self.drain()
        return EventTail(self._tail, self._seen)

    def close(self) -> None:
        """Let go of the mapped memory. The descriptor is not closed."""
        self._consumer = self._producer = self._data = None
        self._own.close()
        self._shared.close()

    def _ready(self) -> npt.NDArray[np.uint8] | None:
        """The content of the next run of finished records, copied (n, size); None when there is none.

        The producer's position is read before the headers and a header before its content, as they were written.
        """
        if self._consumer is None or self._producer is None or self._data is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        consumed, produced = int(self._consumer[0]), int(self._producer[0])
        count = (produced - consumed) // self._stride
        if count == 0:
            return None
        start = consumed & (self._size - 1)
        run = self._data[start : start + count * self._stride].reshape(count, self._stride)
        headers = np.ascontiguousarray(run[:, :4]).view(np.uint32)[:, 0]
        odd = np.flatnonzero((headers & ~_DISCARD) != self._length)
        finished = int(odd[0]) if odd.size else count
        if finished == 0:
            self._refuse_foreign(int(headers[0]))
            return None
        kept = (headers[:finished] & _DISCARD) == 0
        content: npt.NDArray[np.uint8] = run[:finished, _HEADER : _HEADER + self._length][kept]
        self._consumer[0] = consumed + finished * self._stride
        return content

    def _refuse_foreign(self, header: int) -> None:
        if not header & int(_BUSY):
            length = header & int(~_DISCARD)
            raise OSError(errno.EPROTO, f"a record of {length} bytes in a ring buffer of {self._length}-byte records")

    def keep(self, records: Records) -> None:
        """Take the next `records` (n,), uncleaned; here the newest stay, cleaned."""
        self._seen += records.size
        fresh = records[-TAIL:]
        self._texts.apply(fresh)
        older = self._tail[max(0, self._tail.size + fresh.size - TAIL) :]
        self._tail = np.concatenate((older, fresh)) if older.size else fresh

"""Bytes that are mostly zeros, small: which 64-bit words are not, and what is in them; knows nothing of rows or time.

Words come as the gaps between their places, a bit for each of their bytes that is not zero, and those bytes. What is
longer than a block is deflated on top of that.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]

_HEAD = struct.Struct("<BI")
BLOCK = 2048
"""Bytes from which on deflating is worth its start (zlib clears a quarter of a megabyte first)."""
_PLAIN, _DEFLATED = b"\0", b"\1"
_LEVEL = 1


def pack_places(places: Places) -> bytes:
    """Ascending `places` (n,), as gaps of the smallest width that holds them all."""
    gaps = places.copy()
    gaps[1:] -= places[:-1]
    widest = int(gaps.max()) if gaps.size else 0
    width = 1 if widest < 1 << 8 else 2 if widest < 1 << 16 else 4
    return _HEAD.pack(width, gaps.size) + gaps.astype(f"<u{width}").tobytes()


def pack_words(words: npt.NDArray[np.uint64]) -> bytes:
    """`words`, of any shape, flat; its size is for the reader to know."""
    flat = words.reshape(-1)
    places = np.flatnonzero(flat != 0)  # far faster than of the words themselves
    raw = flat[places].view(np.uint8)
    used = raw != 0
    return b"".join((pack_places(places), np.packbits(used).tobytes(), raw[used].tobytes()))


def is_nothing(packed: bytes) -> bool:
    """Whether the words of `pack_words` were all zero."""
    return len(packed) == _HEAD.size


def squeeze(*parts: bytes, block: int = BLOCK) -> bytes:
    """The parts one behind the other, deflated if they are more than `block` bytes; for a `Reader`."""
    return deflated(b"".join(parts), block)


def deflated(whole: bytes, block: int = BLOCK) -> bytes:
    """`whole` for `inflated`, deflated if it is more than `block` bytes."""
    return _DEFLATED + zlib.compress(whole, _LEVEL) if len(whole) > block else _PLAIN + whole


def inflated(squeezed: bytes) -> memoryview:
    """What was deflated, or was left as it was."""
    left = memoryview(squeezed)[1:]
    return memoryview(zlib.decompress(left)) if squeezed[:1] == _DEFLATED else left


class Reader:
    """Takes what was squeezed off the front, in the order in which it was packed."""

    def __init__(self, squeezed: bytes) -> None:
        self._left = inflated(squeezed)

    def places(self) -> Places:
        """What `pack_places` was given."""
        width, count = _HEAD.unpack_from(self._left)
        self._left = self._left[_HEAD.size :]
        return np.cumsum(self._take(count * width, f"<u{width}"), dtype=np.intp)

    def changes(self) -> tuple[Places, Words]:
        """Of what `pack_words` was given: where it is not zero, ascending, and what stands there."""
        places = self.places()
        size = places.size * 8
        used = np.unpackbits(self._take(places.size, np.uint8), count=size).view(np.bool_)
        raw = np.zeros(size, np.uint8)
        raw[used] = self._take(int(np.count_nonzero(used)), np.uint8)
        return places, raw.view(np.uint64)

    def words(self, size: int) -> Words:
        """What `pack_words` was given, (size,)."""
        places, words = self.changes()
        whole = np.zeros(size, np.uint64)
        whole[places] = words
        return whole

    def _take(self, size: int, kind: Any) -> npt.NDArray[Any]:
        taken, self._left = self._left[:size], self._left[size:]
        return np.frombuffer(taken, kind)

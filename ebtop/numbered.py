"""Texts that a probe's programs have numbered: which number stands for which; knows nothing of the rows that use them.

A path of 256 bytes in the key of each row would make a table of some thousand rows megabytes, all of which are read and
compared at every refresh. So the programs give each new text a number, say so once, and rows have the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np
import numpy.typing as npt

from ebtop.kernel.maps import MapReader, delete
from ebtop.kernel.ringbuf import RingReader
from ebtop.sample import Records
from ebtop.text import clean
from ebtop.wire import Field, MapInfo


class NumberedTexts:
    """One map from text to number, and the ring buffer in which every new pair is told once."""

    def __init__(self, numbers: tuple[MapInfo, int], told: tuple[MapInfo, int], record: MapInfo) -> None:
        """Map, ring buffer and the layout of the ring's records; descriptors stay the caller's.

        ValueError where these are not what the declaration of a probe, which may be anybody's, says that they are.
        """
        if not {("number", "u"), ("text", "S")} <= _kinds(record.value):
            raise ValueError(f"records of {told[0].name} have no number and text")
        if {kind for _, kind in _kinds(numbers[0].key)} != {"S"} or _kinds(numbers[0].value) != {("value", "u")}:
            raise ValueError(f"{numbers[0].name} is no map from a text to a number")
        self.ring = _Told(told[0], record, told[1], self._take)
        self.by_number: dict[int, str] = {}
        """Cleaned. Grows in place, so that all samples share it, and is replaced when old ones are forgotten."""
        self._map, self._fd = numbers
        self._odd: dict[int, bytes] = {}
        """As the kernel has them, those that had to be cleaned."""
        self._gone: dict[int, None] = {}
        """Numbers that the kernel's map has no more, oldest first: samples of before may still show their texts."""
        self._idle: set[int] = set()
        """Those of the others that no row had when this was last looked at."""
        self._untold: set[int] = set()
        """Numbers in rows that are nowhere to be found: their text was deleted just before the row came."""

    def look(self, used: npt.NDArray[np.uint32]) -> None:
        """Learn the texts of the numbers (n,) `used` in rows: what was told and, if that is not all, the whole map."""
        self.ring.drain()
        if self._unknown(used):
            self._walk()
            missing = self._unknown(used)
            self._untold = missing if len(self._untold) > self._map.max_entries else self._untold | missing

    def _unknown(self, used: npt.NDArray[np.uint32]) -> set[int]:
        return set(used.tolist()).difference(self.by_number, self._untold)

    def _walk(self) -> None:
        """Told or not, everything that the map has: some of it found no room in the ring buffer."""
        reader = MapReader(self._map, self._fd)
        try:
            numbers = reader.read().values["value"].tolist()
            texts = reader.raw_keys[self._map.key[0].name].tolist()
        finally:
            reader.close()
        for number, text in zip(numbers, texts, strict=True):
            self._learn(number, text)

    def _take(self, records: Records) -> None:
        for number, text in zip(records["number"].tolist(), records["text"].tolist(), strict=True):
            self._learn(number, text)

    def _learn(self, number: int, raw: bytes) -> None:
        text = clean(raw)
        self.by_number[number] = text
        if text.encode() != raw:
            self._odd[number] = raw

    @property
    def filling(self) -> bool:
        """Whether the map is more than half full."""
        return 2 * (len(self.by_number) - len(self._gone)) > self._map.max_entries

    def prune(self, used: Iterable[npt.NDArray[np.uint32]]) -> None:
        """Delete texts that no row has used since the last call; once a refresh, while it is filling."""
        idle = set(self.by_number).difference(self._gone, *(numbers.tolist() for numbers in used))
        gone = sorted(idle & self._idle)
        self._idle = idle.difference(gone)
        if gone:
            size = self._map.key_size
            raw = b"".join(self._odd.get(number, self.by_number[number].encode()).ljust(size, b"\0") for number in gone)
            delete(self._fd, np.frombuffer(raw, np.uint8).reshape(-1, size))
        self._gone.update(dict.fromkeys(gone))
        self._forget()

    def _forget(self) -> None:
        """What is gone is remembered up to half the map's capacity, and then the newer half of that."""
        if 2 * len(self._gone) > self._map.max_entries:
            forgotten = set(islice(self._gone, len(self._gone) // 2))
            self.by_number = {number: text for number, text in self.by_number.items() if number not in forgotten}
            self._odd = {number: raw for number, raw in self._odd.items() if number not in forgotten}
            self._gone = {number: None for number in self._gone if number not in forgotten}


def _kinds(members: tuple[Field, ...]) -> set[tuple[str, str]]:
    return {(member.name, np.dtype(member.format).kind) for member in members}


class _Told(RingReader):
    """Hands its records on, as they are."""

    def __init__(self, info: MapInfo, record: MapInfo, fd: int, take: Callable[[Records], None]) -> None:
        super().__init__(info, record.value, record.value_size, fd)
        self._hand_on = take

    def keep(self, records: Records) -> None:
        self._hand_on(records)

"""Which rows pass a filter: its words, and what is searched for them; each text is looked at once, not once a row."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ebtop import rows
from ebtop.cells import cells, decoded, unit, user
from ebtop.frame import EventsFrame, Frame, TableFrame
from ebtop.sample import Process, Records
from ebtop.spec import Key, Kind

Places = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
_NAMES = {"pid": "pid", "comm": "comm", "user": "user", "c": "unit", "container": "unit", "unit": "unit"}
"""What may stand before a colon, and what it is looked for in."""
Source = tuple[list[str], rows.Index]
"""Texts, and for each row the place of its text."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter."""

    wanted: str
    """Small letters."""
    within: str = ""
    """pid, comm, user or unit; "": anything that names the row."""
    negated: bool = False

    def finds(self, text: str) -> bool:
        """Whether it is in `text`, in small letters; a pid has to be the same."""
        return text == self.wanted if self.within == "pid" else self.wanted in text


def parse(filter: str) -> list[Word]:
    """The words of a filter, all of which a row has to pass: text, pid:1, comm:sh, user:root, c:web, negated by "!".

    `c:`, `container:` and `unit:` are the same. A word that is not yet finished ("pid:", "!") lets everything pass.
    """
    return [word for word in map(_word, filter.lower().split()) if word.wanted]


def _word(text: str) -> Word:
    bare = text.lstrip("!")
    name, colon, wanted = bare.partition(":")
    if colon and name in _NAMES:
        return Word(wanted, _NAMES[name], bare != text)
    return Word(bare, "", bare != text)


def matching(frame: Frame, data: TableFrame | EventsFrame, filter: str) -> Places:
    """Places of the rows that pass `filter`, in order; not searched again while rows and names are the same."""
    words = parse(filter)
    if not words:
        return np.arange(_records(data).size, dtype=np.intp)
    if isinstance(data, EventsFrame):
        return _search(frame, data, words)
    place = (data.view.map, data.view.name)
    known = _answers.get(place)
    if known is None or not known.holds(frame, data, filter):
        found = _search(frame, data, words)
        sample = frame.sample
        known = _Answer(filter, weakref.ref(data.keys), data.comm, sample.processes, sample.labels, found)
        _answers[place] = known
    return known.places


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found, and in what."""

    filter: str
    keys: weakref.ref[Records]
    comm: npt.NDArray[np.bytes_] | None
    processes: Mapping[int, Process]
    labels: Mapping[str, Mapping[int, str]]
    places: Places

    def holds(self, frame: Frame, data: TableFrame, filter: str) -> bool:
        """Whether `filter` would find the same in `data`."""
        if filter != self.filter or self.keys() is not data.keys:
            return False
        if frame.sample.processes is not self.processes or frame.sample.labels != self.labels:
            return False
        if self.comm is None or data.comm is None:
            return self.comm is data.comm
        return self.comm is data.comm or np.array_equal(self.comm, data.comm)


_answers: dict[tuple[str, str], _Answer] = {}
"""The newest for each table, by its map and its name."""


def _search(frame: Frame, data: TableFrame | EventsFrame, words: list[Word]) -> Places:
    passing: Mask = np.ones(_records(data).size, np.bool_)
    for word in words:
        found = _found(frame, data, word)
        passing &= ~found if word.negated else found
    return np.flatnonzero(passing)


def _found(frame: Frame, data: TableFrame | EventsFrame, word: Word) -> Mask:
    """The rows in which `word` is; a row of a group where it is in one of the rows that were added up."""
    found: Mask = np.zeros(_records(data).size, np.bool_)
    for texts, place in _sources(frame, data, word.within):
        found |= np.fromiter(map(word.finds, texts), np.bool_, len(texts))[place]
    if isinstance(data, TableFrame) and data.members:
        found[data.members.place[_found(frame, data.members.table, word)]] = True
    return found


def _sources(frame: Frame, data: TableFrame | EventsFrame, within: str) -> Iterator[Source]:
    """All texts that a word `within` is looked for in, in small letters, and which of them is whose row's."""
    keys, records = data.view.keys, _records(data)
    says_comm = any(key.field == "comm" for key in keys)
    for key in keys:
        distinct, place = rows.group(records, (key.field,))
        if within in ("", _name(key)):
            yield [text.lower() for text in cells(frame, key, distinct)], place
        if key.kind is Kind.PID:
            pids = distinct[key.field].tolist()
            if within in ("", "user"):
                yield [user(frame, pid).lower() for pid in pids], place
            if within in ("", "unit"):
                yield [unit(frame, pid).lower() for pid in pids], place
            if within in ("", "comm") and not says_comm:
                yield from _programs(frame, data, pids, place)


def _name(key: Key) -> str:
    """What stands before the colon for the key itself."""
    named = {Kind.PID: "pid", Kind.UID: "user"}
    return named.get(key.kind, "comm" if key.field == "comm" else key.field)


def _programs(frame: Frame, data: TableFrame | EventsFrame, pids: list[int], place: rows.Index) -> Iterator[Source]:
    """Programs as they are shown (Frame.name_of): of a process that was never seen, what the kernel said in the row."""
    processes = frame.sample.processes
    yield [processes[pid].name.lower() if pid in processes else "" for pid in pids], place
    unseen = np.fromiter((pid not in processes for pid in pids), np.bool_, len(pids))[place]
    if unseen.any():
        comm = data.comm if isinstance(data, TableFrame) else None
        said = comm[unseen].tolist() if comm is not None else [b""] * int(unseen.sum())
        own = np.zeros(place.size, np.intp)
        own[unseen] = np.arange(1, len(said) + 1)
        yield ["", *((decoded(name) or "?").lower() for name in said)], own


def _records(data: TableFrame | EventsFrame) -> Records:
    return data.keys if isinstance(data, TableFrame) else data.records

r"""What bpftrace prints with -f json, line by line: maps, lines of text, losses; knows nothing of probes or pipes.

Its JSON is not always JSON (0.17: bytes above 0x7f come as \uffffffXX, some values unquoted), and what it prints holds
whatever strings the machine has. A line that cannot be read is counted and kept to be shown; it spoils no other.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ebtop.bpftrace.buckets import unsigned
from ebtop.text import clean

LINES = 1024
"""Lines of the program's own output that are kept."""
LONGEST = 16 << 20
"""Bytes of one line of JSON: a full map of 4,096 keys has less than a twentieth."""
_LINE = 1024
"""Characters that are kept of one line of the program's own: more than are shown, so that it shows as cut."""
_PATIENCE, _PATIENCE_NS = 5, 3_000_000_000
"""So often, and for so long, maps were asked for in vain before they are taken to be empty."""
_ODD = 200
"""Characters that are kept of a line that could not be read."""
_BYTES = re.compile("(?:\uffffff[0-9a-f]{2})+")
_UNQUOTED = re.compile(r'^(\{"type": "map", "data": \{"@\w*": )([^"\[{].*)\}\}$')
_PRINTED = ("printf", "time", "join", "cat", "syscall")


@dataclass(slots=True)
class Output:
    """Everything that was read so far."""

    attached: int = -1
    """Attach points that it says it has; -1 before it has said so."""
    maps: dict[str, Any] = field(default_factory=dict)
    """By map, its newest whole content, as JSON has it; keys are one text each."""
    rounds: int = 0
    """How often maps were asked for and then any was printed."""
    seen_in: dict[str, int] = field(default_factory=dict)
    """By map, the round in which it was printed last; one without keys in it is not printed at all."""
    silent: bool = False
    """None was printed for so long that all must be empty."""
    read_ns: int = 0
    """Monotonic time at which the newest of them was read; 0: there was none yet."""
    lines: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=LINES))
    """Monotonic time at which it was read, and a line that the program printed, clean."""
    printed: int = 0
    """Lines that it printed, those that are not kept any more too."""
    lost: int = 0
    """Events for which its buffer had no room."""
    unread: int = 0
    """Lines that could not be read."""
    odd: str = ""
    """The newest of them, clean."""


class Reader:
    """Feeds an `Output` from the bytes of a pipe."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        """`limits`: by map, how many keys the program itself prints at most of it, where there is a bound."""
        self.output = Output()
        self._limits = limits
        self._rest = b""
        self._skipping = False
        self._line = ""
        self._unanswered = 0

    def feed(self, piece: bytes, now_ns: int) -> None:
        """The next bytes, read at `now_ns`."""
        whole = self._rest + piece
        *lines, self._rest = whole.split(b"\n")
        if self._skipping and lines:
            self._skipping = False
            del lines[0]
        if len(self._rest) > LONGEST:
            self._odd(self._rest)
            self._rest, self._skipping = b"", True
        for line in self._worth(lines):
            self._take(line, now_ns)

    def ask(self, now_ns: int) -> None:
        """All maps are asked for now; a busy machine may let it wait for the answer, and for more than one at once."""
        output = self.output
        self._unanswered += 1
        waited = output.read_ns and now_ns - output.read_ns > _PATIENCE_NS and self._unanswered > _PATIENCE
        if output.silent or waited:
            output.silent, output.read_ns = True, now_ns

    def _worth(self, lines: list[bytes]) -> list[bytes]:
        """`lines` without those of the program's own that are pushed out by later ones at once; they are counted."""
        own = [place for place, line in enumerate(lines) if line.startswith(b'{"type": "printf"')]
        spare = set(own[: -2 * LINES])
        for place in spare:
            self.output.printed += lines[place].replace(b"\\\\", b"").count(b"\\n")
        return [line for place, line in enumerate(lines) if place not in spare and line.strip()] if spare else lines

    def _take(self, line: bytes, now_ns: int) -> None:
        if not line.strip():
            return
        try:
            said = _loads(line)
            kind: str = said["type"]
            data: Any = said.get("data", said.get("msg"))
            if kind in ("map", "hist", "stats"):
                self._map(data, now_ns)
            elif kind == "lost_events":
                self.output.lost += unsigned(int(data["events"]))
            elif kind == "attached_probes":
                self.output.attached = unsigned(int(data["probes"]))
            else:
                self._print(_text(data) + ("" if kind in _PRINTED else "\n"), now_ns)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            self._odd(line)

    def _map(self, data: dict[str, Any], now_ns: int) -> None:
        if self._unanswered:
            self.output.rounds += 1
            self._unanswered, self.output.silent = 0, False
        for name, content in data.items():
            if self._is_part(name, content):
                continue
            self.output.maps[name] = content
            self.output.seen_in[name] = self.output.rounds
            self.output.read_ns = now_ns

    def _is_part(self, name: str, content: Any) -> bool:
        """Whether that may be only the top of the map, as the program prints it: just as many keys as its bound."""
        limit, known = self._limits.get(name, 0), self.output.maps.get(name)
        if not limit or not isinstance(content, dict) or len(content) != limit:
            return False
        return known is None or len(known) > limit

    def _print(self, text: str, now_ns: int) -> None:
        """Lines are whole where the program ends them, however many calls they take."""
        first, *others = text.split("\n")
        self._line = (self._line + first)[:_LINE]
        for line in others:
            self.output.printed += 1
            self.output.lines.append((now_ns, clean(self._line.expandtabs())))
            self._line = line[:_LINE]

    def _odd(self, line: bytes) -> None:
        self.output.unread += 1
        self.output.odd = clean(line[:_ODD].decode("utf-8", "replace"))


def _loads(line: bytes) -> dict[str, Any]:
    text = line.decode("utf-8", "replace")
    try:
        said: dict[str, Any] = json.loads(text)
    except ValueError:
        bare = _UNQUOTED.match(text)  # strftime() in a map
        if bare is None:
            raise
        said = json.loads(f"{bare[1]}{json.dumps(bare[2])}}}}}")
    return said


def restored(text: str) -> str:
    r"""`text` with the bytes that bpftrace wrote as \uffffffXX put together as UTF-8."""
    if "\uffff" not in text:
        return text
    return _BYTES.sub(lambda found: bytes.fromhex(found[0].replace("\uffffff", "")).decode("utf-8", "replace"), text)


def _text(data: Any) -> str:
    return restored(data) if isinstance(data, str) else json.dumps(data)

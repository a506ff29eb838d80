"""Questions to the warden that are under way, and who waits for their answers; knows no threads and no screen."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from ebtop import wire
from ebtop.offer import (
    MOST_BYTES,
    Hooks,
    Offers,
    ProgramDetail,
    Symbols,
    decode_hooks,
    decode_offers,
    decode_program,
    decode_symbols,
)

_GONE = "the privileged process is gone"


class Asked:
    """Each question has a serial; each answer is given on once."""

    def __init__(self, send: Callable[[wire.Message], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._serial = 0
        self._waiting: dict[int, Callable[[bytes, str], None]] = {}
        self._ended = False

    def ways(self, then: Callable[[Offers], None]) -> None:
        """Ask which ways would work; `then` gets nothing ({}) where that is not to be known."""

        def give(content: bytes, error: str) -> None:
            try:
                then({} if error else decode_offers(content))
            except ValueError:
                then({})

        self._ask(wire.AskWays, give)

    def hooks(self, pattern: str, arguments: bool, then: Callable[[Hooks], None]) -> None:
        """Ask for the hooks that fit `pattern`."""

        def give(content: bytes, error: str) -> None:
            try:
                then(Hooks(error=error) if error else decode_hooks(content))
            except ValueError as why:
                then(Hooks(error=str(why)))

        self._ask(lambda serial: wire.AskHooks(serial, pattern, arguments), give)

    def program(self, number: int, then: Callable[[ProgramDetail], None]) -> None:
        """Ask for all there is to say of the BPF program with that id."""

        def give(content: bytes, error: str) -> None:
            try:
                then(ProgramDetail(number, error=error) if error else decode_program(content))
            except ValueError as why:
                then(ProgramDetail(number, error=str(why)))

        self._ask(lambda serial: wire.AskProgram(serial, number), give)

    def symbols(self, kernel: tuple[int, ...], then: Callable[[Symbols], None]) -> None:
        """Ask in which functions these addresses are."""

        def give(content: bytes, error: str) -> None:
            try:
                then(Symbols(error=error) if error else decode_symbols(content))
            except ValueError as why:
                then(Symbols(error=str(why)))

        self._ask(lambda serial: wire.AskSymbols(serial, kernel), give)

    def take(self, answer: wire.Answer, descriptors: tuple[int, ...]) -> None:
        """The warden's answer; closes its descriptors."""
        content = _content(descriptors[0]) if len(descriptors) == 1 else b""
        for descriptor in descriptors:
            os.close(descriptor)
        with self._lock:
            give = self._waiting.pop(answer.serial, None)
        if give is not None:
            give(content, answer.error)

    def end(self) -> None:
        """Nobody answers any more."""
        with self._lock:
            self._ended = True
            waiting, self._waiting = self._waiting, {}
        for give in waiting.values():
            give(b"", _GONE)

    def _ask(self, question: Callable[[int], wire.Message], give: Callable[[bytes, str], None]) -> None:
        with self._lock:
            ended = self._ended
            self._serial += 1
            serial = self._serial
            if not ended:
                self._waiting[serial] = give
        if ended:
            give(b"", _GONE)
            return
        try:
            self._send(question(serial))
        except OSError:  # the warden is gone, or this is closed
            self.end()


def _content(descriptor: int) -> bytes:
    size = min(os.fstat(descriptor).st_size, MOST_BYTES)
    return os.pread(descriptor, size, 0)

"""The probe `follow`, held by the warden: loaded when there is something to follow; knows nothing of who matches."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ebtop import wire
from ebtop.kernel import bpf

PROBE = "follow"
_MAP = "follow_rules"
_RULES = struct.Struct("=6I16s")
"""struct follow_rules of follow.c."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the kernel does by itself with new processes and new programs."""

    copies: bool = False
    """A new process is what its parent is; else it is left out."""
    takes: bool = False
    """A program called `comm` is counted, if it is of user `uid` or that is -1."""
    drops: bool = False
    """A program called otherwise is left out."""
    comm: bytes = b""
    uid: int = -1

    def packed(self) -> bytes:
        """As the program reads it, in force."""
        user = (1, self.uid) if self.uid >= 0 else (0, 0)
        return _RULES.pack(1, self.copies, self.takes, self.drops, *user, self.comm)


class Following:
    """One probe, or none: it is on its way, live, or has failed."""

    def __init__(self) -> None:
        self._serial = 0
        self._loading = False
        self._descriptors: tuple[int, ...] = ()
        self._map = -1
        self.failure = ""
        """Why the last one could not be loaded."""

    @property
    def is_live(self) -> bool:
        """Whether the kernel follows."""
        return bool(self._descriptors)

    @property
    def is_settled(self) -> bool:
        """Whether it is not on its way."""
        return not self._loading

    def is_wanted(self, serial: int) -> bool:
        """Whether the start of that number still is."""
        return self._loading and serial == self._serial

    def begin(self) -> Mapping[str, int]:
        """What is to be loaded, as loaders take it; nothing where it is live or on its way."""
        if self._loading or self.is_live:
            return {}
        self._serial += 1
        self._loading, self.failure = True, ""
        return {PROBE: self._serial}

    def take(self, message: wire.Progress | wire.Live, descriptors: tuple[int, ...]) -> bool:
        """What its loader says; whether it is live or has failed by it. Takes over the descriptors."""
        if not self.is_wanted(message.serial):
            _close_all(descriptors)
            return False
        if isinstance(message, wire.Live):
            self._descriptors = descriptors
            self._map = descriptors[[info.name for info in message.maps].index(_MAP)]
        elif message.state == "failed":
            self.failure = message.error
        else:
            return False
        self._loading = False
        return True

    def obey(self, rules: Rules) -> None:
        """Have it go by `rules` from now on; nothing happens where it is not live."""
        if self.is_live:
            bpf.update(self._map, bytes(4), rules.packed())

    def close(self) -> None:
        """Detach it, and want none."""
        _close_all(self._descriptors)
        self._descriptors, self._loading = (), False


def _close_all(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)

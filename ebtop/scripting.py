"""The programs of bpftrace among the probes that run: asked to print, told of their processes; reads nothing itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ebtop import registry, wire
from ebtop.bpftrace import is_script

if TYPE_CHECKING:
    from ebtop.scripted import Scripted

PIPES = 2
"""Descriptors beside `wire.Piped`."""


def begun(message: wire.Piped, descriptors: tuple[int, ...]) -> Scripted:
    """The program that `message` is about; takes over the descriptors."""
    from ebtop.scripted import Scripted  # which most sessions have no use for

    return Scripted(registry.probe(message.probe), descriptors, message.pid)


class Scripting:
    """Sends what concerns all of them; hands on what concerns one."""

    def __init__(self, running: Callable[[], Mapping[str, Any]], send: Callable[[wire.Message], None]) -> None:
        """`running` gives every probe that runs now, by name."""
        self._running = running
        self._send = send

    def _all(self) -> dict[str, Scripted]:
        return {probe: cast("Scripted", one) for probe, one in self._running().items() if is_script(probe)}

    def ask(self) -> None:
        """Let every program print its maps; to be called a little before the sample that shows them."""
        attached = {probe: script for probe, script in self._all().items() if script.is_attached}
        for script in attached.values():
            script.asked()
        if attached:
            self._send(wire.Print(tuple(attached)))

    def helpers(self) -> frozenset[int]:
        """Their processes, for what they cost; like loaders, not while they compile."""
        return frozenset(script.pid for script in self._all().values() if script.is_attached)

    def take(self, message: wire.Programs | wire.Exited, is_current: bool, descriptors: tuple[int, ...]) -> bool:
        """What the warden says of one, if `is_current`; whether there is news by it. Takes over the descriptors."""
        script = self._all().get(message.probe) if is_current else None
        if script is None:
            for descriptor in descriptors:
                os.close(descriptor)
            return False
        if isinstance(message, wire.Programs):
            script.charge(message.kinds, descriptors)
            return False
        script.exited(message.status)
        return True

    def said(self, probe: str) -> list[str]:
        """What is new for the log, of that probe."""
        script = self._all().get(probe) if is_script(probe) else None
        return [f"{script.probe.called}: {line}" for line in script.said()] if script else []

"""The probe that is read here and has no programs: those and the maps of the whole host; knows no screen."""

from __future__ import annotations

import os
from collections.abc import Callable

from ebtop import wire
from ebtop.kernel.objects import Census

PROBE = "bpf"
Forward = Callable[[wire.Progress | wire.Live, tuple[int, ...]], None]
"""forward(message, descriptors): pass it on, or drop it; closes the descriptors."""


class Objects:
    """Takes the census when it is asked to."""

    def __init__(self, census: Census, send: Callable[[wire.Objects, tuple[int, ...]], None], forward: Forward) -> None:
        self._census = census
        self._send = send
        self._forward = forward

    def begin(self, serial: int) -> bool:
        """Say that the probe is live, and whether; where it is not, why is said."""
        try:
            self._census.take()
        except OSError as error:
            self._fail(serial, error)
            return False
        targets = ("bpf:BPF_PROG_GET_NEXT_ID", "bpf:BPF_MAP_GET_NEXT_ID")
        self._forward(wire.Live(PROBE, serial, "bpf", targets, (), (), 0), ())
        return True

    def count(self, serial: int) -> None:
        """Send all that there are."""
        try:
            programs, maps, records = self._census.take()
        except OSError as error:
            self._fail(serial, error)
            return
        descriptor = os.memfd_create("ebtop-objects", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(records)
            file.flush()
            self._send(wire.Objects(programs, maps), (descriptor,))

    def _fail(self, serial: int, error: OSError) -> None:
        why = f"the kernel does not list BPF objects: {error.strerror}"
        if isinstance(error, PermissionError):
            why += "; it takes CAP_SYS_ADMIN: sudo ebtop"
        self._forward(wire.Progress(PROBE, serial, "failed", error=why), ())

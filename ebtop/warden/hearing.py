"""What the drawing process says, received and checked before it is obeyed; knows nothing of what it is obeyed with.

Whoever has taken that process over can say what they like. So everything has its bounds, most of them the packet's.
What is beyond them the drawing process never says by itself: it is hung up on.
"""

from __future__ import annotations

import socket

from ebtop import wire
from ebtop.warden.following import PROBE as FOLLOW
from ebtop.warden.permitted import LONGEST

PROBES = 1024
"""Wanted at a time, far beyond those that there are; each that does not exist costs a loader to find that out."""
_NAME = LONGEST + 1024
"""Characters of a probe's name: of a program of bpftrace with its text, and with that of its file."""
_STATUS = 255


def heard(line: socket.socket) -> tuple[wire.FromScreen, tuple[int, ...]] | None:
    """The next message and its descriptors, the caller's to close; None when the other side is gone.

    ValueError, the descriptors closed, for what the drawing process never says.
    """
    received = wire.receive(line)
    if received is None:
        return None
    message, descriptors = received
    why = _flaw(message, len(descriptors))
    if why or not isinstance(message, wire.FromScreen):
        wire.close(descriptors)
        raise ValueError(why or f"{type(message).__name__} is not the screen's to say")
    return message, descriptors


def _flaw(message: wire.Message, descriptors: int) -> str:
    """What is beyond the bounds, "" where nothing is."""
    if descriptors != isinstance(message, wire.Save):
        return f"{descriptors} descriptors came with {type(message).__name__}"
    match message:
        case wire.Want(probes, serials):
            if len(probes) != len(serials) or len(probes) > PROBES or any(len(probe) > _NAME for probe in probes):
                return f"{len(probes)} probes with {len(serials)} serials are wanted, or one of them is no name"
            if FOLLOW in probes:
                return f"{FOLLOW} is not the screen's to want"
        case wire.Bye(status):
            if not 0 <= status <= _STATUS:
                return f"{status} is no exit status"
    return ""

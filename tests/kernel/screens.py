"""What stand-ins for the screen share: they take the warden's answers, and report as JSON."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from ebtop import wire


def answers(line: socket.socket, count: int) -> list[dict[str, Any]]:
    """The next `count` messages that are no mere progress, as objects."""
    seen: list[dict[str, Any]] = []
    while len(seen) < count:
        received = wire.receive(line)
        assert received is not None, f"the warden is gone after {seen}"
        message, descriptors = received
        if not isinstance(message, wire.Progress | wire.Clock) or getattr(message, "state", "") == "failed":
            seen.append({"kind": type(message).__name__, **json.loads(wire.encode(message)), "fds": list(descriptors)})
    return seen


def tell(content: object) -> int:
    """Report it; the exit status."""
    sys.stdout.write(json.dumps(content) + "\n")
    return 0

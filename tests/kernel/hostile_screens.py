"""Screens that somebody else has taken over: they say what no screen says, or do not listen."""

from __future__ import annotations

import os
import socket
import sys

from ebtop import wire
from tests.kernel.screens import answers, tell


def nonsense(line: socket.socket, warden: int) -> int:
    """Says what no screen says, as it is named; whether it is hung up on for that."""
    wire.send(line, wire.Want(("good",), (1,)))
    answers(line, 1)
    packet = {
        "text": b"{",
        "depth": b"[" * 150_000,
        "status": wire.encode(wire.Bye(-999)),
        "serials": wire.encode(wire.Want(("good", "fine"), (1,))),
        "internal": wire.encode(wire.Want(("follow",), (1,))),
        "answer": wire.encode(wire.Saved("a.json")),
        "types": b'{"kind": "Want", "probes": [7], "serials": [1]}',
    }[sys.argv[2]]
    line.send(packet)
    while (received := wire.receive(line)) is not None:
        wire.close(received[1])
    return tell("hung up")


def deaf(line: socket.socket, warden: int) -> int:
    """Asks and asks, and listens to no answer: it is hung up on."""
    ids = tuple(f"{number:064x}" for number in range(128))
    try:
        while True:
            wire.send(line, wire.AskContainers(ids))
    except (BrokenPipeError, ConnectionResetError):
        return tell("hung up")


def save_what_is_no_file(line: socket.socket, warden: int) -> int:
    """A pipe that nobody writes to, a file without end, and a file: what is said to each."""
    readable, _ = os.pipe()
    endless = os.memfd_create("endless")
    os.ftruncate(endless, 1 << 40)
    good = os.memfd_create("good")
    saved = []
    for descriptor in (readable, endless, good):
        wire.send(line, wire.Save(sys.argv[2]), (descriptor,))
        saved += answers(line, 1)
    return tell([answer["error"] for answer in saved])

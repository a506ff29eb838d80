"""What crosses between the privileged and the drawing process: every message, its descriptors, and what is refused."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from ebtop import wire

MESSAGES = (
    wire.Want(("syscalls", "rw"), (1, 7)),
    wire.Statistics(True),
    wire.AskObjects(),
    wire.AskContainers(("0f" * 32, "pod" + "1e" * 16)),
    wire.Save("/tmp/a b.json"),
    wire.AskWays(3),
    wire.AskProgram(5, 34256),
    wire.AskHooks(4, "uprobe:libc:get*", True),
    wire.AskSymbols(5, (0xFFFFFFFF81000000, 0xFFFFFFFFC0028B74)),
    wire.Answer(4, "there is no such file"),
    wire.Bye(137),
    wire.Aim((4121, 911), "postgres", "ada", "web", children=False),
    wire.Go(),
    wire.Aimed((), "", "70", "", said="nobody of that user runs now"),
    wire.Ended(-9),
    wire.Progress("rw", 7, "failed", error="refused", log="line\nline \u202e"),
    wire.Live("rw", 7, "raw", ("raw:sys_enter",), (wire.MapInfo("own", 2, 4, 8, 512, 0, (), ()),), ("enter",), 0),
    wire.Objects(3, 5),
    wire.Containers(("0f" * 32, "pod" + "1e" * 16), ("web", "")),
    wire.Saved("a.json", "No space left on device"),
    wire.Clock(55.5),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A wire."""
    ours, theirs = wire.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: wire.Message, ends: tuple[socket.socket, socket.socket]) -> None:
    """Equal, with its tuples as tuples."""
    wire.send(ends[0], message)
    assert wire.receive(ends[1]) == (message, ())


def test_descriptors_arrive_in_their_order_and_are_not_inherited(ends: tuple[socket.socket, socket.socket]) -> None:
    """As many as one message may carry, each leading to the same pipe, close-on-exec."""
    readable, writable = os.pipe()
    wire.send(ends[0], wire.AskObjects(), (readable, writable) * 126)
    received = wire.receive(ends[1])
    assert received is not None
    descriptors = received[1]
    assert len(descriptors) == 252
    assert not any(os.get_inheritable(descriptor) for descriptor in descriptors)
    os.write(descriptors[1], b"x")
    assert os.read(descriptors[0], 1) == b"x"
    for descriptor in (readable, writable, *descriptors):
        os.close(descriptor)


def test_the_end_of_the_other_side_is_told_as_none(ends: tuple[socket.socket, socket.socket]) -> None:
    """No exception: it is how a session ends."""
    ends[0].close()
    assert wire.receive(ends[1]) is None


@pytest.mark.parametrize(
    "packet",
    [b'{"kind": "Rm", "path": "/"}', b'{"kind": "Bye"}', b'{"kind": "Bye", "status": 0, "more": 1}', b"{", b"[]"],
)
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    """ValueError, whatever it is that is wrong."""
    with pytest.raises(ValueError):
        wire.decode(packet)

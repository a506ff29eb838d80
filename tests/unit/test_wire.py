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
    wire.AskSymbols(5, (0xFFFFFFFF81000000, 0xFFFFFFFFC0028B74), ((4121, 0x401000), (911, 0x7F0000001000, 16))),
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
    [
        b'{"kind": "Rm", "path": "/"}',
        b'{"kind": "Bye"}',
        b'{"kind": "Bye", "status": 0, "more": 1}',
        b'{"kind": "Bye", "status": "0"}',
        b'{"kind": "Bye", "status": true}',
        b'{"kind": "Bye", "status": ' + b"9" * 4000 + b"}",
        b'{"kind": "Bye", "status": 18446744073709551616}',
        b'{"kind": ["Bye"], "status": 0}',
        b'{"kind": "Want", "probes": [["rw"]], "serials": [1]}',
        b'{"kind": "Want", "probes": "rw", "serials": [1]}',
        b'{"kind": "Want", "probes": [{"name": "rw", "format": "", "offset": 0}], "serials": [1]}',
        b'{"kind": "Aim", "pids": [1.5]}',
        b'{"kind": "AskSymbols", "serial": 1, "processes": [1]}',
        b'{"kind": "Want", "probes": ' + b"[" * 90_000 + b"]" * 90_000 + b', "serials": []}',
        b"[" * 190_000,
        b"{",
        b"[]",
        b"\xff",
    ],
    ids=range(18),
)
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    """ValueError, whatever it is that is wrong: a kind, a member, its type, a number of no size, depth without end."""
    with pytest.raises(ValueError):
        wire.decode(packet)


@pytest.mark.parametrize("packet", [b"{", b"", b'{"kind": "Want"}' + b" " * 200_000])
def test_descriptors_of_what_is_no_message_are_closed(packet: bytes, ends: tuple[socket.socket, socket.socket]) -> None:
    """Nonsense, nothing at all, and what does not fit: the other end of a pipe is closed for good."""
    readable, writable = os.pipe()
    ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 500_000)
    socket.send_fds(ends[0], [packet], [writable] * 3)
    os.close(writable)
    if packet:
        with pytest.raises(ValueError):
            wire.receive(ends[1])
    else:
        assert wire.receive(ends[1]) is None
    assert os.read(readable, 1) == b""
    os.close(readable)

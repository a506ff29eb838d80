"""What goes over the wire comes out as it went in."""

from __future__ import annotations

import os

import pytest

from ebtop import wire

_MAP = wire.MapInfo("m", 6, 4, 16, 128, 0, (wire.Field("index", "<u4", 0),), (wire.Field("slots", "(40,)<u8", 8),))


@pytest.mark.parametrize(
    "message",
    [
        wire.Want(("syscalls", "rw"), (1, 2)),
        wire.Statistics(on=True),
        wire.AskObjects(),
        wire.Save("/tmp/µ \x1b[31m.json"),
        wire.Progress("rw", 3, "failed", "tracepoint", "refused", "R1 invalid mem access\n"),
        wire.Live("rw", 3, "tracepoint", ("tracepoint:a:b",), (_MAP,), ("rw_enter",), 1, "nothing", "", "0.26.0"),
        wire.Objects(2, 3),
        wire.Saved("a.json", "No space left on device"),
    ],
)
def test_a_message_survives_the_wire(message: wire.Message) -> None:
    """Nested layouts come back as the frozen classes they were."""
    ours, theirs = wire.pair()
    with ours, theirs:
        wire.send(ours, message)
        assert wire.receive(theirs) == (message, ())


def test_descriptors_arrive_beside_their_message() -> None:
    """They are new descriptors of the same file, close-on-exec, in order."""
    ours, theirs = wire.pair()
    with ours, theirs:
        reading, writing = os.pipe()
        wire.send(ours, wire.AskObjects(), (reading, writing))
        received = wire.receive(theirs)
        assert received is not None
        _, (their_reading, their_writing) = received
        os.write(their_writing, b"x")
        assert os.read(reading, 1) == b"x"
        assert not os.get_inheritable(their_reading)
        for descriptor in (reading, writing, their_reading, their_writing):
            os.close(descriptor)


def test_the_end_of_the_other_side_is_none() -> None:
    """So that a reader can end in order."""
    ours, theirs = wire.pair()
    ours.close()
    with theirs:
        assert wire.receive(theirs) is None


@pytest.mark.parametrize("packet", [b"{", b"{}", b"[]", b'{"kind": "Shell"}', b'{"kind": "Want", "to": 1}', b"\xff"])
def test_what_is_no_message_is_an_error(packet: bytes) -> None:
    """Nothing but the known kinds is ever made from a packet."""
    with pytest.raises(ValueError):
        wire.decode(packet)


def test_the_longest_log_fits_a_packet() -> None:
    """A log of the allowed length passes a socket with the default buffer, even where each character needs escaping."""
    ours, theirs = wire.pair()
    message = wire.Progress("rw", 1, "failed", log="\x1b" * wire.LOG_LIMIT)
    with ours, theirs:
        wire.send(ours, message)
        assert wire.receive(theirs) == (message, ())

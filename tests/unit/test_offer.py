"""Answers about ways and hooks: what arrives is what was sent, made harmless; and who gets which answer."""

from __future__ import annotations

import os

import pytest

from ebtop import wire
from ebtop.asked import Asked
from ebtop.offer import (
    Holder,
    Hooks,
    MapUse,
    ProgramDetail,
    WayOffer,
    decode_hooks,
    decode_offers,
    decode_program,
    encode_hooks,
    encode_offers,
    encode_program,
)

HOOKS = Hooks(("t:a:b", "t:a:c"), 7, (("int x",), ()), ("kprobe: none",), "")
PROGRAM = ProgramDetail(
    7,
    "xdp",
    "count",
    "4169de3945c17f72",
    places=("xdp:lo",),
    holders=(Holder(911, "ebtop"),),
    maps=(MapUse(3, "hash", "rows", 4096),),
    instructions=("0: (95) exit",),
    note="more",
)
OFFERS = {"rw": (WayOffer("raw"), WayOffer("kprobe", "no kprobes"))}


def test_answers_arrive_as_they_were_sent() -> None:
    """Equal, with their tuples as tuples."""
    assert decode_hooks(encode_hooks(HOOKS)) == HOOKS
    assert decode_offers(encode_offers(OFFERS)) == OFFERS
    assert decode_program(encode_program(PROGRAM)) == PROGRAM


def test_texts_are_cleaned_on_arrival() -> None:
    """Whoever parsed a file may have been made to say anything."""
    found = decode_hooks(encode_hooks(Hooks(("a\x1b[2J",), 1, (("\x07",),), ("\u202e",), "\n")))
    said = (*found.names, *found.arguments[0], *found.notes, found.error)
    assert all(text.isprintable() for text in said)
    assert decode_offers(encode_offers({"rw": (WayOffer("\x1b"),)}))["rw"][0].way == "␛"
    foreign = ProgramDetail(
        1,
        name="\x1b[2J",
        maps=(MapUse(1, "hash", "\u202e", 0),),
        holders=(Holder(1, "\x07"),),
        instructions=("; \x1b]52;",),
    )
    program = decode_program(encode_program(foreign))
    said_of_it = (program.name, program.maps[0].name, program.holders[0].comm, *program.instructions)
    assert all(text.isprintable() for text in said_of_it)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"names": 3}', b'{"rw": [{}]}', b"\xff"])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    """ValueError, whatever it is."""
    with pytest.raises(ValueError):
        decode_hooks(content)
    with pytest.raises(ValueError):
        decode_program(content)
    if content != b"{}":
        with pytest.raises(ValueError):
            decode_offers(content)


def memory(content: bytes) -> int:
    """A descriptor of `content`."""
    descriptor = os.memfd_create("answer")
    os.write(descriptor, content)
    return descriptor


def test_each_answer_goes_to_who_asked() -> None:
    """By serial, in whatever order they come; descriptors are closed."""
    sent: list[wire.Message] = []
    asked = Asked(sent.append)
    got: dict[str, object] = {}
    asked.hooks("t:a:*", False, lambda hooks: got.update(first=hooks))
    asked.ways(lambda offers: got.update(ways=offers))
    asked.hooks("t:*", True, lambda hooks: got.update(second=hooks))
    assert sent == [wire.AskHooks(1, "t:a:*", False), wire.AskWays(2), wire.AskHooks(3, "t:*", True)]
    descriptor = memory(encode_offers(OFFERS))
    asked.take(wire.Answer(2), (descriptor,))
    asked.take(wire.Answer(3, "too late"), ())
    asked.take(wire.Answer(1), (memory(encode_hooks(HOOKS)),))
    asked.take(wire.Answer(1), (memory(b"again"),))
    assert got == {"first": HOOKS, "ways": OFFERS, "second": Hooks(error="too late")}
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_nobody_waits_for_a_warden_that_is_gone() -> None:
    """Neither who asked before, nor who asks after, nor who cannot send."""
    got: list[Hooks] = []

    def gone(question: wire.Message) -> None:
        raise BrokenPipeError

    for asked in (Asked(lambda question: None), Asked(gone)):
        asked.hooks("a", False, got.append)
        asked.end()
        asked.hooks("b", False, got.append)
    assert [hooks.error for hooks in got] == ["the privileged process is gone"] * 4

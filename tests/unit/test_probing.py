"""One probe that fails, in whatever way, is one failed probe: the others and the session go on."""

from __future__ import annotations

import mmap
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ebtop import registry, wire
from ebtop.probing import Probing
from ebtop.sample import ProbeSample, State


def fail(*_: object) -> None:
    raise OverflowError("too \x1b large")


def probing(sent: list[wire.Message], **does: Any) -> Probing:
    """Two probes that run, of which one, rw, does those things."""
    made = Probing(sent.append, lambda *_: None)
    made.want(("rw", "exec"))
    made.reconcile()
    usual = {
        "drain": lambda _: None,
        "sample": lambda *_: ProbeSample(State.LIVE),
        "close": lambda: None,
        "prune": lambda _: None,
        "filling": True,
        "hooks_ns": (),
        "places": (),
        "probe": registry.probe("rw"),
    }
    for name, start in made._starts.items():
        start.running = SimpleNamespace(**usual) if name != "rw" else SimpleNamespace(**usual | does)  # type: ignore[assignment]
    return made


@pytest.mark.parametrize("what", ["drain", "sample", "prune"])
def test_any_error_of_one_probe_fails_that_probe(what: str) -> None:
    """It is detached, and why is shown and logged, clean, with where it happened."""
    sent: list[wire.Message] = []
    one = probing(sent, **{what: fail})
    one.drain(0)
    one.read(True)
    one.after_sample(True, 1.0)
    samples = one.read(True)
    assert samples["exec"].state is State.LIVE
    assert samples["rw"].state is State.FAILED
    assert samples["rw"].error == "its maps cannot be read: OverflowError: too \N{SYMBOL FOR ESCAPE} large"
    assert "in fail" in samples["rw"].log and "\x1b" not in samples["rw"].log
    assert wire.Leave("rw", 1) in sent
    assert one.messages() == (f"rw: {samples['rw'].error}",)
    one.rings.close()


def test_what_ends_a_session_on_purpose_ends_it() -> None:
    """An interrupt is no failure of a probe."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    one = probing([], drain=interrupt)
    with pytest.raises(KeyboardInterrupt):
        one.drain(0)
    one.rings.close()


def test_memory_that_was_looked_at_when_it_failed_is_let_go() -> None:
    """An error remembers what its functions had in their hands, as a view of a ring buffer."""
    memory = mmap.mmap(-1, mmap.PAGESIZE)

    def look(*_: object) -> None:
        view = np.frombuffer(memory, np.uint8)
        raise OSError(f"a record of {view.size} bytes")

    one = probing([], drain=look, close=memory.close)
    one.drain(0)
    assert memory.closed
    assert one.messages() == (f"rw: its maps cannot be read: a record of {mmap.PAGESIZE} bytes",)
    one.rings.close()


def test_what_cannot_be_closed_is_said_and_ends_nothing() -> None:
    """Whatever it is."""
    one = probing([], sample=fail, close=fail)
    assert one.read(False)["rw"].state is State.FAILED
    assert any("not all of it could be closed" in said for said in one.messages())
    one.close()
    one.rings.close()

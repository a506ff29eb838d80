"""Which way of a probe is possible, over a kernel that is made up."""

from __future__ import annotations

import pytest

from ebtop.kernel import hooks, release
from ebtop.spec import Hook, Way

THERE = {("raw_tracepoint", "new"), ("tracepoint", "sched:old"), ("kprobe", "accept")}


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel has those places and no other."""
    monkeypatch.setattr(
        hooks, "_lacking", lambda kind, target, most: "" if (kind, target) in THERE else f"{kind} {target}: not here"
    )


def test_of_alternatives_the_first_that_is_there_is_taken() -> None:
    """They are in order of preference."""
    assert hooks.present(Hook("raw_tracepoint", "newer|new", "f")) == "new"
    assert hooks.present(Hook("raw_tracepoint", "newer|newest", "f")) == ""


def test_a_way_lacks_the_first_hook_that_is_not_there() -> None:
    """In the kernel's words; of alternatives the preferred one is named."""
    way = Way("w", (Hook("kprobe", "accept", "f"), Hook("tracepoint", "sched:a|sched:b", "g")))
    assert hooks.lacking(way) == "tracepoint sched:a: not here"


def test_optional_hooks_may_be_missing_but_not_all_of_a_way() -> None:
    """A way without a single place is none."""
    needed, extra = Hook("kprobe", "accept", "f"), Hook("fexit", "accept", "g", optional=True)
    assert hooks.lacking(Way("w", (needed, extra))) == ""
    assert hooks.lacking(Way("w", (extra,))) == "fexit accept: not here"
    assert hooks.lacking(Way("w", ())) == "no hooks"


def test_a_way_may_want_a_newer_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are compared, not texts; the reason says which one it wants."""
    way = Way("w", (Hook("tracepoint", "sched:old", "f"),), since=(6, 10))
    for name, lacks in (("6.9.12-arch1", "w takes Linux 6.10 or newer"), ("6.10.0-rc1+", ""), ("10.0", "")):
        monkeypatch.setattr(release, "name", lambda name=name: name)
        assert hooks.lacking(way) == lacks

"""The probe that follows new processes, as the warden holds it: what it is told, and which starts of it still count."""

from __future__ import annotations

import os
import struct

from ebtop import wire
from ebtop.kernel import bpf
from ebtop.warden.aiming import _rules
from ebtop.warden.following import PROBE, Following, Rules
from ebtop.warden.matching import resolve

MAP = wire.MapInfo("follow_rules", bpf.ARRAY, 4, 40, 1, 0, (), ())


def rules(aim: wire.Aim) -> Rules:
    """What the kernel is told for `aim`."""
    return _rules(resolve(aim, str))


def test_rules_lie_as_the_program_reads_them() -> None:
    """On, four answers, the user, sixteen bytes of name."""
    packed = Rules(copies=True, takes=True, comm=b"postgres", uid=70).packed()
    assert packed == struct.pack("=6I16s", 1, 1, 1, 0, 1, 70, b"postgres")
    assert Rules().packed() == struct.pack("=6I16s", 1, 0, 0, 0, 0, 0, b"")


def test_the_kernel_decides_by_name_only_where_the_name_is_enough() -> None:
    """It knows neither the list of pids nor units: there it never takes anybody in."""
    by_name = rules(wire.Aim(comm="sh", children=False))
    assert (by_name.copies, by_name.takes, by_name.drops) == (True, True, True)
    kept = rules(wire.Aim(comm="sh", user="root"))
    assert (kept.takes, kept.drops, kept.uid) == (True, False, 0)
    assert not rules(wire.Aim(comm="sh", unit="web")).takes
    assert not rules(wire.Aim(pids=(1,), comm="sh")).takes


def test_children_of_pids_are_left_out_unless_they_are_wanted() -> None:
    """Of a name, user or unit they are what their parent is."""
    assert rules(wire.Aim(pids=(1,))).copies
    assert not rules(wire.Aim(pids=(1,), children=False)).copies
    assert rules(wire.Aim(user="root", children=False)).copies


def test_only_the_newest_start_counts() -> None:
    """A late answer is closed; closing lets go of everything and wants nothing."""
    following = Following()
    first = following.begin()[PROBE]
    assert following.begin() == {}
    following.close()
    second = following.begin()[PROBE]
    late, readable = os.pipe()
    assert not following.take(wire.Live(PROBE, first, "", (), (MAP,), (), 0), (late, readable))
    assert not following.is_settled
    place, link = os.pipe()
    assert following.take(wire.Live(PROBE, second, "", (), (MAP,), (), 0), (place, link))
    assert (following.is_live, following.is_settled) == (True, True)
    following.close()
    assert (following.is_live, following.is_settled) == (False, True)
    for descriptor in {late, readable, place, link}:
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        raise AssertionError("left open")


def test_one_that_fails_is_settled_and_says_why() -> None:
    """The next target tries again."""
    following = Following()
    serial = following.begin()[PROBE]
    assert not following.take(wire.Progress(PROBE, serial, "compiling"), ())
    assert following.take(wire.Progress(PROBE, serial, "failed", error="refused"), ())
    assert (following.is_settled, following.is_live, following.failure) == (True, False, "refused")
    assert following.begin() == {PROBE: serial + 1}

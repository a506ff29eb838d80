"""The probe exec: programs started, with their arguments, and those that could not be."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

TRUE = "/bin/true"
WORK = f"""
def start(*command):
    pid = os.fork()
    if not pid:
        try: os.execv(command[0], command)
        except OSError: os._exit(1)
    os.waitpid(pid, 0)

for n in range(23): start("{TRUE}", "one two", "", str(n))
for n in range(7): start("/no/such/program")
"""


def test_programs_and_failures_are_exact(load: Callable[..., Loaded]) -> None:
    """23 that start and seven that cannot, by parent, program and result, each with an event."""
    with Worker(WORK) as worker:
        loaded = load("exec")
        worker.work()
        rows, events = loaded.rows("exec_rows"), loaded.events("exec_events", "exec_record").records
    mine = rows.keys["pid"] == worker.pid
    counted = {
        (key["program"].decode(), int(key["errno"])): (int(value["execs"]), int(value["failures"]))
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }
    assert counted == {(TRUE, 0): (23, 0), ("/no/such/program", errno.ENOENT): (7, 7)}
    told = events[events["ppid"] == worker.pid]
    started, failed = told[told["errno"] == 0], told[told["errno"] != 0]
    assert started["command"].tolist() == [f"{TRUE} one two  {n}".encode() for n in range(23)]
    assert set(started["comm"].tolist()) == {b"true"}
    assert failed["command"].tolist() == [b"/no/such/program"] * 7
    assert set(told["uid"].tolist()) == {os.getuid()}


def test_a_long_command_line_is_marked_as_cut(load: Callable[..., Loaded]) -> None:
    """What does not fit ends with three full stops; what just fits is whole."""
    fits = 254 - len(TRUE) - 1
    work = WORK.partition("\nfor")[0] + f"\nstart('{TRUE}', 'x' * {fits})\nstart('{TRUE}', 'y' * 5000)"
    with Worker(work) as worker:
        loaded = load("exec")
        worker.work()
        events = loaded.events("exec_events", "exec_record").records
    whole, cut = events[events["ppid"] == worker.pid]["command"].tolist()
    assert whole == f"{TRUE} ".encode() + b"x" * fits
    assert cut == (f"{TRUE} ".encode() + b"y" * 300)[:252] + b"..."


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded]) -> None:
    """With room for four rows, total is what they show and what was dropped."""
    work = WORK.partition("\nfor")[0] + "\nfor n in range(31): start(f'/no/{n}')"
    with Worker(work) as worker:
        loaded = load("exec", rows=4)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("exec_rows"), loaded.totals("exec")
        events = loaded.events("exec_events", "exec_record")
    assert totals["drops"] >= 27
    assert totals["total"] == int(rows.values["execs"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """A process whose bit is set tries 11 programs unseen; another's 13 are there."""
    failing = "for n in range({}):\n    try: os.execv('/no/such/program', ['x'])\n    except OSError: pass"
    with Worker(failing.format(11)) as own, Worker(failing.format(13)) as other:
        loaded = load("exec", own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        events = loaded.events("exec_events", "exec_record").records
    assert not (events["pid"] == own.pid).any()
    assert int((events["pid"] == other.pid).sum()) == 13


def test_events_that_nobody_reads_are_counted_as_lost(load: Callable[..., Loaded]) -> None:
    """More than the ring holds: what was seen and what was lost is the total, and the rows still have all."""
    failing = "for n in range(1499):\n    try: os.execv('/no/such/program', ['x'])\n    except OSError: pass"
    with Worker(failing) as worker:
        loaded = load("exec")
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("exec_rows"), loaded.totals("exec")
        events = loaded.events("exec_events", "exec_record")
    assert totals["lost"] > 0
    assert events.seen + totals["lost"] == totals["total"] >= 1499
    assert int(rows.values["execs"].sum()) == totals["total"]

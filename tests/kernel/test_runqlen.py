"""The probe runqlen: queues that are known to be at least so long, on a CPU that is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest

from ebtop import registry
from ebtop.worst import Worst
from tests.kernel.cpus import CPUS
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until

pytestmark = pytest.mark.kernel

BUSY, LOOKS = 5, 53
SPIN = "import os, sys\nos.sched_setaffinity(0, [int(sys.argv[1])])\nos.write(1, b'.')\nwhile True: pass"


@contextmanager
def busy(*cpus: int) -> Iterator[None]:
    """A process for each of `cpus` that does nothing but run on that CPU, all begun."""
    with ExitStack() as held:
        spinning = [
            subprocess.Popen([sys.executable, "-S", "-c", SPIN, str(cpu)], stdout=subprocess.PIPE) for cpu in cpus
        ]
        for one in spinning:
            held.callback(one.wait)
            held.callback(one.kill)
        for one in spinning:
            assert one.stdout and os.read(one.stdout.fileno(), 1) == b"."
        yield


def of_cpu(loaded: Loaded, cpu: int) -> Any:
    """The row of a CPU, None while it has none; read until it is the same twice, as it may be written meanwhile."""
    one, other = _read(loaded, cpu), _read(loaded, cpu)
    while one != other:
        one, other = other, _read(loaded, cpu)
    return one


def _read(loaded: Loaded, cpu: int) -> Any:
    rows = loaded.rows("runqlen_rows")
    found = np.flatnonzero(rows.keys["cpu"] == cpu)
    return rows.values[found[0]].copy() if found.size else None


def test_five_that_want_one_cpu_are_a_queue_of_four_at_least(load: Callable[..., Loaded]) -> None:
    """At each of 53 looks, whatever else runs: none of the shorter buckets grows while they run."""
    loaded = load("runqlen")
    worst = Worst(registry.probe("runqlen"), loaded.maps)
    cpu = CPUS[-1]
    with busy(*[cpu] * BUSY):
        wait_until(lambda: of_cpu(loaded, cpu) is not None)
        begin = of_cpu(loaded, cpu)
        wait_until(lambda: of_cpu(loaded, cpu)["samples"] - begin["samples"] >= LOOKS, 60)
        end = of_cpu(loaded, cpu)
    loaded.detach()
    worst.begin(tick=True)
    looks = int(end["samples"] - begin["samples"])
    slots = end["slots"] - begin["slots"]
    assert slots[:2].tolist() == [0, 0] and int(slots.sum()) == looks
    assert int(end["queued"] - begin["queued"]) == looks
    waiting, threads = int(end["waiting"] - begin["waiting"]), int(end["sum"] - begin["sum"])
    assert threads == waiting + looks
    assert waiting >= (BUSY - 1) * looks
    assert end["max_waiting"] >= BUSY - 1 and end["max_value"] == end["max_waiting"] + 1
    examples = worst.read()["tasks"]
    worst.close()
    longest, rows = examples[examples["value"].argmax()], loaded.rows("runqlen_rows")
    (most,) = rows.values["max_value"][rows.keys["cpu"] == longest["cpu"]].tolist()
    assert BUSY <= longest["value"] <= most and longest["pid"]


def test_looks_without_room_for_their_cpu_are_counted(load: Callable[..., Loaded]) -> None:
    """Room for one CPU, and two that are looked at: what is shown and the drops are the total."""
    counted = "drops" if len(CPUS) > 1 else "total"
    with busy(*CPUS[:2]):
        loaded = load("runqlen", rows=1)
        wait_until(lambda: loaded.totals("runqlen")[counted] >= LOOKS, 60)
        loaded.detach()
    shown, totals = loaded.rows("runqlen_rows").values, loaded.totals("runqlen")
    assert shown.size == 1
    assert int(shown["samples"].sum()) + totals["drops"] == totals["total"]

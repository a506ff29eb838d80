"""What ebtop says that a probe costs, against what bpftool reads of the same programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ebtop import registry
from ebtop.kernel import bpf, stats
from ebtop.running import Running
from tests.kernel.cpus import CPUS
from tests.kernel.live_session import LiveSession, ids
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

FOREVER = "while True: os.getppid()"


def bpftool(program: int) -> dict[str, Any]:
    """What bpftool says of one program."""
    words = [shutil.which("bpftool") or "/usr/sbin/bpftool", "--json", "prog", "show", "id", str(program)]
    found: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


def clock() -> float:
    """The statistics' own share of a run."""
    held = bpf.enable_stats()
    try:
        return stats.measure_clock()
    finally:
        os.close(held)


def expected(programs: list[dict[str, Any]], clock_ns: float) -> float:
    """Nanoseconds per run: less the clock, and with the calibrated cost of the hook where there is one."""
    hooks = {hook.function: f"{hook.kind}:{hook.target}" for hook in registry.probe("syscalls").ways[0].hooks}
    runs = spent = 0.0
    for program in programs:
        name, count = program["name"], program.get("run_cnt", 0)
        hook = next(place for function, place in hooks.items() if function.startswith(name))
        runs += count
        spent += max(0.0, program.get("run_time_ns", 0) - count * clock_ns) + count * stats.hook_ns(hook)
    return spent / runs


def test_ns_per_event_is_what_bpftool_reads() -> None:
    """Of the first slice, within a fifth: bpftool also has the runs just before and after, and the clock is noisy."""
    there = ids()
    with Worker(FOREVER, cpu=CPUS[0]) as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        worker.begin()
        sample = session.until(lambda sample: sample.probes["syscalls"].cost.slice_ns > 0)
        numbers = [number for kind, number in ids() - there if kind == "program"]
        programs = [program for program in map(bpftool, numbers) if program["name"].startswith("syscalls_")]
    cost = sample.probes["syscalls"].cost
    assert len(programs) == 4
    assert cost.runs > 10_000
    assert cost.run_ns / cost.runs == pytest.approx(expected(programs, clock()), rel=0.2)


@pytest.mark.parametrize("way", ["close", "kill"])
def test_statistics_are_off_however_it_ends(way: str) -> None:
    """They are held in mid-slice, and no more when the processes are gone."""
    with LiveSession("syscalls") as session:
        session.live("syscalls")
        session.until(lambda sample: _on())
        if way == "kill":
            session.kill()
    wait_until(lambda: not _on())


def _on() -> bool:
    """Whether the kernel keeps statistics: a program that runs is counted."""
    try:
        stats.measure_clock()
    except OSError:
        return False
    return True


def test_passages_at_which_a_program_was_left_out_are_read(load: Callable[..., Loaded]) -> None:
    """As the kernel itself says of each descriptor; such passages are lost, and counted so."""
    loaded = load("runqlat")
    for program in loaded.programs("runqlat"):
        said = Path(f"/proc/self/fdinfo/{program}").read_text()
        found = re.search(r"recursion_misses:\s*(\d+)", said)
        before = int(found[1]) if found else 0
        assert before <= stats.runs(program).missed <= before + 1000
    missed = [stats.Runs(7, 700, 2), stats.Runs(5, 500, 1)]
    running = Running.__new__(Running)
    running._missed, running._pruned = sum(runs.missed for runs in missed), 0
    assert running._totals(None).lost == 3

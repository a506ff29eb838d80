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

from ebtop.kernel import bpf, chained, stats
from ebtop.kernel.cpus import banks
from ebtop.running import Running
from tests.kernel.cpus import CPUS
from tests.kernel.live_session import LiveSession, ids
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

FOREVER = "while True: os.getppid()"


def bpftool(*words: str) -> Any:
    """What bpftool says."""
    program = shutil.which("bpftool") or "/usr/sbin/bpftool"
    return json.loads(subprocess.run([program, "--json", *words], check=True, capture_output=True).stdout)


def clocks() -> tuple[float, float]:
    """The share that the kernel's clock has in a run, and the share that a program's own has."""
    held = bpf.enable_stats()
    try:
        return stats.measure_clock(), chained.clock_ns(banks())
    finally:
        os.close(held)


def expected(heads: dict[int, str]) -> float:
    """Nanoseconds per run behind these programs (with their places): less clocks, with the calibrated cost of the hook.

    What is behind a head reads its own clock twice; that is in the head's run time as the kernel keeps it.
    """
    clock_ns, own_ns = clocks()
    runs = spent = 0.0
    for number, place in heads.items():
        head = bpftool("prog", "show", "id", str(number))
        count = head.get("run_cnt", 0)
        runs += count
        spent += max(0.0, head.get("run_time_ns", 0) - count * (clock_ns + 2 * own_ns))
        spent += count * stats.hook_ns(f"raw_tracepoint:{place}")
    return spent / runs


def test_ns_per_event_is_what_bpftool_reads() -> None:
    """Of the first slice, within a fifth: bpftool also has the runs just before and after, and the clock is noisy."""
    there = ids()
    with Worker(FOREVER, cpu=CPUS[0]) as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        worker.begin()
        sample = session.until(lambda sample: sample.probes["syscalls"].cost.slice_ns > 0)
        new = {number for kind, number in ids() - there if kind == "program"}
        links = {one["prog_id"]: one["tp_name"] for one in bpftool("link") if one.get("tp_name")}
        per_run = expected({number: place for number, place in links.items() if number in new})
    cost = sample.probes["syscalls"].cost
    assert cost.runs > 10_000
    assert cost.run_ns / cost.runs == pytest.approx(per_run, rel=0.2)


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

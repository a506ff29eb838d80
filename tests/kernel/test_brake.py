"""The cost brake on the running kernel: under a bound that nothing can keep, probes are detached one at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kernel.cpus import CPUS
from tests.kernel.terminal_session import TerminalSession, programs, wait_until
from tests.kernel.test_snapshot import ebtop, finished
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

BUSY = "while True: os.getppid()"
HASTY = "tests.kernel.hasty"
WORDS = ("-m", HASTY, "--probes", "syscalls,exec", "--max-overhead", "0.01", "--interval", "500ms")
SYSCALLS, EXEC = 4, 5
"""Programs of each probe."""
MEASURED_S = 60.0
"""The brake takes its time to see that a cost stays."""


def test_the_dearest_probe_is_detached_and_a_key_brings_it_back_for_good() -> None:
    """The refresh is held by a key, so that the probe under load goes first; the other goes on."""
    with Worker(BUSY, cpu=CPUS[0]) as worker, TerminalSession(WORDS) as ebtop:
        worker.begin()
        ebtop.wait_for(b"LIVE")
        screen = ebtop.screen()
        wait_until(lambda: programs(screen) == SYSCALLS + EXEC)
        start = ebtop.send(b"-")
        ebtop.wait_for(b"refresh every 0.2 s", start)
        ebtop.wait_for(b"1 brings it back", start, MEASURED_S)
        wait_until(lambda: programs(screen) == EXEC)
        ebtop.wait_for("▾ brake".encode(), start)
        start = ebtop.send(b"1")
        ebtop.wait_for(b"counting from zero", start)
        wait_until(lambda: programs(screen) == SYSCALLS + EXEC)
        ebtop.wait_for(b"nothing left to slow or switch off", start, MEASURED_S)
        assert programs(screen) == SYSCALLS + EXEC
        ebtop.send(b"q")
        assert ebtop.status() == 0


def test_a_snapshot_does_without_what_costs_too_much(tmp_path: Path) -> None:
    """Told on stderr as it happens and in the end, status 1; the other probe is in the file, measured all the time."""
    path = tmp_path / "x.json"
    words = ("snapshot", "-o", str(path), "--for", "11s", "--probes", "syscalls,exec", "--max-overhead", "0.01")
    with Worker(BUSY, cpu=CPUS[0]) as worker:
        worker.begin()
        with ebtop(*words, module=HASTY) as running:
            status, output, errors = finished(running)
    assert (status, output) == (1, f"{path}\n")
    first, *_, last = errors.splitlines()
    assert first.startswith("ebtop: own cost ")
    assert "> 0.01 %: System calls (" in first
    assert last == "ebtop: syscalls: switched off for its cost"
    probes = json.loads(path.read_bytes())["probes"]
    assert (probes["syscalls"]["state"], probes["exec"]["state"]) == ("off", "live")

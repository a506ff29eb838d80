"""The cost brake on the running kernel: under a bound that nothing can keep, probes are detached one at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kernel.terminal_session import TerminalSession, wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

BUSY = "while True: os.getppid()"
WORDS = ("-m", "ebtop", "--probes", "syscalls,exec", "--max-overhead", "0.01", "--interval", "500ms")
SYSCALLS, EXEC = 4, 5
"""Programs of each probe."""
MEASURED_S = 60.0
"""The brake takes its time to see that a cost stays."""


def programs(screen: int) -> int:
    """How many programs the drawing process holds."""
    held = 0
    for link in Path(f"/proc/{screen}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            held += os.readlink(link) == "anon_inode:bpf-prog"
    return held


def test_the_dearest_probe_is_detached_and_a_key_brings_it_back_for_good() -> None:
    """The refresh is held by a key, so that the probe under load goes first; the other goes on."""
    with Worker(BUSY, cpu=0) as worker, TerminalSession(WORDS) as ebtop:
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

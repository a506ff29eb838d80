"""Triage of the running kernel: a known trouble is found, and what was borrowed for it is given back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.terminal_session import TerminalSession, programs, wait_until
from tests.kernel.test_snapshot import ebtop, finished, wait_attached

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

REFUSED = 23
EXHAUSTED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
for _ in range(int(sys.argv[2])):
    try:
        os.open(sys.argv[1], os.O_RDONLY)
    except OSError:
        pass
os._exit(0)
"""
EXEC = 5
"""Programs of the probe `exec`."""
LOOKED_S = 40.0


def test_opens_at_the_limit_are_found_with_their_number_and_process(tmp_path: Path) -> None:
    """23 opens of a process that has no descriptor left; status 1, as linters have it."""
    wanted = f"{tmp_path}/anything"
    with ebtop("triage", "--for", "3s", "--probes", "opens", "--json") as running:
        wait_attached(running.pid)
        exhausted = subprocess.Popen([sys.executable, "-c", EXHAUSTED, wanted, str(REFUSED)])
        assert exhausted.wait() == 0
        status, output, errors = finished(running)
    report: dict[str, Any] = json.loads(output)
    assert (status, errors) == (1, "")
    (found,) = [finding for finding in report["findings"] if finding["check"] == "descriptors"]
    assert found["value"] == REFUSED
    assert f" {exhausted.pid} " in found["who"]
    assert found["who"].endswith(wanted)
    assert {"tcpconnect", "rw"} <= {one["probe"] for one in report["not_looked_at"]}


def test_cheap_probes_are_attached_for_ten_seconds_and_detached_again() -> None:
    """Without touching those that were on before."""
    with TerminalSession(("-m", "ebtop", "--probes", "exec")) as session:
        session.wait_for(b"LIVE")
        screen = session.screen()
        wait_until(lambda: programs(screen) == EXEC)
        start = session.send(b"!")
        wait_until(lambda: programs(screen) > 2 * EXEC)
        session.wait_for(b"s left", start, LOOKED_S)
        session.wait_for(b"go there", start, LOOKED_S)
        wait_until(lambda: programs(screen) == EXEC)
        start = session.send(b"!")
        session.wait_for(b"toggle", start)
        session.send(b"q")
        assert session.status() == 0

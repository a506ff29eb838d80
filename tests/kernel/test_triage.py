"""Triage of the running kernel: a known trouble is found, and what was borrowed for it is given back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.triage.rules import examine
from tests.kernel.live_session import LiveSession
from tests.kernel.terminal_session import TerminalSession, programs, wait_until
from tests.kernel.test_snapshot import ebtop, finished

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
    """23 opens of a process that has no descriptor left."""
    wanted = f"{tmp_path}/anything"
    with LiveSession("opens") as session:
        first = session.live("opens")
        exhausted = subprocess.Popen([sys.executable, "-c", EXHAUSTED, wanted, str(REFUSED)])
        assert exhausted.wait() == 0
        last = session.tick()
    report = examine(derive(last, first, registry.probes()))
    (found,) = [finding for finding in report.findings if finding.rule.name == "descriptors"]
    assert found.value == REFUSED
    assert f" {exhausted.pid} " in found.who
    assert found.who.endswith(wanted)


def test_the_list_is_printed_and_judged_by_the_status() -> None:
    """As linters have it: 1 where there are findings, 0 where there are none; pressure is among what was looked at."""
    with ebtop("triage", "--for", "1s", "--probes", "exec,opens", "--json") as running:
        status, output, errors = finished(running)
    report: dict[str, Any] = json.loads(output)
    assert (status, errors) == (1 if report["findings"] else 0, "")
    assert {"rw", "tcpconnect"} <= {one["probe"] for one in report["not_looked_at"]}
    asked = {check["check"] for check in report["findings"] + report["fine"]}
    assert {"cpu_busy", "load", "swapping", "execs", "not_found"} <= asked
    assert ("io_pressure" in asked) == Path("/proc/pressure/io").exists()


def test_cheap_probes_are_attached_for_a_while_and_detached_again() -> None:
    """Without touching those that were on before."""
    with TerminalSession(("-m", "tests.kernel.hasty", "--probes", "exec")) as session:
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

"""Programs that ebtop runs: counted from their first system call, never disturbed, and told of when they have ended."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from ebtop.recording import read
from tests.kernel.live_session import Ids, ids
from tests.kernel.terminal_session import TerminalSession, wait_until
from tests.kernel.test_snapshot import ebtop, finished

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

CALLS, CHILDS = 1009, 101
WORK = f"""
import os
for _ in range({CALLS}): os.getppid()
if os.fork() == 0:
    for _ in range({CHILDS}): os.getpgid(0)
    os._exit(0)
os.wait()
os.write(1, b"%d says: done\\n" % os.getpid())
raise SystemExit(3)
"""
PATIENT = """
import os, signal
def end(*_):
    os.write(1, b"told to end\\n")
    os._exit(5)
signal.signal(signal.SIGTERM, end)
os.write(1, b"waiting\\n")
while True: signal.pause()
"""

PATIENT_SHELL = "trap 'echo told to end; exit 5' TERM; echo waiting; while :; do sleep 0.1; done"
"""The same where time runs from its start: a shell is ready in a moment, however busy the machine is."""


def python(text: str, *words: str) -> tuple[str, ...]:
    """The command line that runs `text`."""
    return ("--", os.path.realpath(sys.executable), "-S", "-c", text, *words)


def rows(path: Path, probe: str, view: str) -> list[dict[str, Any]]:
    """The rows of a view in a snapshot."""
    content: dict[str, Any] = json.loads(path.read_bytes())
    found: list[dict[str, Any]] = content["probes"][probe]["views"][view]["rows"]
    return found


def test_a_program_is_counted_exactly_from_its_first_call_with_what_it_starts(before: Ids, tmp_path: Path) -> None:
    """Its execve, 1009 calls, 101 of its child, and nobody else's; rates are over its run; its output is its own."""
    path = tmp_path / "x.json"
    with ebtop("snapshot", "-o", str(path), "--probes", "exec,syscalls,rw", *python(WORK)) as running:
        status, output, errors = finished(running)
    assert (status, errors) == (0, "ebtop: the command ended with status 3\n")
    said, place = output.splitlines()
    pid = int(said.split()[0])
    assert (said, place) == (f"{pid} says: done", str(path))
    found = {(row["pid"], row["nr_name"]): row for row in rows(path, "syscalls", "by_process_and_call")}
    assert found[pid, "execve"]["calls_total"] == 1
    assert found[pid, "getppid"]["calls_total"] == CALLS
    assert [row["calls_total"] for (_, name), row in found.items() if name == "getpgid"] == [CHILDS]
    assert {row["pid"] for row in rows(path, "rw", "by_process")} <= {one for one, _ in found}
    assert len({one for one, _ in found}) == 2
    seconds = json.loads(path.read_bytes())["time"]["measured_seconds"]
    assert found[pid, "getppid"]["calls_per_second"] == pytest.approx(CALLS / seconds)


def test_a_recording_ends_with_the_program_or_after_its_time(before: Ids, tmp_path: Path) -> None:
    """The last sample has all it did; one that takes longer than was allowed is told to end."""
    path = tmp_path / "x.ebtop"
    with ebtop("record", str(path), "--probes", "syscalls", "--interval", "100ms", *python(WORK)) as running:
        assert finished(running)[0] == 0
    with path.open("rb") as file:
        last = list(read(file))[-1]
    assert "ended with status 3" in last.messages[-1]
    assert last.probes["syscalls"].totals.total > CALLS + CHILDS
    long = ("record", str(path) + "2", "--probes", "syscalls", "--interval", "100ms", "--for", "1s")
    with ebtop(*long, "--", "/bin/sh", "-c", PATIENT_SHELL) as running:
        status, output, _ = finished(running)
    assert (status, output.splitlines()) == (0, ["waiting", str(path) + "2", "told to end"])


def test_a_program_that_is_not_there_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    """One line, status 2."""
    with ebtop("snapshot", "-o", str(tmp_path / "x"), "--", "no-such-program") as running:
        status, output, errors = finished(running)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "no-such-program" in errors


def dashboard(*words: str) -> TerminalSession:
    """ebtop in a terminal of its own, with a program to run."""
    return TerminalSession(("-m", "ebtop", "--probes", "syscalls,opens", *words))


def test_the_dashboard_stays_held_still_when_the_program_has_ended(before: Ids) -> None:
    """Everything is detached, the picture and how it ended stay; q ends with status 0, and tells what was written."""
    with dashboard(*python(WORK)) as session:
        session.wait_for(b"command ended with status 3")
        wait_until(lambda: [kind for kind, _ in ids() - before] == ["map"])  # who is counted: used by no program
        start = session.send(b"1")
        session.wait_for(b"nothing is counted any more", start)
        start = session.send(b"q")
        assert session.status() == 0
        session.wait_for(b"says: done", start)
        assert session.modes() == session.modes_before
        assert b"says: done" not in bytes(session.output[:start])


def test_quitting_before_the_program_has_ended_sends_it_sigterm(before: Ids) -> None:
    """Its last words are told as well."""
    with dashboard(*python(PATIENT)) as session:
        program = os.pidfd_open(wait_for_program(session))
        session.send(b"q")
        assert session.status() == 0
        session.wait_end(program)
        os.close(program)


@pytest.mark.parametrize("to_screen", [False, True], ids=["warden", "screen"])
def test_nothing_is_left_when_either_process_is_killed(before: Ids, to_screen: bool) -> None:
    """kill -9: the program is told to end, every probe is detached."""
    with dashboard(*python(PATIENT)) as session:
        program = os.pidfd_open(wait_for_program(session))
        os.kill(session.children()[1] if to_screen else session.pid, signal.SIGKILL)
        session.wait_end()
        session.wait_end(program)
        os.close(program)


def wait_for_program(session: TerminalSession) -> int:
    """Until the program runs, with a handler for SIGTERM; its pid: the warden's first child."""
    pid = session.screen()

    def catches() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
        return b"-S" in Path(f"/proc/{pid}/cmdline").read_bytes() and bool(caught >> signal.SIGTERM - 1 & 1)

    wait_until(catches)
    return pid

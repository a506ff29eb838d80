"""Names that any user controls reach the terminal as text: no escape, no control, no markup, whatever they say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.kernel.terminal_session import TerminalSession

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

NAMES = (
    b"\x1b[31mevil",
    b"\x1b]0;owned\x07",
    b"\x9b35mraw",
    "\u009b36mutf".encode(),
    "\u202egnp.exe".encode(),
    "\u2066isolated".encode(),
    b"[/",
    b"[red]boo[/red]",
    b"[@click=app.qui",
    b"new\nline",
)
"""Process names (at most 15 bytes), and names of files and arguments that begin so."""
SHOWN = ("␛[31mevil", "␛]0;owned", "[red]boo[/red]", "[@click=app.qui", "[/")
"""Some of them as they are to be read."""
WORK = """
import os, signal, sys, time
for name in sys.argv[1:]:
    if not os.fork():
        with open("/proc/self/comm", "wb") as file:
            file.write(os.fsencode(name))
        while True:
            for _ in range(30): os.getppid()
            for suffix in (b"", b"/[bold]" + b"\\x1b[2Jcleared"):
                try: os.open(b"/nowhere/" + os.fsencode(name) + suffix, os.O_RDONLY)
                except OSError: pass
            if not os.fork():
                os.execv("/bin/true", ["true", os.fsencode(name)])
            os.wait()
            time.sleep(0.05)
signal.pause()
"""
_OURS = re.compile(rb"\x1b\[[0-9;:?<>=$ ]*[@-~]|\x1b[=>]|\x1b\(B|\x1b\]22;[a-z-]*\x07")
"""What the dashboard itself sends: CSI sequences, keypad modes, character set, the shape of the mouse pointer."""
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile() -> Iterator[None]:
    """Processes with such names, busy with files and programs of such names."""
    command = [sys.executable.encode(), b"-S", b"-c", WORK.encode(), *NAMES]
    with subprocess.Popen(command, start_new_session=True) as running:
        yield
        subprocess.run(["pkill", "-KILL", "-s", str(running.pid)])


def test_hostile_names_are_text(hostile: None) -> None:
    """Overview, every view maximised, a filter and the log: not one byte of them acts."""
    with TerminalSession(["-m", "ebtop", "--probes", "syscalls,opens,exec", "--interval", "0.5"]) as session:
        for name in SHOWN[:3]:
            session.wait_for(name.encode())
        for _ in range(3):
            start = session.send(b"m")
            session.wait_for("▸".encode(), start)
            start = session.send(b"/")
            session.wait_for(b"negates", start)
            start = session.send(b"[red]\r")
            session.wait_for(b"shown +", start)  # the status line, in the prompt's place
            start = session.send(b"\x7f")  # clears the filter
            session.wait_for(b"evil", start)
            for _ in range(3):
                session.send(b"v")
                session.wait_for(lambda output: len(output) > 2000, len(session.output))
            start = session.send(b"m")
            session.wait_for(b"Opens", start)
            session.send(b"\t")
        start = session.send(b"L")
        session.wait_for(b"live (", start)
        session.send(b"\x03")
        assert session.status() == 0
        output = bytes(session.output)
    for name in SHOWN:
        assert name.encode() in output, name
    assert b"\x1b]0;" not in output
    assert b"\x1b[31mevil" not in output
    assert b"\x1b[2Jcleared" not in output
    left = _OURS.sub(b"", output).decode("utf-8")
    assert not _CONTROLS.findall(left)

"""A program in a pseudo-terminal with a session leader, as under a shell; every wait is for an event, bounded."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from ebtop.kernel import bpf

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 20.0
_LEADER = """
import fcntl, os, signal, sys, termios
told = int(sys.argv[1])
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.close(told)
    os.execv(sys.argv[3], sys.argv[3:])
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.write(told, b"%d\\n" % pid)
_, status = os.waitpid(pid, 0)
os.tcsetpgrp(0, os.getpgrp())
os.write(told, b"%d\\n" % os.waitstatus_to_exitcode(status))
signal.pause()
"""


class TerminalSession:
    """A program in the foreground of a terminal of its own."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        environment: dict[str, str] | None = None,
        folder: Path = REPOSITORY,
        deaf: bool = False,
    ) -> None:
        """Start `words` (arguments of this Python) in `folder`, in a terminal of that size.

        `deaf`: the leader of the session outlives the terminal, so that nobody is sent a SIGHUP, as under make.
        """
        self.master, slave = pty.openpty()
        self.resize(columns, lines)
        self.modes_before = termios.tcgetattr(slave)
        telling, told = os.pipe()
        settings = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
        settings |= {"TERM": "xterm-256color", "PYTHONPATH": str(REPOSITORY)} | (environment or {})
        self._leader = subprocess.Popen(
            [sys.executable, "-c", _LEADER, str(told), "deaf" if deaf else "", sys.executable, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(told,),
            start_new_session=True,
            cwd=folder,
            env=settings,
        )
        os.close(told)
        os.close(slave)
        self._told = os.fdopen(telling, "rb")
        self.pid = int(self._told.readline())
        self.pidfd = os.pidfd_open(self.pid)
        self.output = bytearray()
        self._grown = threading.Condition()
        self._stopped = False
        self._stop, self._stopping = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in (*self.children(), self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._leader.kill()
        self._leader.wait()
        self._told.close()
        os.close(self.pidfd)
        self.close_terminal()

    def _read(self) -> None:
        while True:
            select.select([self.master, self._stop], [], [])
            if self._stopped:
                return
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # all other ends are closed
                piece = b""
            with self._grown:
                self.output += piece
                self._grown.notify_all()
            if not piece:
                return

    def wait_for(self, what: bytes | Callable[[bytes], bool], start: int = 0, seconds: float = PATIENCE_S) -> bytes:
        """The output from `start` on, as soon as it contains `what` (or `what` says yes to it)."""
        there = what if callable(what) else lambda output: what in output
        with self._grown:
            if not self._grown.wait_for(lambda: there(bytes(self.output[start:])), seconds):
                raise AssertionError(f"{what!r} not seen; the end of what was: {bytes(self.output[-2000:])!r}")
            return bytes(self.output[start:])

    def send(self, keys: bytes) -> int:
        """Type; the length of the output before."""
        length = len(self.output)
        os.write(self.master, keys)
        return length

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size; the kernel sends SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def modes(self) -> list[Any]:
        """The terminal's modes now."""
        return termios.tcgetattr(self.master)

    def children(self) -> list[int]:
        """Pids of the program's children."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def screen(self) -> int:
        """Pid of the drawing process: the first child."""
        wait_until(lambda: bool(self.children()))
        return self.children()[0]

    def status(self) -> int:
        """Wait for the program's end: exit status, or minus a signal."""
        ready, _, _ = select.select([self._told], [], [], PATIENCE_S)
        assert ready, f"still running; the end of its output: {bytes(self.output[-2000:])!r}"
        return int(self._told.readline())

    def wait_end(self, pidfd: int | None = None) -> None:
        """Wait for the end of the program, or of another process, without its status."""
        ready, _, _ = select.select([self.pidfd if pidfd is None else pidfd], [], [], PATIENCE_S)
        assert ready, f"still running; the end of its output: {bytes(self.output[-2000:])!r}"

    def close_terminal(self) -> None:
        """The terminal's window is closed."""
        if self.master >= 0:
            self._stopped = True
            os.write(self._stopping, b"x")
            self._reader.join()
            os.close(self.master)
            self.master = -1


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Wait for what nobody tells about: looked at every five milliseconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        threading.Event().wait(0.005)


def programs(screen: int) -> int:
    """How many programs of probes the drawing process `screen` holds, not those at the head of a place."""
    held = 0
    for link in Path(f"/proc/{screen}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            said = Path(f"/proc/{screen}/fdinfo/{link.name}").read_text()
            found = re.search(r"^prog_id:\s*(\d+)$", said, re.MULTILINE)
            if found and os.readlink(link) == "anon_inode:bpf-prog":
                held += _program_name(int(found[1])) not in ("", "ebtop_head")
    return held


def _program_name(number: int) -> str:
    descriptor = bpf.by_id(bpf.PROG_BY_ID, number)
    if descriptor is None:
        return ""
    name = bpf.info(descriptor, 80)[64:80].split(b"\0", 1)[0].decode()
    os.close(descriptor)
    return name

"""A program in a pseudo-terminal of its own: what it writes, what it uses; knows nothing of which program it is."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import psutil

ROWS, COLUMNS = 50, 160
_STILL_S = 0.08
"""What comes in two pieces closer than that is one picture."""
_REFRESH_S = 1.2
_PATIENCE_S = 0.6
_TAIL = 4096
"""Bytes kept of what came before, so that a text cut by two reads is found."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a program used between two moments."""

    cpu_percent: float
    """Of one CPU, all its processes, user and system time."""
    bytes_per_second: float
    """Written to the terminal."""
    pss_bytes: int
    """Proportional set size of all its processes at the second moment."""


class Session:
    """`words` runs in a terminal of 160x50 inside the block; what it writes is read as fast as it comes."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._words = words
        self._environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        self._written = 0
        self._found: dict[bytes, float] = {}
        self._last = 0.0
        """When the newest bytes came."""
        self._news = threading.Condition()

    def __enter__(self) -> Self:
        self._terminal, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._sought: tuple[bytes, ...] = ()
        self.started = monotonic()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *self._words], stdin=other, stdout=other, stderr=other, env=self._environment
        )
        os.close(other)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = self._tree()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(number)
                try:
                    self._process.wait(5)
                except subprocess.TimeoutExpired:
                    continue
        for process in whole:
            if process.is_running() and process.pid != self._process.pid:
                process.kill()
        self._reader.join(5)
        os.close(self._terminal)

    def seconds_until(self, text: str, timeout: float = 30.0) -> float:
        """Seconds from the start to the first appearance of `text`; ask before it can come. TimeoutError."""
        sought = text.encode()
        with self._news:
            self._sought = (*self._sought, sought)
            if not self._news.wait_for(lambda: sought in self._found, timeout):
                raise TimeoutError(f"{self._words[0]} never wrote {text!r}")
            return self._found[sought] - self.started

    def _read(self) -> None:
        tail = b""
        while True:
            try:
                block = os.read(self._terminal, 65536)
            except OSError:
                return
            now = monotonic()
            tail = tail[-_TAIL:] + block
            with self._news:
                self._written += len(block)
                self._last = now
                for text in self._sought:
                    if text in tail:
                        self._found.setdefault(text, now)
                self._news.notify_all()

    def await_refresh(self) -> None:
        """Until the next picture of the program's own has come whole; just over a second where none comes."""
        with self._news:
            seen = self._last
            self._news.wait_for(lambda: self._last > seen, _REFRESH_S)
        self._await_stillness()

    def press(self, key: str) -> float:
        """Seconds from writing `key` to the last byte of what changes by it; call between two refreshes.

        TimeoutError where nothing changes.
        """
        with self._news:
            began = monotonic()
            os.write(self._terminal, key.encode())
            if not self._news.wait_for(lambda: self._last > began, _PATIENCE_S):
                raise TimeoutError(f"{key!r} changed nothing")
        return self._await_stillness() - began

    def _await_stillness(self) -> float:
        """Until nothing has come for _STILL_S; when the last did."""
        while (left := self._last + _STILL_S - monotonic()) > 0:
            sleep(left)
        return self._last

    def screen_pss(self) -> int:
        """Proportional set size in bytes of the first child: ebtop's process that draws."""
        return int(psutil.Process(self._process.pid).children()[0].memory_full_info().pss)

    def use(self, seconds: float) -> Use:
        """What the program uses over the next `seconds`."""
        start, cpu, written = monotonic(), self._cpu_ns(), self._written
        self._wait(seconds)
        span = monotonic() - start
        return Use(
            cpu_percent=(self._cpu_ns() - cpu) / span / 1e7,
            bytes_per_second=(self._written - written) / span,
            pss_bytes=sum(process.memory_full_info().pss for process in self._tree()),
        )

    def settle(self, seconds: float) -> None:
        """Let `seconds` pass; RuntimeError if the program ends meanwhile."""
        self._wait(seconds)

    def wait(self, seconds: float) -> None:
        """Until the program ends by itself; subprocess.TimeoutExpired."""
        self._process.wait(seconds)

    def _wait(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError(f"{' '.join(self._words)} ended with status {self._process.returncode}")

    def _tree(self) -> list[psutil.Process]:
        try:
            top = psutil.Process(self._process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _cpu_ns(self) -> int:
        return sum(_cpu_ns(process.pid) for process in self._tree())


def _cpu_ns(pid: int) -> int:
    """Nanoseconds that the threads of `pid` ran: the first number of each schedstat (Documentation/scheduler)."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            total += int(file.read().split()[0])
    return total

"""A process that does a known thing: it waits for a signal, does it without any other system call, and waits again.

It does not wait by reading, as that would be a read; and not at its end by leaving, as its counts in /proc would go.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kernel.terminal_session import wait_until

SIGTIMEDWAIT = "137" if os.uname().machine == "aarch64" else "128"
"""rt_sigtimedwait's number (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h)."""
_BEGIN = """
import os, signal, socket, sys, time, mmap, threading
words = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
"""
_KEPT = """
import ctypes
assert not ctypes.CDLL(None).mlockall(1)  # MCL_CURRENT
"""
_READY = """
os.write(1, b"ready")
signal.sigwait({signal.SIGUSR1})
"""
_END = """
signal.sigwait({signal.SIGUSR1})
os._exit(0)
"""


class Worker:
    """Runs `work`, Python text, after `prepare`; both may use os, signal, socket, time, threading, mmap and `words`."""

    def __init__(
        self,
        work: str,
        *words: str,
        prepare: str = "",
        folder: Path | None = None,
        cpu: int = -1,
        in_memory: bool = False,
    ) -> None:
        """`in_memory`: the interpreter's own pages stay there, so that it neither reads them nor waits for them."""
        pinned = f"os.sched_setaffinity(0, [{cpu}])\n" if cpu >= 0 else ""
        text = f"{_BEGIN}{pinned}{_KEPT if in_memory else ''}{prepare}\n{_READY}{work}\n{_END}"
        self._process = subprocess.Popen([sys.executable, "-S", "-c", text, *words], stdout=subprocess.PIPE, cwd=folder)
        assert self._process.stdout
        assert os.read(self._process.stdout.fileno(), 5) == b"ready"
        self.pid = self._process.pid
        self._wait_asleep()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self) -> None:
        """Let it work."""
        self._switches = self._switched()
        self._process.send_signal(signal.SIGUSR1)

    def finish(self) -> None:
        """Wait until the work is done."""
        wait_until(lambda: self._switched() > self._switches, 60)
        self._wait_asleep()
        assert self._process.poll() is None, "the work failed"

    def work(self) -> None:
        """Let it work, and wait until that is done."""
        self.begin()
        self.finish()

    def said(self) -> bytes:
        """What the work has written to descriptor 1."""
        assert self._process.stdout
        return os.read(self._process.stdout.fileno(), 4096)

    def leave(self) -> None:
        """Let it go."""
        self._process.send_signal(signal.SIGUSR1)
        assert self._process.wait(60) == 0

    def killed(self) -> None:
        """Wait until it was killed."""
        assert self._process.wait(60) == -signal.SIGKILL

    def schedstat(self) -> tuple[int, int, int]:
        """Nanoseconds on a CPU and in wait for one, and times it got one (Documentation/scheduler/sched-stats.rst)."""
        running, waiting, times = Path(f"/proc/{self.pid}/schedstat").read_text().split()
        return int(running), int(waiting), int(times)

    def _switched(self) -> int:
        return self.schedstat()[2]

    def _wait_asleep(self) -> None:
        """Until the main thread waits for its signal."""
        wait_until(lambda: "sigtimedwait" in self._waits_in(), 60)

    def _waits_in(self) -> str:
        if self._process.poll() is not None:
            raise AssertionError("the work failed")
        call = Path(f"/proc/{self.pid}/syscall").read_text().split()[0]
        return "sigtimedwait" if call == SIGTIMEDWAIT else ""


def nobody_but(*workers: Worker) -> frozenset[int]:
    """All process ids there can be less those of the workers: who is to be left out, so that only these are counted."""
    return frozenset(range(int(Path("/proc/sys/kernel/pid_max").read_text()))) - {worker.pid for worker in workers}

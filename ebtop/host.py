"""The machine's own numbers and ebtop's share of them, from psutil and /proc; knows nothing of probes."""

from __future__ import annotations

import os
import platform
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ebtop.sample import HostSample
from ebtop.stalls import Stalls
from ebtop.text import clean

_MEMORY_EVERY = 10
"""Reading a process's memory maps costs a millisecond, so it is done only every so many samples."""
_MEMORY = re.compile(rb"^(MemTotal|MemAvailable): +(\d+) kB", re.MULTILINE)
_HEAD = 256
"""Bytes of /proc/stat and /proc/meminfo that hold all that is wanted of them."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Machine:
    hostname: str
    kernel: str
    architecture: str
    cpus: int


class Host:
    """Reads the machine's numbers for one warden and the process this runs in."""

    def __init__(self, warden_pid: int) -> None:
        self._pids = {warden_pid, os.getpid()}
        self._warden = _process(warden_pid)
        names = platform.uname()
        cpus = psutil.cpu_count() or 1
        self._machine = _Machine(clean(names.node), clean(names.release), clean(names.machine), cpus)
        self._warden_cpu_s = 0.0
        self._helpers_cpu_s: dict[int, tuple[float, float]] = {}
        """By pid, what it had used when it was first seen, and what it has used by now."""
        self._memory_bytes = 0
        self._reads = 0
        self._stalls = Stalls()
        self._stat, self._meminfo = (
            os.open(f"/proc/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in ("stat", "meminfo")
        )

    def read(self, bcc: str = "", helpers: frozenset[int] = frozenset()) -> HostSample:
        """The numbers of this moment; `bcc` is what loaded the probes, `helpers` are other processes of ours.

        What a helper has cost since it was first named stays counted once it has ended.
        """
        busy_s, total_s = self._cpu_seconds()
        memory = dict(_MEMORY.findall(os.pread(self._meminfo, _HEAD, 0)))
        total_bytes, available_bytes = (int(memory.get(name, 0)) * 1024 for name in (b"MemTotal", b"MemAvailable"))
        if self._reads % _MEMORY_EVERY == 0:
            self._memory_bytes = sum(memory_of(pid) for pid in self._pids | helpers)
            self._stalls.look_for_swap()
        self._reads += 1
        stalled = self._stalls.read()
        return HostSample(
            self._machine.hostname,
            self._machine.kernel,
            self._machine.architecture,
            self._machine.cpus,
            busy_s,
            total_s,
            total_bytes - available_bytes,
            total_bytes,
            os.getloadavg()[0],
            time.process_time() + self._warden_seconds() + self._helpers_seconds(helpers),
            self._memory_bytes,
            bcc,
            stalled.cpu_s,
            stalled.io_s,
            stalled.memory_s,
            stalled.swapped_bytes,
        )

    def _cpu_seconds(self) -> tuple[float, float]:
        """Seconds that all CPUs were busy, and all of their seconds (proc_stat(5); guest time is part of user time)."""
        times = [int(ticks) for ticks in os.pread(self._stat, _HEAD, 0).split(b"\n", 1)[0].split()[1:9]]
        idle = times[3] + times[4]
        return (sum(times) - idle) / _TICKS, sum(times) / _TICKS

    def _warden_seconds(self) -> float:
        """User and system time of the warden alone; what it was last when it has ended, 0 when it is this process."""
        if self._warden is None or self._warden.pid == os.getpid():
            return self._warden_cpu_s
        try:
            times = self._warden.cpu_times()
        except psutil.Error:
            return self._warden_cpu_s
        self._warden_cpu_s = times.user + times.system
        return self._warden_cpu_s

    def _helpers_seconds(self, helpers: frozenset[int]) -> float:
        for pid in helpers:
            with suppress(psutil.Error):
                times = psutil.Process(pid).cpu_times()
                used = times.user + times.system
                self._helpers_cpu_s[pid] = (self._helpers_cpu_s.get(pid, (used,))[0], used)
        return sum(used - first for first, used in self._helpers_cpu_s.values())


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def memory_of(pid: int) -> int:
    """Bytes of `pid`: proportional set size, resident set size where its maps may not be read, 0 when it is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        found = _PSS.search((folder / "smaps_rollup").read_bytes())
    except OSError:  # another user's process, or a kernel without the file
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0

"""Software events of the kernel, one on each CPU that is online, with a program on them; knows nothing of stacks.

A target is the event's name and a number, "cpu-clock:49" or "page-faults:1": hertz for clocks, every how many of all
others. A CPU that comes online later has no event.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from pathlib import Path
from typing import Self

from ebtop.kernel import perf
from ebtop.kernel.cpus import cpu_list

_ONLINE = Path("/sys/devices/system/cpu/online")
_PRESENT = Path("/proc/sys/kernel/perf_event_paranoid")
"""Its presence says that the kernel has perf events (perf_event_open(2))."""
_CLOCKS = {"cpu-clock": 0, "task-clock": 1}
_COUNTS = {
    "page-faults": 2,
    "context-switches": 3,
    "cpu-migrations": 4,
    "minor-faults": 5,
    "major-faults": 6,
    "alignment-faults": 7,
    "emulation-faults": 8,
    "cgroup-switches": 11,
}
"""enum perf_sw_ids, by the names that perf list gives them."""
_DISABLED, _FREQUENCY = 1 << 0, 1 << 10
_TOGETHER = 253
"""Descriptors that one packet may carry: SCM_MAX_FD, include/net/scm.h."""


def lacking(target: str) -> str:
    """Why there can be no event `target`, in one line; "" as far as is known beforehand."""
    name, _, number = target.partition(":")
    if name not in {**_CLOCKS, **_COUNTS} or not number.isdecimal() or not int(number):
        return f"perf_event {target}: no such software event"
    return "" if _PRESENT.exists() else f"perf_event {target}: this kernel is built without CONFIG_PERF_EVENTS"


def said(target: str, cpus: int = 0) -> str:
    """`target` in words, e.g. "cpu-clock at 49 Hz on each of 8 CPUs"; `cpus` 0: those online now."""
    name, _, number = target.partition(":")
    every = f"at {number} Hz" if name in _CLOCKS else "each" if number == "1" else f"one of {number}"
    cpus = cpus or len(cpu_list(_ONLINE.read_text()))
    return f"{name} {every} on " + ("the only CPU" if cpus == 1 else f"each of {cpus} CPUs")


def attach(target: str, program: int) -> int:
    """Have `program` run on the event `target` of each CPU: one descriptor, whose closing detaches all of them.

    OSError when the kernel refuses one; nothing is left attached then.
    """
    with _Bundle() as bundle:
        for cpu in cpu_list(_ONLINE.read_text()):
            event = perf.open_event(_attributes(target), cpu)
            bundle.take(event)
            link = perf.run_on(event, program)
            if link >= 0:
                bundle.take(link)
        return bundle.sealed()


def _attributes(target: str) -> bytearray:
    name, _, number = target.partition(":")
    clock = name in _CLOCKS
    attributes = bytearray(perf.ATTRIBUTES)
    struct.pack_into("=IIQQ", attributes, 0, perf.SOFTWARE, len(attributes), {**_CLOCKS, **_COUNTS}[name], int(number))
    struct.pack_into("=Q", attributes, 40, _DISABLED | (_FREQUENCY if clock else 0))
    return attributes


class _Bundle:
    """Many descriptors as one: a socket that holds them in packets that nobody reads, and with which they are closed.

    A machine may have more CPUs than a process may have descriptors, or than fit into one message.
    """

    def __init__(self) -> None:
        self._end, self._other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._other.setblocking(False)  # a buffer too small for all of them is an error, no endless wait
        self._loose: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._loose:
            os.close(descriptor)
        self._other.close()
        self._end.close()

    def take(self, descriptor: int) -> None:
        """Take over `descriptor`, which stays open here as long as no more than a packet of others follow."""
        if len(self._loose) == _TOGETHER:
            self._pack()
        self._loose.append(descriptor)

    def sealed(self) -> int:
        """The one descriptor, the caller's to close."""
        self._pack()
        return self._end.detach()

    def _pack(self) -> None:
        part = array.array("i", self._loose)
        self._other.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, part)])
        while self._loose:
            os.close(self._loose.pop())

"""Names that this machine has for numbers: system calls, devices, network interfaces, users; counts nothing."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ebtop.kernel import syscalls
from ebtop.spec import Kind
from ebtop.text import clean

_MINOR_BITS = 20  # MINORBITS, include/linux/kdev_t.h


class Labels:
    """Keeps what was looked up; unknown numbers are looked up when they first appear."""

    def __init__(self, blocks: Path = Path("/sys/dev/block")) -> None:
        self._blocks = blocks
        self._syscalls = syscalls.names()
        self._devices: dict[int, str] = {}
        self._looked_for: frozenset[int] = frozenset()
        self._interfaces: dict[int, str] = {}
        self._interfaces_looked_for: frozenset[int] = frozenset()
        self._users: dict[int, str] = {}

    def of(
        self, devices: frozenset[int], users: frozenset[int], interfaces: frozenset[int] = frozenset()
    ) -> Mapping[str, Mapping[int, str]]:
        """Names by Kind value, of all system calls and of these `devices`, `users` and `interfaces`.

        An interface that is gone keeps its name: numbers are not given twice before they run out.
        """
        if not devices <= self._looked_for:
            self._looked_for = devices
            self._devices = block_devices(self._blocks)
        if not users <= self._users.keys():
            self._users = self._users | {uid: user_name(uid) for uid in users}
        if not interfaces <= self._interfaces_looked_for:
            self._interfaces_looked_for = interfaces
            self._interfaces = self._interfaces | network_interfaces()
        return {
            Kind.SYSCALL.value: self._syscalls,
            Kind.DEVICE.value: self._devices,
            Kind.INTERFACE.value: self._interfaces,
            Kind.UID.value: self._users,
        }


@cache
def user_name(uid: int) -> str:
    """The user's name, the number itself where it has none; asked of the system once."""
    try:
        return clean(pwd.getpwuid(uid).pw_name)
    except (KeyError, OverflowError):
        return str(uid)


def block_devices(folder: Path) -> dict[int, str]:
    """Device number as the kernel keeps it to name, from the links MAJOR:MINOR -> …/NAME; empty without the folder."""
    try:
        links = os.listdir(folder)
    except OSError:
        return {}
    devices = {}
    for link in links:
        major, _, minor = link.partition(":")
        target = os.readlink(folder / link)
        name = target.rpartition("/")[2].replace("!", "/")
        devices[int(major) << _MINOR_BITS | int(minor)] = clean(name)
    return devices


def network_interfaces() -> dict[int, str]:
    """Index to name of every network interface of this process's network namespace (netdevice(7))."""
    try:
        return {index: clean(name) for index, name in socket.if_nameindex()}
    except OSError:  # no netlink here
        return {}

"""What a control group's path says: the container or systemd unit a process belongs to; asks nobody for names.

The content is that of /proc/PID/cgroup (cgroups(7)), of cgroup v1, v2 or both. Where something is nested the outermost
counts: this host's runtimes and its systemd know that one by name, what is within is known to the container's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ebtop.text import clean

MOST = 4096
"""Bytes of a /proc/PID/cgroup that are looked at."""
SHORT = 12
"""Digits of an id that stand in for a name, as docker and podman print them."""
ID = re.compile(r"[0-9a-f]{64}|pod(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""What an id looks like as a whole: of a container, or of a Kubernetes pod (its UID; a hash for static pods)."""

_CONTAINER = re.compile(r"(?:^|[-_:.])([0-9a-f]{64})(?:\.scope)?$")
"""ID, docker-ID.scope, libpod-ID.scope, libpod-conmon-ID.scope, cri-containerd-ID.scope, crio-ID.scope, kata_ID …"""
_PODMAN_POD = re.compile(r"libpod_pod_([0-9a-f]{64})(?:\.slice)?$")
_POD = re.compile(r"pod([0-9a-f]{32}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?$")
_LXC = re.compile(r"lxc\.(?:payload|monitor)\.(.+)$")
_LXC_ABOVE = frozenset({"lxc", "lxc.payload", "lxc.monitor"})
"""Folders above NAME, as LXC before 4.0 made them."""
_MACHINE = re.compile(r"machine-(?!qemu\\x2d)(?:lxc\\x2d\d+\\x2d)?(.+)\.scope$")
"""Of systemd-machined: containers of systemd-nspawn and libvirt; what is qemu's is a virtual machine."""
_NSPAWN = re.compile(r"systemd-nspawn@(.+)\.service$")
_UNIT = re.compile(r".+\.(?:service|scope|socket|mount|swap)$")
_USER_MANAGER = re.compile(r"user@\d+\.service$")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a process belongs; all texts clean."""

    unit: str = ""
    """The container's name where its path has one, else the first digits of its id; a systemd unit's name; or ""."""
    container: bool = False
    id: str = ""
    """By which others know the container's name (see ID); "" where there is nothing to ask."""
    path: str = ""
    """The control group that says so, as /proc has it."""


@lru_cache(maxsize=4096)
def belonging(content: bytes) -> Belonging:
    """Where the process of this /proc/PID/cgroup belongs: a container in any hierarchy, else a unit, else nowhere."""
    found = [_of_path(path) for path in paths(content)]
    for one in found:
        if one.container:
            return one
    named = (one for one in found if one.unit)
    deeper = (one for one in found if one.path != "/")
    return next(named, None) or next(deeper, None) or next(iter(found), Belonging())


def paths(content: bytes) -> list[str]:
    """The paths of /proc/PID/cgroup: of the v2 hierarchy first, then of systemd's own (name=systemd), then others."""
    ranked = []
    for line in content.decode("utf-8", "replace").split("\n"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if path:
            rank = 0 if number == "0" and not controllers else 1 if controllers == "name=systemd" else 2
            ranked.append((rank, path))
    return [path for _, path in sorted(ranked, key=lambda pair: pair[0])]


def _of_path(path: str) -> Belonging:
    """What one path says. Above the reader's own cgroup namespace it begins with /.. (cgroup_namespaces(7))."""
    parts = [part for part in path.removesuffix(" (deleted)").split("/") if part not in ("", "..")]
    name, id_ = next(_containers(parts), ("", ""))
    if name:
        return Belonging(clean(name), True, id_, clean(path))
    return Belonging(clean(_unit(parts)), False, "", clean(path))


def _containers(parts: list[str]) -> Iterator[tuple[str, str]]:
    """Name and id of each container along a path, outermost first; in the end pods without one of their containers."""
    pods = []
    for part, below in zip(parts, [*parts[1:], ""], strict=False):
        if pod := _PODMAN_POD.search(part) or _POD.search(part):
            uid = pod[1].replace("_", "-")
            pods.append((uid[:SHORT], uid if len(uid) == 64 else f"pod{uid}"))
        elif found := _CONTAINER.search(part):
            yield found[1][:SHORT], found[1]
        elif named := _LXC.match(part) or _MACHINE.match(part):
            yield _unescaped(named[1]), ""
        elif part in _LXC_ABOVE and below:
            yield below, ""
        elif below == "payload" and (spawned := _NSPAWN.match(part)):
            yield _unescaped(spawned[1]), ""
    yield from pods


def _unit(parts: list[str]) -> str:
    """The unit that systemd would name (systemd.unit(5)): below a user's manager the user's, else the system's."""
    units = [part.removeprefix("_") for part in parts if _UNIT.match(part)]
    if len(units) > 1 and _USER_MANAGER.match(units[0]):
        return units[0] if units[1] == "init.scope" else units[1]
    return units[0] if units else ""


def _unescaped(name: str) -> str:
    r"""`name` without systemd's escapes: web\x2d1 is web-1 (systemd-escape(1))."""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), name)

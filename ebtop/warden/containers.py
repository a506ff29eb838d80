"""Names of containers, from what their runtimes keep in root's folders; knows nothing of processes or the wire.

Only regular files that root owns and nobody else may write are read, none through a symbolic link, within bounds; links
in /var/log/containers are read by their own names and never followed.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ebtop import cgroups
from ebtop.text import clean

ROOT = "/"
"""Below which all folders are looked for."""
ASKED = 128
"""Ids that are looked up for one message."""
_LONGEST = 128
"""Characters of a name."""
_FILE_BYTES = 2 << 20
_ALL_BYTES = 16 << 20
"""Read for one message at most: there are machines with thousands of containers, and a probe may wait to be loaded."""
_ENTRIES = 10_000
"""Of one folder."""

_DOCKER = ("var/lib/docker", "var/snap/docker/common/var-lib-docker")
_REMAPPED = re.compile(r"\d+\.\d+")
"""Below docker's folder, where containers' root is a user of its own (dockerd --userns-remap)."""
_STORAGES = ("var/lib/containers/storage", "run/containers/storage")
"""Of podman and CRI-O: what lasts, and what does not outlast a reboot."""
_CONTAINERD = tuple(
    f"{place}/io.containerd.runtime.v2.task"
    for place in ("run/containerd", "run/k3s/containerd", "var/snap/microk8s/common/run/containerd")
)
_LOG = re.compile(r"([^_]+)_[^_]+_(.+)-([0-9a-f]{64})\.log")
"""POD_NAMESPACE_CONTAINER-ID.log in /var/log/containers, as the kubelet links them."""
_KUBELET = re.compile(r"/?k8s_([^_]+)_([^_]+)_[^_]+_[^_]+_\d+")
"""k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT: what CRI-O and docker call the kubelet's containers."""


def names(ids: Iterable[str], owner: int = 0) -> dict[str, str]:
    """The name of each of `ids` (cgroups.ID; others and those beyond ASKED are left out), "" where nothing names it.

    A container of Kubernetes is POD/CONTAINER, what holds its pod together is POD. `owner`: whose files are believed.
    """
    asked = [id_ for id_ in ids if isinstance(id_, str) and cgroups.ID.fullmatch(id_)][:ASKED]
    files = _Files(owner)
    found: dict[str, str] = {}
    for look in (_of_pods, _of_docker, _of_storages, _of_containerd, _of_logs):
        left = frozenset(asked) - found.keys()
        if left:
            found |= {id_: name for id_, name in look(files, left) if id_ in left and name}
    return {id_: clean(found.get(id_, ""))[:_LONGEST] for id_ in asked}


class _Files:
    """Reads what is to be believed, until enough has been read."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self._left = _ALL_BYTES

    def json(self, path: str) -> Any:
        """The content of a file; None where there is none, or none to be believed."""
        with suppress(OSError, ValueError, RecursionError):
            descriptor = os.open(os.path.join(ROOT, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(file.fileno())
                if stat.S_ISREG(status.st_mode) and self._believed(status) and status.st_size <= self._room():
                    self._left -= status.st_size
                    return json.loads(file.read(status.st_size))
        return None

    def list(self, path: str) -> list[str]:
        """Names in a folder, as many as are looked at; empty where there is none, or none to be believed."""
        with suppress(OSError):
            descriptor = os.open(os.path.join(ROOT, path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if self._believed(os.fstat(descriptor)):
                    with os.scandir(descriptor) as entries:
                        return [entry.name for entry, _ in zip(entries, range(_ENTRIES), strict=False)]
            finally:
                os.close(descriptor)
        return []

    def _room(self) -> int:
        return min(_FILE_BYTES, self._left)

    def _believed(self, status: os.stat_result) -> bool:
        return status.st_uid == self._owner and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


Found = Iterator[tuple[str, str]]


def _of_pods(files: _Files, ids: frozenset[str]) -> Found:
    """/var/log/pods/NAMESPACE_POD_UID, a folder for each pod."""
    if any(id_.startswith("pod") for id_ in ids):
        for folder in files.list("var/log/pods"):
            _, _, rest = folder.partition("_")
            pod, _, uid = rest.partition("_")
            yield f"pod{uid}", pod


def _of_docker(files: _Files, ids: frozenset[str]) -> Found:
    """containers/ID/config.v2.json, member Name: /web."""
    for place in _docker_places(files):
        for id_ in ids:
            content = files.json(f"{place}/containers/{id_}/config.v2.json")
            yield id_, _plain(_member(content, "Name"))


def _docker_places(files: _Files) -> Iterator[str]:
    """Docker's folders, the one that its settings name included."""
    moved = _member(files.json("etc/docker/daemon.json"), "data-root").lstrip("/")
    for place in dict.fromkeys((*_DOCKER, moved)):
        if place and os.path.isdir(os.path.join(ROOT, place)):
            yield place
            yield from (f"{place}/{name}" for name in files.list(place) if _REMAPPED.fullmatch(name))


def _of_storages(files: _Files, ids: frozenset[str]) -> Found:
    """DRIVER-containers/containers.json of containers/storage: a list of all, each with its id and names."""
    for place in _STORAGES:
        for folder in files.list(place):
            if folder.endswith("-containers"):
                for file in ("containers.json", "volatile-containers.json"):
                    yield from _listed(files.json(f"{place}/{folder}/{file}"), ids)


def _listed(content: Any, ids: frozenset[str]) -> Found:
    for entry in content if isinstance(content, list) else ():
        id_, called = _member(entry, "id"), entry.get("names") if isinstance(entry, dict) else None
        if id_ in ids and isinstance(called, list) and called and isinstance(called[0], str):
            yield id_, _plain(called[0])


def _of_containerd(files: _Files, ids: frozenset[str]) -> Found:
    """NAMESPACE/ID/config.json: annotations of the CRI (pod and container) or of nerdctl (name)."""
    for place in _CONTAINERD:
        for namespace in files.list(place):
            for id_ in ids:
                content = files.json(f"{place}/{namespace}/{id_}/config.json")
                yield id_, _annotated(content.get("annotations") if isinstance(content, dict) else None)


def _annotated(content: Any) -> str:
    parts = [_member(content, f"io.kubernetes.cri.{part}-name") for part in ("sandbox", "container")]
    return "/".join(part for part in parts if part) or _member(content, "nerdctl/name")


def _of_logs(files: _Files, ids: frozenset[str]) -> Found:  # noqa: ARG001  # looked through as a whole
    """Links in /var/log/containers, by their own names."""
    for link in files.list("var/log/containers"):
        if match := _LOG.fullmatch(link):
            yield match[3], f"{match[1]}/{match[2]}"


def _plain(name: str) -> str:
    """`name` as people know it: without docker's slash; POD/CONTAINER where the kubelet made it up."""
    if match := _KUBELET.fullmatch(name):
        return match[2] if match[1] == "POD" else f"{match[2]}/{match[1]}"
    return name.removeprefix("/")


def _member(content: Mapping[str, Any] | Any, name: str) -> str:
    """The text that is member `name` of an object; "" for anything else."""
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""

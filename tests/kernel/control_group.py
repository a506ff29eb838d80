"""A control group of a test's own, named as a container runtime would."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_PLACES = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/systemd"))
"""Of cgroup v2 beside v1, of v2 alone, of v1 with a systemd."""


class ControlGroup:
    """Made below the root of the first hierarchy there is; gone in the end, its processes back at the root."""

    def __init__(self, name: str) -> None:
        self._root = next((place for place in _PLACES if (place / "cgroup.procs").exists()), None)
        self._name = name

    def __enter__(self) -> Self:
        if self._root is None:
            pytest.skip("no hierarchy of control groups is mounted below /sys/fs/cgroup")
        try:
            (self._root / self._name).mkdir()
        except OSError as error:
            pytest.skip(f"no control group can be made in {self._root}: {error.strerror}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._root
        group = self._root / self._name
        for pid in (group / "cgroup.procs").read_text().split():
            (self._root / "cgroup.procs").write_text(pid)
        os.rmdir(group)

    def take(self, pid: int) -> None:
        """Move a process into it."""
        assert self._root
        (self._root / self._name / "cgroup.procs").write_text(str(pid))

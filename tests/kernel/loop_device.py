"""A block device of a test's own, whose queue, sectors and file system nobody else touches."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


class LoopDevice:
    """A loop device over a file of `size` bytes, of which nothing stays; the test is skipped where none can be had."""

    def __init__(self, size: int = 16 << 20) -> None:
        self._size = size

    def __enter__(self) -> Self:
        descriptor, name = tempfile.mkstemp(prefix="ebtop-loop-", dir="/var/tmp")
        self._backing = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size)
        made = subprocess.run(["losetup", "--find", "--show", name], capture_output=True, text=True)
        if made.returncode:
            self._backing.unlink()
            pytest.skip(f"a loop device: {made.stderr.strip()}")
        self.path = Path(made.stdout.strip())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["losetup", "--detach", self.path], check=True)
        self._backing.unlink()

    @property
    def number(self) -> int:
        """Its number as the kernel keeps it."""
        device = self.path.stat().st_rdev
        return os.major(device) << 20 | os.minor(device)

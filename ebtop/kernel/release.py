"""The version of a kernel, as numbers that can be compared; knows nothing of what a version has."""

from __future__ import annotations

import os
import re


def name() -> str:
    """What the running kernel calls itself (uname(2)), such as 6.1.0-18-amd64."""
    return os.uname().release


def version(release: str = "") -> tuple[int, int, int]:
    """The numbers that `release`, or the running kernel's, begins with; 0 for those that it lacks."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", release or name())
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)

"""Keeps Python's own files readable to a user who could not walk there; knows nothing of who that is.

Root may have installed ebtop under its home directory. A directory opened beforehand stays reachable as
/proc/self/fd/N (proc(5): the link leads to the directory itself, no parent is walked).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Mapping


def hold(folders: Iterable[str]) -> dict[str, int]:
    """A descriptor (O_PATH) for each of `folders` that exists."""
    held = {}
    for folder in folders:
        try:
            held[folder] = os.open(folder or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:  # an entry of sys.path need not exist, nor be a folder
            continue
    return held


def through(held: Mapping[str, int]) -> None:
    """Let imports go through the descriptors of those folders that cannot be walked to any more; close the others."""
    moved = {}
    for folder, descriptor in held.items():
        if os.access(folder or ".", os.R_OK | os.X_OK):
            os.close(descriptor)
        else:
            moved[folder] = f"/proc/self/fd/{descriptor}"
    if moved:
        sys.path[:] = [moved.get(folder, folder) for folder in sys.path]
        _move_packages(moved)
        importlib.invalidate_caches()


def _move_packages(moved: Mapping[str, str]) -> None:
    for module in tuple(sys.modules.values()):
        path = getattr(module, "__path__", None)
        if isinstance(path, list):
            path[:] = [_moved(place, moved) for place in path]


def _moved(place: str, moved: Mapping[str, str]) -> str:
    for folder, reachable in moved.items():
        if folder and place.startswith(folder + os.sep):
            return reachable + place[len(folder) :]
    return place

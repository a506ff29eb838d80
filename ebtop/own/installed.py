"""Entry points of installed packages that name probes, found without importing anything of those packages.

`importlib.metadata` would do it too, but its import alone takes longer than this. The format:
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

GROUP = "ebtop.probes"
_ENDINGS = (".dist-info", ".egg-info")


def entries(folders: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Of every entry point `NAME = package.module` in the group: NAME, folder and name of the module.

    `folders`: where packages are installed; others are not looked at.
    """
    for folder in folders:
        if not folder.endswith("-packages"):
            continue
        with suppress(OSError):  # what is on sys.path need not be there
            for name in sorted(os.listdir(folder)):
                if name.endswith(_ENDINGS):
                    yield from _of(folder, f"{folder}/{name}/entry_points.txt")


def _of(folder: str, path: str) -> Iterator[tuple[str, str, str]]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:  # most packages have none
        return
    if GROUP.encode() not in content:
        return
    inside = False
    for line in content.decode("utf-8", "replace").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            inside = text == f"[{GROUP}]"
        elif inside and "=" in text:
            name, place = (part.strip() for part in text.split("=", 1))
            *packages, module = place.partition(":")[0].strip().split(".")
            yield name, os.path.join(folder, *packages), module

"""Which file a short name of a program or library means: PATH and the linker's cache; reads no file's content."""

from __future__ import annotations

import glob
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache

_LDCONFIG = ("/sbin/ldconfig", "/usr/sbin/ldconfig")
_TAGS = {"x86_64": "x86-64", "aarch64": "AArch64", "riscv64": "64bit", "ppc64le": "64bit", "s390x": "64bit"}
"""What the cache says of libraries of the machine's own kind."""
_FOLDERS = (f"/usr/lib/{platform.machine()}-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
"""Where libraries are on systems without a cache."""
_MOST = 100
"""Files that one pattern of a path may mean."""


def files(place: str, path: str | None = None) -> tuple[str, ...]:
    """The files that `place` means: a path, a path with `*`, a program on `path` or a library (libc, libc.so.6).

    `path` is PATH if nothing else is said. OSError with one clear line when there is none, or none that may be seen.
    """
    if "/" in place and "*" in place:
        found = sorted(path for path in glob.glob(place) if os.path.isfile(path))[:_MOST]
    elif "/" in place:
        os.stat(place)
        found = [place]
    else:
        found = [path for path in (shutil.which(place, path=path) or library(place),) if path]
    if not found:
        raise FileNotFoundError(2, f"there is no program, library or file {place}")
    return tuple(found)


def library(name: str) -> str:
    """Path of the library called `name` ("libc", "libc.so", "libc.so.6"), "" when there is none."""
    cached = chosen(name, _cache())
    if cached:
        return cached
    return next((path for folder in _FOLDERS for path in sorted(glob.glob(f"{folder}/{_stem(name)}.so*"))), "")


def chosen(name: str, cached: Iterable[str]) -> str:
    """The library called `name` among the lines of `ldconfig -p`, of this machine's kind if there is one."""
    fitting = []
    for line in cached:
        soname, arrow, path = line.strip().partition(" => ")
        known = soname.partition(" ")[0]
        if arrow and (known == name or known.startswith((f"{_stem(name)}.so", f"{name}."))):
            fitting.append((_TAGS.get(platform.machine(), "") not in soname, path))
    return min(fitting, key=lambda one: one[0])[1] if fitting else ""


def _stem(name: str) -> str:
    return glob.escape(name.removesuffix(".so"))


@cache
def _cache() -> tuple[str, ...]:
    program = next((path for path in _LDCONFIG if os.access(path, os.X_OK)), "")
    if not program:
        return ()
    done = subprocess.run([program, "-p"], capture_output=True, text=True, timeout=5, check=False, errors="replace")
    return tuple(done.stdout.splitlines())

"""A root file system for the test guest, from this machine's own files; knows nothing of kernels and QEMU.

In it: the running interpreter, the test suite's distributions, BCC, bpftrace, the shared libraries all of them link to,
and the project. No root and no mount is needed: mke2fs -d writes the image.
"""

from __future__ import annotations

import glob
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_DISTRIBUTIONS = ("numpy", "psutil", "pyelftools", "pytest", "pytest-asyncio")
_UNUSED = re.compile(
    r"/(__pycache__|config-3\.\d+-[^/]*|test|tests|idlelib|lib2to3|ensurepip|pydoc_data|site-packages)$"
)
_LIBRARIES = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or os.uname().machine + '-linux-gnu'}"
_LOADED_BY_NAME = ("libbcc.so*", "librt.so.1", "libdl.so.2", "libpthread.so.0", "libnss_files.so.2")
_PROGRAMS = (
    "/bin/sh",
    "/bin/true",
    "/bin/cat",
    "/bin/sleep",
    "/bin/dd",
    "/bin/mount",
    "/usr/bin/unshare",
    "/usr/bin/bpftrace",
)
_LIBC = tuple(f"*-linux-gnu/{name}" for name in ("asm", "bits", "gnu", "sys"))
_INCLUDE = ("*.h", "asm-generic", "linux", *_LIBC)
"""Of the C library, for bpftrace's own tools: one wants sys/socket.h."""


def make(image: Path, staging: Path, argv: Sequence[str]) -> None:
    """Write `image`, ext4, whose /init runs Python with `argv` in /project; `staging` is an empty folder."""
    python = os.path.realpath(sys.executable)
    _copy_all(staging, [python, sysconfig.get_path("stdlib"), _bcc(), *_found(_PROGRAMS), *_libraries()])
    _copy_all(
        staging,
        [*glob.glob("/usr/sbin/*.bt"), *(path for name in _INCLUDE for path in glob.glob(f"/usr/include/{name}"))],
    )
    site = staging / "site"
    for path in _distribution_files(_DISTRIBUTIONS):
        _copy_beside(path, site)
    _copy_all(staging, _linked(str(path) for path in site.rglob("*.so*")))
    for name in ("ebtop", "tests"):
        shutil.copytree(PROJECT / name, staging / "project" / name, ignore=shutil.ignore_patterns("__pycache__", "vm"))
    shutil.copy(PROJECT / "pyproject.toml", staging / "project")
    for folder in ("dev", "proc", "sys", "tmp", "run", "etc", "var/tmp"):
        (staging / folder).mkdir(parents=True, exist_ok=True)
    (staging / "etc/passwd").write_text("root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    (staging / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (staging / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (staging / "init").write_text(f"#!{python}\n" + (Path(__file__).parent / "init.py").read_text())
    (staging / "init").chmod(0o755)
    _write_command(staging / "command", [python, *argv], {"PYTHONPATH": f"/project:/site:{Path(_bcc()).parent}"})
    _write_image(image, staging)


def _write_command(path: Path, argv: Sequence[str], environment: Mapping[str, str]) -> None:
    fixed = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "EBTOP_EMULATED": "1"}
    path.write_text(json.dumps({"argv": argv, "environment": {**fixed, **environment}}))


def _write_image(image: Path, staging: Path) -> None:
    used = int(subprocess.run(["du", "-sk", staging], check=True, capture_output=True, text=True).stdout.split()[0])
    command = ["/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", str(staging), str(image)]
    subprocess.run([*command, f"{int(used * 1.1) + 131_072}k"], check=True, stdout=subprocess.DEVNULL)


def _bcc() -> str:
    found = glob.glob("/usr/lib/python3*/dist-packages/bcc")
    if not found:
        sys.exit("guest_root: python3-bpfcc is not installed")
    return found[0]


def _libraries() -> list[str]:
    return [path for name in _LOADED_BY_NAME for path in glob.glob(f"{_LIBRARIES}/{name}")]


def _found(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if os.path.exists(path)]


def _distribution_files(names: Iterable[str]) -> list[tuple[Path, str]]:
    """(file, place below site-packages) of the named distributions and of all they require here."""
    todo, seen, files = list(names), set[str](), list[tuple[Path, str]]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # required on other systems or Pythons only
        todo += [re.split(r"[^\w.-]", line)[0] for line in distribution.requires or () if "extra ==" not in line]
        listed = [file for file in distribution.files or () if not str(file).startswith("..") and file.suffix != ".pyc"]
        files += [(Path(str(file.locate())), str(file)) for file in listed if "/tests/" not in str(file)]
    return files


def _copy_beside(file: tuple[Path, str], site: Path) -> None:
    source, place = file
    if source.is_file():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, site / place)


def _copy_all(staging: Path, roots: Iterable[str]) -> None:
    for name in ("bin", "sbin", "lib", "lib64"):
        (staging / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (staging / name).is_symlink():
            (staging / name).symlink_to(f"usr/{name}")
    for path in _closure(roots):
        place = staging / os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)).lstrip("/")
        if os.path.lexists(place):
            continue
        if os.path.isdir(path) and not os.path.islink(path):
            place.mkdir(parents=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)


def _closure(roots: Iterable[str]) -> set[str]:
    """`roots`, what is in them, where their links lead, and the shared libraries they need."""
    todo, found = list(roots), set[str]()
    while todo:
        path = todo.pop()
        if path in found or not os.path.lexists(path):
            continue
        found.add(path)
        if os.path.islink(path):
            todo.append(os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path))))
        elif os.path.isdir(path):
            todo += [entry.path for entry in os.scandir(path) if not _UNUSED.search(entry.path)]
        else:
            todo += _linked([path])
    return found


def _linked(paths: Iterable[str]) -> list[str]:
    linked = []
    for path in paths:
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        text = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        linked += [name for name in re.findall(r"(/\S+) \(0x", text) if "/site-packages/" not in name]
    return linked

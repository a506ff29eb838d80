"""A small shop at work, as a load for pictures and recordings: `python scripts/load.py FOLDER`, as root, until Ctrl-C.

Its parts are copied into FOLDER and run there under names of their own, as users that every Debian has, with an
environment that says nothing of whoever started it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTS = Path(__file__).with_name("store")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
_PYTHON = "#!/usr/bin/python3 -ISB\n"  # nothing but the standard library is looked for
_OWNERS = {"data": "www-data", "backup": "backup", "catalogue": "daemon"}
_PAGES = 40


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The load, at work in `folder`, which must not exist and is removed in the end; its first process."""
    folder.mkdir()
    try:
        _furnish(folder)
        quiet = subprocess.DEVNULL
        environment = {**ENVIRONMENT, "GROUPS_PLACE": str(_groups() or "/nonexistent")}
        with subprocess.Popen(
            [folder / "start"], env=environment, cwd="/", start_new_session=True, stdout=quiet, stderr=quiet
        ) as start:
            try:
                yield start.pid
            finally:
                os.killpg(start.pid, signal.SIGKILL)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _leave_groups()


def _groups() -> Path | None:
    """Where control groups of version 2 are made; None where there is none."""
    places = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
    return next((place for place in places if (place / "cgroup.controllers").exists()), None)


def _leave_groups() -> None:
    """Remove the parts' control groups, once the last of their processes is gone."""
    place = _groups()
    for group in place.glob("shop-*.service") if place else ():
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:  # a process is still ending
                threading.Event().wait(0.1)


def _furnish(folder: Path) -> None:
    folder.chmod(0o755)
    for part in (*PARTS.glob("*.sh"), *PARTS.glob("*.py")):
        program = folder / part.stem.replace("_", "-")
        program.write_text((_PYTHON if part.suffix == ".py" else "") + part.read_text())
        program.chmod(0o755)
    shutil.copytree(PARTS / "catalogue", folder / "catalogue")
    pages = folder / "pages"
    for place in (pages, folder / "data", folder / "backup"):
        place.mkdir()
    for number in range(_PAGES):
        (pages / f"{number}.html").write_text(f"<title>Tea {number}</title>\n" + "<p>Green, black and white.\n" * 900)
    for name, owner in _OWNERS.items():
        shutil.chown(folder / name, owner, owner)


def main() -> int:
    """Run until it is interrupted."""
    if len(sys.argv) != 2 or os.geteuid() != 0:
        sys.stderr.write("usage, as root: load.py FOLDER (which is made, and removed in the end)\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):  # ended the same way, with all that was begun; from a background too
        signal.signal(number, signal.default_int_handler)
    with running(Path(sys.argv[1])):
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

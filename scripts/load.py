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
        with subprocess.Popen(
            [folder / "start"], env=ENVIRONMENT, cwd="/", start_new_session=True, stdout=quiet, stderr=quiet
        ) as start:
            try:
                yield start.pid
            finally:
                os.killpg(start.pid, signal.SIGKILL)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    with running(Path(sys.argv[1])):
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

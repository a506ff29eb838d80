"""`ebtop snapshot` and `ebtop record` on the running kernel: exact, private, by the schema, and playable again."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ebtop.recording import read
from ebtop.sample import State
from tests.kernel.terminal_session import REPOSITORY, wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

OPENS = 23
STRANGER = 54321
PATIENCE_S = 60
OPENER = f"""
for _ in range({OPENS}):
    try: os.open(words[0], os.O_RDONLY)
    except OSError: pass
"""


@contextmanager
def ebtop(
    *words: str, environment: dict[str, str] | None = None, module: str = "ebtop"
) -> Iterator[subprocess.Popen[str]]:
    """A running ebtop, as root of this machine or as the user behind sudo that `environment` names."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    settings |= {"PYTHONPATH": str(REPOSITORY)} | (environment or {})
    command = [sys.executable, "-m", module, *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=settings, cwd=REPOSITORY) as running:
        yield running
        running.kill()


def wait_attached(pid: int) -> None:
    """Until the drawing process holds maps and is the only child of the warden `pid`: every loader has attached all."""

    def holds_maps() -> bool:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
            links = [os.readlink(link) for link in Path(f"/proc/{children[0]}/fd").iterdir()] if children else []
        except FileNotFoundError:  # a descriptor or a child that is gone again
            return False
        return len(children) == 1 and "anon_inode:bpf-map" in links

    wait_until(holds_maps, PATIENCE_S)


def finished(running: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Status, output and errors."""
    output, errors = running.communicate(timeout=PATIENCE_S)
    return running.returncode, output, errors


def snapshot(path: Path, *words: str, length: str = "200ms") -> Sequence[str]:
    """The command line of a short snapshot of `opens`."""
    return ("snapshot", "-o", str(path), "--for", length, "--probes", "opens", *words)


def test_a_snapshot_holds_exactly_what_was_done_and_is_private(tmp_path: Path) -> None:
    """23 failed opens of one process, told by path and errno, in a file by the schema that only root may read."""
    path, wanted = tmp_path / "x.json", f"{tmp_path}/nothing here"
    with Worker(OPENER, wanted) as opener, ebtop(*snapshot(path, length="2s")) as running:
        wait_attached(running.pid)
        opener.work()
        assert finished(running) == (0, f"{path}\n", "")
    read_back: dict[str, Any] = json.loads(path.read_bytes())
    jsonschema.validate(read_back, json.loads(files("ebtop.export").joinpath("schema.json").read_text()))
    rows = read_back["probes"]["opens"]["views"]["by_file"]["rows"]
    (row,) = [row for row in rows if row["path"] == wanted and row["pid"] == opener.pid]
    assert (row["opens_total"], row["failures_total"], row["errno_name"]) == (OPENS, OPENS, "ENOENT")
    assert read_back["host"]["kernel"] == os.uname().release
    assert read_back["time"]["measured_seconds"] >= 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_user_behind_sudo_owns_the_file(tmp_path: Path) -> None:
    """And only where that user may write."""
    for folder in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        folder.chmod(0o755)
    theirs, roots = tmp_path / "theirs", tmp_path / "roots"
    theirs.mkdir()
    roots.mkdir()
    os.chown(theirs, STRANGER, STRANGER)
    behind = {"SUDO_UID": str(STRANGER), "SUDO_GID": str(STRANGER)}
    with ebtop(*snapshot(theirs / "x.json"), environment=behind) as running:
        assert finished(running)[0] == 0
    about = (theirs / "x.json").stat()
    assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (STRANGER, STRANGER, 0o600)
    with ebtop(*snapshot(roots / "x.json"), environment=behind) as running:
        status, output, errors = finished(running)
    assert (status, output) == (2, "")
    assert errors == f"ebtop: {roots}/x.json: Permission denied; name a file in a folder of your own\n"
    assert list(roots.iterdir()) == []


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    """Status 2, one line, and what the link points to is as it was."""
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("precious")
    link.symlink_to(victim)
    with ebtop(*snapshot(link)) as running:
        status, output, errors = finished(running)
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1
    assert "symbolic link" in errors
    assert victim.read_text() == "precious"


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A file system with room for a name and nothing in it."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", place], check=True)
    try:
        subprocess.run(["dd", "if=/dev/zero", f"of={place}/full"], stderr=subprocess.DEVNULL)
        with ebtop("snapshot", "-o", f"{place}/x.json", "--for", "200ms", "--probes", "syscalls") as running:
            status, output, errors = finished(running)
        assert (status, output) == (2, "")
        said = "No space left on device; free some room, or name a file on another file system"
        assert errors == f"ebtop: {place}/x.json: {said}\n"
        assert list(place.iterdir()) == [place / "full"]
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_recording_plays_again_as_a_snapshot(tmp_path: Path) -> None:
    """Recorded from the kernel, replayed without it: the same 23 opens."""
    path, again, wanted = tmp_path / "x.ebtop", tmp_path / "again.json", f"{tmp_path}/nothing here"
    words = ("record", str(path), "--for", "2s", "--interval", "500ms", "--probes", "opens,syscalls")
    with Worker(OPENER, wanted) as opener, ebtop(*words) as running:
        wait_attached(running.pid)
        opener.work()
        assert finished(running) == (0, f"{path}\n", "")
    with path.open("rb") as file:
        samples = list(read(file))
    assert len(samples) >= 4
    assert all(sample.probes["opens"].state is State.LIVE for sample in samples)
    with ebtop(
        *snapshot(again, "--replay", str(path), "--interval", "100ms", length="2s"), environment={"HOME": "/"}
    ) as running:
        assert finished(running)[0] == 0
    rows = json.loads(again.read_bytes())["probes"]["opens"]["views"]["by_file"]["rows"]
    assert sum(row["opens_total"] for row in rows if row["path"] == wanted) == OPENS

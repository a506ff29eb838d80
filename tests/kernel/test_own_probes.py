"""Probes that are not built in: written by `ebtop new-probe`, loaded like the others, and all of them at once."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ebtop import registry
from ebtop.kernel import bpf
from ebtop.own import add_folder
from ebtop.recording import read
from tests import own
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.test_snapshot import ebtop, finished
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
PROCESSES, THREADS = 23, 31
WORK = f"""
for _ in range({PROCESSES}):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
for _ in range({THREADS}):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
"""
COPIED = ("syscalls", "rw", "exec", "tcpconnect", "blockio", "runqlat")
"""Built-in probes whose copies go together; those with the kernel's structs of tracepoints have to be alone."""
MANY = 45
_NAME = slice(64, 80)
"""bpf_prog_info.name (include/uapi/linux/bpf.h)."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for probes; the registry is as it was before, in the end."""
    with own.place() as place:
        yield place
    registry.forget()


@pytest.fixture
def detached() -> Iterator[None]:
    """In the end no program of these tests' probes is loaded."""
    yield
    wait_until(lambda: not loaded())


def loaded() -> set[str]:
    """Names of the host's programs that are of these tests' probes; the kernel keeps fifteen characters."""
    found = set()
    for number in bpf.ids(bpf.PROG_NEXT_ID):
        descriptor = bpf.by_id(bpf.PROG_BY_ID, number)
        if descriptor is not None:
            found.add(bpf.info(descriptor)[_NAME].rstrip(b"\0").decode())
            os.close(descriptor)
    return {name for name in found if re.match(r"(mine|good|wrong|broken|[a-z]+x\d)_", name)}


def new_probe(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`ebtop new-probe`, ended."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    command = [sys.executable, "-m", "ebtop", "new-probe", name, "--dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, env=settings | environment, check=False)


def test_a_new_probe_counts_exactly(folder: Path) -> None:
    """Processes and threads of one that makes a prime number of each; the books agree with all rows."""
    assert new_probe("mine", folder).returncode == 0
    add_folder(str(folder), 0, 0)
    loaded = Loaded(("mine",))
    try:
        with Worker(WORK) as worker:
            worker.work()
            loaded.detach()
        rows = loaded.rows("mine_rows")
        (place,) = (rows.keys["pid"] == worker.pid).nonzero()[0]
        assert (rows.values["processes"][place], rows.values["threads"][place]) == (PROCESSES, THREADS)
        assert int((rows.values["processes"] + rows.values["threads"]).sum()) == loaded.totals("mine")["total"]
    finally:
        loaded.close()


def test_the_test_that_is_proposed_comes_out_as_proposed(folder: Path, detached: None) -> None:
    """What `ebtop new-probe` says to type, typed."""
    said = new_probe("mine", folder).stdout
    (words,) = [shlex.split(line) for line in said.splitlines() if " snapshot " in line]
    path = folder / "mine.json"
    assert words[:2] == ["sudo", "ebtop"] and words[words.index("-o") + 1] == "mine.json"
    words[words.index("-o") + 1] = str(path)
    with ebtop("--no-config", *words[2:]) as running:
        assert finished(running)[0] == 0
    rows = json.loads(path.read_bytes())["probes"]["mine"]["views"]["by_process"]["rows"]
    assert [row["processes_total"] for row in rows if row["program"] == "bash"] == [97]


def test_a_new_probe_that_is_full_counts_what_it_drops(folder: Path) -> None:
    """Its table is made for two rows."""
    own.write(folder, "mine")
    add_folder(str(folder), 0, 0)
    loaded = Loaded(("mine",), rows=2)
    try:
        for _ in range(5):
            with Worker(WORK) as worker:
                worker.work()
        loaded.detach()
        rows, totals = loaded.rows("mine_rows"), loaded.totals("mine")
        shown = int((rows.values["processes"] + rows.values["threads"]).sum())
        assert totals["drops"] > 0 and shown + totals["drops"] == totals["total"]
    finally:
        loaded.close()


def test_a_new_probe_belongs_to_the_user_behind_sudo(folder: Path) -> None:
    """And overwrites nothing of theirs; where root is nobody's, it is root's."""
    os.chown(folder, 54321, 54321)
    sudo = {"SUDO_UID": "54321", "SUDO_GID": "54321"}
    done = new_probe("mine", folder, **sudo)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == [f"{folder}/mine.c", f"{folder}/mine.py"]
    assert {(path.stat().st_uid, path.stat().st_mode & 0o777) for path in folder.iterdir()} == {(54321, 0o644)}
    (folder / "yours.py").write_text("mine own")
    done = new_probe("yours", folder, **sudo)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"{folder}/yours.py: File exists: take another name" in done.stderr
    assert not (folder / "yours.c").exists() and (folder / "yours.py").read_text() == "mine own"
    done = new_probe("mine2", Path("/root"), **sudo)
    assert (done.returncode, done.stdout) == (2, "") and "--dir DIR" in done.stderr


def test_it_is_in_a_snapshot_and_in_a_recording_that_stands_alone(folder: Path, detached: None) -> None:
    """The recording has the declaration: the two files are not needed to show it, nor --probe-path."""
    own.write(folder, "mine")
    place = ("--no-config", "--probe-path", str(folder))
    path, recording = folder / "x.json", folder / "x.ebtop"
    shortly = ("snapshot", "-o", str(path), "--for", "500ms")
    with ebtop(*place, "--probes", "mine,rw", *shortly) as running:
        finished(running)
    content: dict[str, Any] = json.loads(path.read_bytes())
    assert content["probes"]["mine"]["state"] == content["probes"]["rw"]["state"] == "live"
    with ebtop(*place, "--probes", "mine,rw", "record", str(recording), "--for", "500ms") as running:
        finished(running)
    with recording.open("rb") as file:
        first = next(iter(read(file)))
    assert {"mine", "rw"} <= set(first.probes) and set(first.declared) == {"mine"}
    for gone in (path, folder / "mine.py", folder / "mine.c"):
        gone.unlink()
    with ebtop("--no-config", "--probes", "mine", "--replay", str(recording), *shortly) as running:
        said = running.communicate(timeout=30)
    assert (running.returncode, said[1]) == (0, "")
    again = json.loads(path.read_bytes())["probes"]
    assert set(again) == {"mine"} and again["mine"]["state"] == "live"
    assert again["mine"]["views"].keys() == content["probes"]["mine"]["views"].keys()


def test_what_a_declaration_gets_wrong_about_its_maps_fails_it_alone(folder: Path, detached: None) -> None:
    """A column that the compiler knows nothing of, C that does not compile: each has its reason, others go on."""
    wrong = own.example("wrong", ".py").replace('total("threads")', 'total("comm")')
    own.write(folder, "wrong", wrong)
    own.write(folder, "broken", c=own.example("broken", ".c") + "\nint broken_more(void) {\n    return oops;\n}\n")
    own.write(folder, "good")
    path = folder / "x.json"
    words = ("--no-config", "--probe-path", str(folder), "--probes", "wrong,broken,good", "snapshot", "-o", str(path))
    with ebtop(*words, "--for", "1s") as running:
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 1
    assert "wrong: its maps cannot be read: a key or column of its view by_process is no member" in said
    assert "broken: raw_tracepoint: broken.c:" in said and "undeclared identifier 'oops'" in said
    states = {name: probe["state"] for name, probe in json.loads(path.read_bytes())["probes"].items()}
    assert states == {"wrong": "failed", "broken": "failed", "good": "live"}


def test_all_of_many_probes_go_live_but_the_one_that_is_broken(folder: Path, detached: None) -> None:
    """45 at once, as with --probes all, under the limit of open files that is usual; nothing of them stays."""
    copies = [(built_in, f"{built_in[:8]}x{number}") for number in range(9) for built_in in COPIED][: MANY - 1]
    names = [name for _, name in copies]
    for built_in, name in copies:
        own.copy(folder, built_in, name)
    own.write(folder, "broken", c=own.example("broken", ".c") + "\nint broken_more(void) {\n    return oops;\n}\n")
    chosen = ",".join((*names[:20], "broken", *names[20:]))
    path = folder / "x.json"
    words = ("--no-config", "--probe-path", str(folder), "--probes", chosen, "--max-overhead", "0")
    began = time.monotonic()
    with few_files(), ebtop(*words, "snapshot", "-o", str(path), "--for", "1s") as running:
        said = running.communicate(timeout=120)[1]
    sys.stdout.write(f"{MANY} probes and a look of one second: {time.monotonic() - began:.1f} s\n")
    assert running.returncode == 1, said
    states = {name: probe["state"] for name, probe in json.loads(path.read_bytes())["probes"].items()}
    assert states == {**dict.fromkeys(names, "live"), "broken": "failed"}
    assert said.count("\n") == 1 and said.startswith("ebtop: broken: ")


@contextmanager
def few_files() -> Iterator[None]:
    """A process that is started now may open as many files as most machines allow at first."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, usual[1]), usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


def test_ctrl_c_detaches_ones_own_probe(folder: Path, detached: None) -> None:
    """As every other."""
    own.write(folder, "mine")
    words = ("--no-config", "--probe-path", str(folder), "--probes", "mine", "record", str(folder / "x.ebtop"))
    with ebtop(*words, "--for", "1m") as running:
        wait_until(lambda: loaded() == {"mine_made"})
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)

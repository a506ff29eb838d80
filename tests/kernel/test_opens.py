"""The probe opens: which files, by whom, with what result; names made absolute."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel


def opened(loaded: Loaded, pid: int) -> dict[tuple[str, int], tuple[int, int]]:
    """By path and errno, opens and failures of one process."""
    rows, paths = loaded.rows("opens_files"), loaded.texts("opens_paths")
    mine = rows.keys["pid"] == pid
    keys, values = rows.keys[mine], rows.values[mine]
    return {
        (paths[int(key["path"])], int(key["errno"])): (int(value["opens"]), int(value["failures"]))
        for key, value in zip(keys, values, strict=True)
    }


def test_opens_are_exact_by_path_and_result(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """211 that succeed, 13 that find nothing, 7 that may not, by absolute path; those that fail have events."""
    (tmp_path / "there").write_text("x")
    work = f"""
for _ in range(211): os.close(os.open("{tmp_path}/there", os.O_RDONLY))
for _ in range(13):
    try: os.open("{tmp_path}/nowhere", os.O_RDONLY)
    except OSError: pass
for _ in range(7):
    try: os.open("{tmp_path}", os.O_WRONLY)
    except OSError: pass
"""
    with Worker(work) as worker:
        loaded = load("opens")
        worker.work()
        found = opened(loaded, worker.pid)
        events = loaded.events("opens_events", "opens_record").records
    assert found == {
        (f"{tmp_path}/there", 0): (211, 0),
        (f"{tmp_path}/nowhere", errno.ENOENT): (13, 13),
        (f"{tmp_path}", errno.EISDIR): (7, 7),
    }
    told = events[events["pid"] == worker.pid]
    nowhere, folder = (errno.ENOENT, bytes(tmp_path / "nowhere")), (errno.EISDIR, bytes(tmp_path))
    assert told[["errno", "path"]].tolist() == [nowhere] * 13 + [folder] * 7


def test_relative_names_are_resolved(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """From the working folder, from a folder's descriptor, and across a mount."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")
    prepare = f"folder = os.open('{tmp_path}/a', os.O_RDONLY)"
    work = """
for _ in range(17): os.close(os.open("file", os.O_RDONLY))
for _ in range(19): os.close(os.open("b/file", os.O_RDONLY, dir_fd=folder))
os.chdir("/proc/self")
os.close(os.open("status", os.O_RDONLY))
os.chdir("/")
os.close(os.open("proc/version", os.O_RDONLY))
"""
    with Worker(work, prepare=prepare, folder=folder) as worker:
        loaded = load("opens")
        worker.work()
        found = opened(loaded, worker.pid)
    assert found == {
        (f"{folder}/file", 0): (17 + 19, 0),
        (f"/proc/{worker.pid}/status", 0): (1, 0),
        ("/proc/version", 0): (1, 0),
    }


def test_long_names_are_marked_as_cut(load: Callable[..., Loaded]) -> None:
    """A path longer than the key ends with three full stops."""
    long = "/" + "/".join(["d" * 60] * 6)
    with Worker(f"try: os.open({long!r}, os.O_RDONLY)\nexcept OSError: pass") as worker:
        loaded = load("opens")
        worker.work()
        found = opened(loaded, worker.pid)
    (path, code), counts = found.popitem()
    assert path == long[:252] + "..."
    assert (code, counts) == (errno.ENOENT, (1, 1))


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for 16 files, total is what the rows show and what was dropped."""
    work = """
for n in range(97):
    for _ in range(3):
        try: os.open(f"/nowhere/{n}", os.O_RDONLY)
        except OSError: pass
"""
    with Worker(work) as worker:
        loaded = load("opens", rows=16)
        worker.work()
        worker.leave()
        loaded.detach()
        rows, totals = loaded.rows("opens_files"), loaded.totals("opens")
        events = loaded.events("opens_events", "opens_record")
    assert rows.keys.size <= 16
    assert totals["drops"] >= (97 - 16) * 3
    assert totals["total"] == int(rows.values["opens"].sum()) + totals["drops"]
    assert 97 * 3 <= events.seen + totals["lost"] <= totals["total"]


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """A process whose bit is set has no row; another's 103 opens are all there."""
    work = "for _ in range(103): os.close(os.open('/dev/null', os.O_RDONLY))"
    with Worker(work) as own, Worker(work) as other:
        loaded = load("opens", own_pids=frozenset({own.pid}))
        own.work()
        other.work()
        left_out, counted = opened(loaded, own.pid), opened(loaded, other.pid)
    assert left_out == {}
    assert counted == {("/dev/null", 0): (103, 0)}


def test_an_open_that_began_before_has_no_start(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """One that waits for the other end of a pipe while the probe comes is counted as unmatched, and has no row."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    prepare = f"threading.Thread(target=os.open, args=('{pipe}', os.O_RDONLY), daemon=True).start()"
    work = f"os.open('{pipe}', os.O_WRONLY)\nwhile threading.active_count() > 1: time.sleep(0.001)"
    with Worker(work, prepare=prepare) as worker:
        loaded = load("opens")
        worker.work()
        found, totals = opened(loaded, worker.pid), loaded.totals("opens")
    assert found == {(str(pipe), 0): (1, 0)}
    assert totals["unmatched"] >= 1

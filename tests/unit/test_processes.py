"""Units, containers and details of processes over a /proc of the test's own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ebtop import processes
from ebtop.details import COMMAND, NEW_PER_UPDATE, Details
from ebtop.processes import AGAIN_PER_UPDATE, Processes
from ebtop.sample import Detail, Process

A = "0123456789abcdef" * 4
DOCKER = f"0::/system.slice/docker-{A}.scope\n"


def put(proc: Path, pid: int, comm: str = "sh", cgroup: str = "", command: bytes = b"", ppid: int = 0) -> None:
    """A process as /proc shows it."""
    folder = proc / str(pid)
    folder.mkdir(exist_ok=True)
    (folder / "comm").write_text(comm + "\n")
    (folder / "status").write_text("Name:\tx\nUid:\t0\t0\t0\t0\n")
    (folder / "cmdline").write_bytes(command)
    if cgroup:
        (folder / "cgroup").write_text(cgroup)
    after = ["S", str(ppid), *["0"] * 15, "3", "0", str(100 * os.sysconf("SC_CLK_TCK")), "999", "17", *["0"] * 30]
    (folder / "stat").write_text(f"{pid} (a) b ({comm}) {' '.join(after)}\n")


def gone(proc: Path, pid: int) -> None:
    """It has ended."""
    for file in (proc / str(pid)).iterdir():
        file.unlink()
    (proc / str(pid)).rmdir()


def pids(*numbers: int) -> frozenset[int]:
    """Of rows."""
    return frozenset(numbers)


# --- units ------------------------------------------------------------------------------------------------------------


def test_a_process_has_the_unit_of_its_control_group(tmp_path: Path) -> None:
    """None where there are no groups."""
    put(tmp_path, 7, cgroup="0::/system.slice/ssh.service\n")
    put(tmp_path, 8)
    found = Processes(lambda _: "ann", tmp_path).update(pids(7, 8))
    assert found == {7: Process(found[7].name, "ann", "ssh.service"), 8: Process("sh", "ann")}


def test_a_containers_name_that_comes_later_makes_a_new_mapping(tmp_path: Path) -> None:
    """The one that a sample has already is left as it was; the id is asked for once."""
    for pid in (7, 8):
        put(tmp_path, pid, cgroup=DOCKER)
    put(tmp_path, 9, cgroup="0::/system.slice/ssh.service\n")
    processes, rows = Processes(str, tmp_path), pids(7, 8, 9)
    before = processes.update(rows)
    assert (before[7].unit, before[7].container) == ("0123456789ab", True)
    assert processes.question(0.0) == (A,)
    processes.learn_containers((A,), ("web",))
    after = processes.update(rows)
    assert [after[pid].unit for pid in (7, 8, 9)] == ["web", "web", "ssh.service"]
    assert before[7].unit == "0123456789ab"
    assert processes.update(rows) is after
    assert processes.question(9.0) == ()


def test_a_process_that_moved_or_is_gone(tmp_path: Path) -> None:
    """Another group is noticed; one that has exited is at the root of v1 hierarchies, and keeps what it was in."""
    put(tmp_path, 7, cgroup=DOCKER)
    processes, rows = Processes(str, tmp_path), pids(7)
    processes.update(rows)
    put(tmp_path, 7, cgroup="0::/system.slice/ssh.service\n")
    assert processes.update(rows)[7] == Process("sh", "0" if os.getuid() == 0 else str(os.getuid()), "ssh.service")
    put(tmp_path, 7, cgroup="1:name=systemd:/\n0::/\n")
    assert processes.update(rows)[7].unit == "ssh.service"
    gone(tmp_path, 7)
    assert processes.update(rows)[7].unit == "ssh.service"


def test_a_program_that_became_another_is_told_of_once(tmp_path: Path) -> None:
    """So that what else is known of it can be looked up anew."""
    put(tmp_path, 7)
    processes, rows = Processes(str, tmp_path), pids(7)
    processes.update(rows)
    assert processes.changed == frozenset()
    put(tmp_path, 7, "server")
    processes.update(rows)
    assert processes.changed == {7}
    processes.update(rows)
    assert processes.changed == frozenset()


# --- details ----------------------------------------------------------------------------------------------------------


def test_all_that_proc_says_of_a_process(tmp_path: Path) -> None:
    """Arguments joined by blanks, parents by name, whatever the program is called."""
    put(tmp_path, 7, "sh", DOCKER, b"/bin/sh\0-c\0a\x1bb\0", ppid=5)
    put(tmp_path, 5, "parent")
    details = Details(tmp_path)
    found = details.update({}, pids(7))[7]
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert found.started_s == pytest.approx(booted + 100, abs=1)
    page = os.sysconf("SC_PAGE_SIZE")
    expected = Detail(
        "/bin/sh -c a\u241bb", 5, "parent", found.started_s, 3, 17 * page, f"/system.slice/docker-{A}.scope"
    )
    assert found == expected
    assert Details(tmp_path).update({5: Process("known")}, pids(7))[7].parent == "known"


def test_this_process_and_what_does_not_exist() -> None:
    """The real /proc; no entry for a pid that is not there."""
    found = Details().update({}, pids(os.getpid(), 2**22 + 1, 0))
    assert set(found) == {os.getpid()}
    detail = found[os.getpid()]
    assert detail.ppid == os.getppid()
    assert "pytest" in detail.command
    assert detail.started_s < time.time()
    assert detail.threads >= 1


def test_long_command_lines_are_cut(tmp_path: Path) -> None:
    """At four hundred characters."""
    put(tmp_path, 7, command="ä".encode() * 5000)
    assert Details(tmp_path).update({}, pids(7))[7].command[:COMMAND] == "ä" * COMMAND


def test_a_few_are_looked_up_at_each_update_and_the_newest_rows_first(tmp_path: Path) -> None:
    """Then nothing is done any more: the mapping stays the same object."""
    many = pids(*range(1, 2 * NEW_PER_UPDATE + 2))
    for pid in (*many, 99):
        put(tmp_path, pid)
    details = Details(tmp_path)
    assert len(details.update({}, many)) == NEW_PER_UPDATE
    rows = many | {99}
    assert 99 in details.update({}, rows)
    details.update({}, rows)
    everything = details.update({}, rows)
    assert set(everything) == rows
    for pid in rows:
        gone(tmp_path, pid)
    assert details.update({}, rows) is everything


def test_details_of_processes_without_rows_are_dropped(tmp_path: Path) -> None:
    """Those of one that is gone stay while there is a row of it."""
    put(tmp_path, 7)
    put(tmp_path, 8)
    details = Details(tmp_path)
    before = details.update({}, pids(7, 8))
    gone(tmp_path, 7)
    assert details.update({}, pids(7)) == {7: before[7]}
    assert details.update({}, pids()) == {}
    assert set(before) == {7, 8}


def test_the_inspected_process_is_looked_at_each_time_row_or_not(tmp_path: Path) -> None:
    """A new mapping only when something changed; nothing is left of it afterwards, nor once it has ended."""
    put(tmp_path, 7, command=b"one")
    details, rows = Details(tmp_path), pids()
    first = details.update({}, rows, inspected=7)
    assert first[7].command == "one"
    assert details.update({}, rows, inspected=7) is first
    put(tmp_path, 7, command=b"two")
    assert details.update({}, rows, inspected=7)[7].command == "two"
    assert details.update({}, rows) == {}
    gone(tmp_path, 7)
    assert details.update({}, rows, inspected=7) == {}


def test_a_process_that_runs_another_program_is_looked_up_anew(tmp_path: Path) -> None:
    """As exec changes its command line."""
    put(tmp_path, 7, command=b"one")
    details, rows = Details(tmp_path), pids(7)
    details.update({}, rows)
    put(tmp_path, 7, command=b"two")
    assert details.update({}, rows)[7].command == "one"
    assert details.update({}, rows, changed=(7,))[7].command == "two"


def test_who_was_gone_before_the_first_look_is_not_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two looks, however the others come and go; a number that is given again is found in its turn."""
    looks: list[str] = []

    def counted(path: str, most: int) -> bytes:
        looks.append(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(processes, "read", counted)
    names = Processes(str, tmp_path)
    gone = frozenset(range(1000, 1000 + 5 * AGAIN_PER_UPDATE))
    for stranger in range(2, 42):
        names.update(gone | {stranger})
    first = sum(path.endswith("/1000/comm") for path in looks)
    assert 2 <= first <= 2 + 40 // 5 + 1

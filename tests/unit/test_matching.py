"""Who meets a target, over a folder that looks like /proc."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ebtop import wire
from ebtop.warden import matching
from ebtop.warden.matching import Matching, Origin
from ebtop.warden.units import Units

INIT, SHELL, WORKER, OTHER = 1, 40, 41, 97


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Four processes: init, a shell of user 1000, what it started, and another of root's."""
    process(tmp_path, INIT, "systemd", 0, 0, 1, "/init.scope")
    process(tmp_path, SHELL, "bash", 1000, INIT, 500, "/user.slice/session-1.scope")
    process(tmp_path, WORKER, "a (b) c", 1000, SHELL, 700, "/user.slice/session-1.scope")
    process(tmp_path, OTHER, "bash", 0, INIT, 600, "/system.slice/web.service")
    (tmp_path / "self").mkdir()
    return tmp_path


def process(proc: Path, pid: int, comm: str, uid: int, parent: int, start: int, cgroup: str) -> None:
    """One more in the folder."""
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "comm").write_text(f"{comm}\n")
    (folder / "status").write_text(f"Name:\t{comm}\nTgid:\t{pid}\nUid:\t{uid}\t0\t0\t0\n")
    fields = ["S", str(parent), *["0"] * 17, str(start), "0"]
    (folder / "stat").write_text(f"{pid} ({comm}) {' '.join(fields)}\n")
    (folder / "cgroup").write_text(f"1:name=systemd:/\n0::{cgroup}\n")


def met(aim: wire.Aim, proc: Path) -> set[int]:
    """Those that meet `aim`."""
    found = matching.resolve(aim, Units(str(proc)).of, str(proc))
    return {pid for pid in found.processes() if found(pid)}


@pytest.mark.parametrize(
    ("aim", "pids"),
    [
        (wire.Aim(pids=(SHELL, OTHER, 12345)), {SHELL, OTHER}),
        (wire.Aim(comm="bash"), {SHELL, OTHER}),
        (wire.Aim(comm="bas"), set()),
        (wire.Aim(comm="a (b) c"), {WORKER}),
        (wire.Aim(user="1000"), {SHELL, WORKER}),
        (wire.Aim(user="root"), {INIT, OTHER}),
        (wire.Aim(unit="web"), {OTHER}),
        (wire.Aim(unit="web.service"), {OTHER}),
        (wire.Aim(unit="session-1.scope"), {SHELL, WORKER}),
        (wire.Aim(comm="bash", user="1000"), {SHELL}),
        (wire.Aim(pids=(SHELL, WORKER), comm="bash"), {SHELL}),
        (wire.Aim(pids=(WORKER,), unit="web"), set()),
    ],
)
def test_a_process_counts_when_it_meets_every_part(proc: Path, aim: wire.Aim, pids: set[int]) -> None:
    """Pid, exact name, real user by name or number, unit; what is gone meets nothing."""
    assert met(aim, proc) == pids


def test_a_long_name_is_compared_as_the_kernel_keeps_it(proc: Path) -> None:
    """Fifteen bytes of it."""
    process(proc, 200, "a-very-long-nam", 0, INIT, 900, "/")
    assert met(wire.Aim(comm="a-very-long-name-indeed"), proc) == {200}


def test_a_user_whom_nobody_knows_is_an_error_with_a_remedy(proc: Path) -> None:
    """A number needs no name."""
    with pytest.raises(LookupError, match="getent"):
        matching.resolve(wire.Aim(user="no-such-user"), str, str(proc))
    assert matching.uid_of("54321") == 54321


def test_the_unit_is_that_of_version_two_of_control_groups_or_of_systemd(proc: Path) -> None:
    """As cgroups tells; nothing for who is gone."""
    (proc / str(INIT) / "cgroup").write_text("4:memory:/other\n1:name=systemd:/system.slice/db.service\n0::/\n")
    assert Units(str(proc)).of(INIT) == "db.service"
    assert Units(str(proc)).of(4711) == ""


def test_a_process_that_goes_while_it_is_looked_at_meets_nothing(proc: Path) -> None:
    """No error."""
    found = Matching(wire.Aim(comm="bash"), b"bash", -1, str, str(proc))
    os.remove(proc / str(SHELL) / "comm")
    assert not found(SHELL)


def test_where_processes_come_from_is_read_behind_the_last_bracket(proc: Path) -> None:
    """A name may hold brackets and blanks."""
    assert matching.origins(str(proc))[WORKER] == Origin(SHELL, 700)


def test_what_a_member_starts_from_then_on_is_a_member_and_what_it_had_started_is_not(proc: Path) -> None:
    """The worker began at tick 700: before 701, not before 699; a pid that is someone else's now is out."""
    there = matching.origins(str(proc))
    assert set(matching.descendants(there, {}, {SHELL}, 701)) == {SHELL}
    members = matching.descendants(there, {}, {SHELL}, 699)
    assert set(members) == {SHELL, WORKER}
    orphan = {**there, WORKER: Origin(INIT, 700)}
    del orphan[SHELL]
    assert set(matching.descendants(orphan, members, set(), 699)) == {WORKER}
    reborn = {**orphan, WORKER: Origin(INIT, 950)}
    assert matching.descendants(reborn, members, set(), 699) == {}

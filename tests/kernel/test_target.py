"""Only a target's events are counted: by pid, name and user, its children with it, changed while probes run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ebtop.kernel import syscalls
from ebtop.sample import Sample, Target
from tests.kernel.live_session import Ids, LiveSession, ids
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

NUMBERS = {name: number for number, name in syscalls.names().items()}
CALLS, READS, OPENS, CHILDS = 211, 97, 23, 101
PREPARE = "zero = os.open('/dev/zero', os.O_RDONLY)"
ROUND = f"""
def once():
    for _ in range({CALLS}): os.getppid()
    for _ in range({READS}): os.read(zero, 101)
    for _ in range({OPENS}):
        try: os.open('/no/such/file', os.O_RDONLY)
        except OSError: pass
once()
while True:
    signal.sigwait({{signal.SIGUSR1}})
    once()
"""
PARENT = f"""
if os.fork() == 0:
    for _ in range({CHILDS}): os.getpgid(0)
    os._exit(0)
os.wait()
"""
CHILD = """
me = os.getpid()
if os.fork() == 0:
    while os.getppid() == me:
        os.getpgid(0)
        time.sleep(0.05)
    os._exit(0)
"""
PROBES = ("syscalls", "rw", "opens")
STRANGER, ANOTHER = 54321, 54322


def calls(sample: Sample, call: str, pid: int = 0) -> int:
    """How often the probe syscalls saw that call, of that process if one is named."""
    rows = sample.probes["syscalls"].maps["syscalls_calls"]
    mine = (rows.keys["nr"] == NUMBERS[call]) & ((rows.keys["pid"] == pid) | (pid == 0))
    return int(rows.values["calls"][mine].sum())


def done(sample: Sample, pid: int) -> tuple[int, int, int]:
    """What the three probes saw of a worker: getppid, reads, failed opens."""
    reads, opens = sample.probes["rw"].maps["rw_calls"], sample.probes["opens"].maps["opens_files"]
    read = int(reads.values["reads"][reads.keys["pid"] == pid].sum())
    wanted = [number for number, path in sample.labels["opens_paths"].items() if path == "/no/such/file"]
    opened = (opens.keys["pid"] == pid) & np.isin(opens.keys["path"], wanted)
    return calls(sample, "getppid", pid), read, int(opens.values["failures"][opened].sum())


def pids(sample: Sample) -> set[int]:
    """Every process that has a row anywhere."""
    maps = [content for probe in sample.probes.values() for content in probe.maps.values()]
    return {pid for rows in maps if "pid" in (rows.keys.dtype.names or ()) for pid in rows.keys["pid"].tolist()}


def test_only_the_targets_events_are_counted_and_it_changes_without_attaching_anything(before: Ids) -> None:
    """One worker, then the other, then everybody: what was counted stays, and no probe begins anew."""
    once = (CALLS, READS, OPENS)
    twice = (2 * CALLS, 2 * READS, 2 * OPENS)
    with Worker(ROUND, prepare=PREPARE) as one, Worker(ROUND, prepare=PREPARE) as other, LiveSession() as session:
        session.aim(Target(pids=(one.pid,)))
        session.want(*PROBES)
        first = session.live(*PROBES)
        for worker in (one, other):
            worker.work()
        sample = session.tick()
        assert (done(sample, one.pid), done(sample, other.pid)) == (once, (0, 0, 0))
        assert pids(sample) == {one.pid}

        session.aim(Target(pids=(other.pid,)))
        for worker in (one, other):
            worker.work()
        sample = session.tick()
        assert (done(sample, one.pid), done(sample, other.pid)) == (once, once)

        session.aim(Target())
        for worker in (one, other):
            worker.work()
        sample = session.tick()
        assert (done(sample, one.pid), done(sample, other.pid)) == (twice, twice)
    for probe in PROBES:
        assert sample.probes[probe].started_ns == first.probes[probe].started_ns


@pytest.mark.parametrize("children", [True, False])
def test_what_a_target_starts_is_counted_if_that_is_asked_for(before: Ids, children: bool) -> None:
    """A child that is forked while its parent is the target; the parent itself is counted in any case."""
    with Worker(PARENT + "os.getppid()") as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        session.aim(Target(pids=(worker.pid,), children=children), followed=True)
        worker.work()
        sample = session.tick()
    assert calls(sample, "getppid", worker.pid) == 1
    assert calls(sample, "getpgid") == (CHILDS if children else 0)


def test_a_program_started_later_is_counted_by_its_name(before: Ids, tmp_path: Path) -> None:
    """From its exec on; the same work under another name is not counted."""
    text = f"import os\nfor _ in range({CALLS}): os.getppid()"
    with LiveSession("syscalls") as session:
        session.live("syscalls")
        session.aim(Target(comm="named-for-this", children=False), followed=True)
        for name in ("named-for-this", "named-otherwise"):
            (tmp_path / name).symlink_to(Path(sys.executable).resolve())
            subprocess.run([tmp_path / name, "-S", "-c", text], check=True)
        sample = session.tick()
    assert calls(sample, "getppid") == CALLS


def test_a_process_that_becomes_another_user_is_counted_within_a_second_or_two(before: Ids) -> None:
    """In when it becomes the user, out when it becomes yet another; no other process of theirs is there."""
    become = f"os.setresuid({STRANGER}, {STRANGER}, 0)\n"
    with (
        Worker(ROUND.replace("once()\nwhile", f"{become}while"), prepare=PREPARE) as worker,
        Worker(ROUND, prepare=PREPARE) as other,
        LiveSession("syscalls") as session,
    ):
        session.live("syscalls")
        session.aim(Target(user=str(STRANGER), children=False))
        other.work()
        worker.work()  # from here on it is the stranger
        sample = session.tick()
        while calls(sample, "getppid", worker.pid) == 0:
            worker.work()
            sample = session.tick()
        counted = calls(sample, "getppid", worker.pid)
        worker.work()
        sample = session.tick()
        assert calls(sample, "getppid", worker.pid) == counted + CALLS
        assert calls(sample, "getppid", other.pid) == 0

        session.aim(Target(user=str(ANOTHER), children=False))
        worker.work()
        assert calls(session.tick(), "getppid", worker.pid) == counted + CALLS


def test_a_user_whom_nobody_knows_leaves_the_target_as_it_is(before: Ids) -> None:
    """The log says why."""
    with Worker(ROUND, prepare=PREPARE) as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        session.aim(Target(pids=(worker.pid,)), followed=True)
        session._say(aim=asdict(Target(user="no-such-user")))
        sample = session.until(lambda sample: any("no user" in line for line in sample.messages))
    assert sample.target == Target(pids=(worker.pid,))


def test_where_the_kernel_does_not_follow_children_are_found_by_looking(before: Ids) -> None:
    """The log says that it is so; a child that stays is counted once it was found. It ends with its parent."""
    child = (
        "me = os.getpid()\nif os.fork() == 0:\n while os.getppid() == me: os.getpgid(0); time.sleep(0.05)\n os._exit(0)"
    )
    with Worker(child) as worker, LiveSession("syscalls", broken="follow") as session:
        session.live("syscalls")
        session._say(aim=asdict(Target(pids=(worker.pid,))))
        session.until(lambda sample: any("once a second only" in line for line in sample.messages))
        worker.work()
        sample = session.until(lambda sample: calls(sample, "getpgid") > 0)
    assert sample.target == Target(pids=(worker.pid,))


def test_what_others_begin_and_end_is_not_called_unmatched(before: Ids) -> None:
    """Connects of a process that is left out, which are refused: neither counted nor told to lack a start."""
    work = f"""
for _ in range({OPENS}):
    try: socket.create_connection(("127.0.0.1", 1))
    except OSError: pass
"""
    with Worker(work) as one, Worker(work) as other, LiveSession() as session:
        session.aim(Target(pids=(one.pid,)))
        session.want("tcpconnect")
        session.live("tcpconnect")
        for worker in (one, other):
            worker.work()
        probe = session.tick().probes["tcpconnect"]
    assert (probe.totals.total, probe.totals.unmatched) == (OPENS, 0)
    assert int(probe.maps["tcpconnect_rows"].values["failures"].sum()) == OPENS


def test_nothing_follows_when_there_is_no_target_any_more(before: Ids) -> None:
    """The probe that follows new processes is detached with the target; the others stay."""
    with Worker(ROUND, prepare=PREPARE) as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        without = ids()
        session.aim(Target(pids=(worker.pid,)), followed=True)
        assert len([kind for kind, _ in ids() - without if kind == "link"]) == 2
        session.aim(Target())
        wait_until(lambda: not ids() - without)
        assert {one for one in without if one[0] == "link"} <= ids()

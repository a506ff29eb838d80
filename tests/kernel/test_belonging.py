"""Containers, units and details of real processes in real control groups, through warden and Live."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from ebtop.sample import Process
from tests.kernel.control_group import ControlGroup
from tests.kernel.live_session import LiveSession
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

ID = "00c0ffee" * 8
WORK = "for _ in range(101): os.getppid()"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A root with docker's folder, as docker keeps it, and the one container in it called web."""
    folder = tmp_path / "var/lib/docker/containers" / ID
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(json.dumps({"ID": ID, "Name": "/web", "State": {"Running": True}}))
    return tmp_path


def test_a_process_in_a_containers_control_group_has_the_name_that_the_runtime_gave_it(runtime: Path) -> None:
    """The screen reads the group, the warden knows the name; a process beside it is in no container."""
    with Worker(WORK) as inside, Worker(WORK) as outside, ControlGroup(f"docker-{ID}.scope") as group:
        group.take(inside.pid)
        with LiveSession("syscalls", root=str(runtime)) as session:
            session.live("syscalls")
            inside.work()
            outside.work()
            sample = session.until(lambda sample: _unit(sample.processes.get(inside.pid)) == "web")
            assert sample.processes[inside.pid].container
            sample = session.until(lambda sample: {inside.pid, outside.pid} <= sample.details.keys())
        assert sample.details[inside.pid].cgroup == f"/docker-{ID}.scope"
        assert not sample.processes[outside.pid].container


def test_a_container_that_nobody_names_is_known_by_its_digits(tmp_path: Path) -> None:
    """The same, on a machine without docker's folder."""
    with Worker(WORK) as worker, ControlGroup(f"docker-{ID}.scope") as group:
        group.take(worker.pid)
        with LiveSession("syscalls", root=str(tmp_path)) as session:
            session.live("syscalls")
            worker.work()
            sample = session.until(lambda sample: worker.pid in sample.processes)
            assert _unit(sample.processes[worker.pid]) == ID[:12]
            assert _unit(session.tick().processes[worker.pid]) == ID[:12]


def test_a_process_that_is_moved_is_found_where_it_is_now() -> None:
    """Known processes are looked at again: one that a session or a service takes in shows there."""
    with Worker(WORK) as worker, ControlGroup("session-4711.scope") as group:
        with LiveSession("syscalls") as session:
            session.live("syscalls")
            worker.work()
            session.until(lambda sample: worker.pid in sample.processes)
            group.take(worker.pid)
            sample = session.until(lambda sample: _unit(sample.processes[worker.pid]) == "session-4711.scope")
        assert not sample.processes[worker.pid].container


def test_an_inspected_process_has_details_without_a_row_and_until_it_is_let_go() -> None:
    """Its command line, parent, threads, memory; at once, anew in each sample, and not once another is asked for."""
    with Worker("os.getppid()", "x" * 500) as worker, LiveSession("opens", interval=0.5) as session:
        session.live("opens")
        session.inspect(worker.pid)
        detail = session.until(lambda sample: worker.pid in sample.details).details[worker.pid]
        assert detail.command.startswith(f"{sys.executable} -S -c")
        assert len(detail.command) == 400
        assert (detail.ppid, detail.threads) == (os.getpid(), 1)
        assert detail.parent == Path("/proc/self/comm").read_text().strip()
        assert detail.memory_bytes > 4_000_000
        session.inspect(0)
        session.until(lambda sample: worker.pid not in sample.details)


def _unit(process: Process | None) -> str:
    return process.unit if process else ""

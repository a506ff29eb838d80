"""Live over the real warden and the real loader: toggles, failures, losses, names of processes that are gone."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import Frame, TableFrame
from ebtop.kernel import syscalls
from ebtop.sample import Sample, State
from tests.kernel.live_session import Ids, LiveSession, ids, state_of
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

NUMBERS = {name: number for number, name in syscalls.names().items()}
NAMED = "with open('/proc/self/comm', 'w') as file: file.write('known-by-name')"


def calls(sample: Sample, pid: int, call: str) -> int:
    """How often the probe syscalls saw that call of that process."""
    rows = sample.probes["syscalls"].maps["syscalls_calls"]
    mine = (rows.keys["pid"] == pid) & (rows.keys["nr"] == NUMBERS[call])
    return int(rows.values["calls"][mine].sum())


def names(sample: Sample) -> dict[int, str]:
    """By pid, what the table of processes calls them."""
    frame: Frame = derive(sample, None, registry.probes())
    table = frame.probes["syscalls"].views["by_process"]
    assert isinstance(table, TableFrame) and table.comm is not None
    return {
        int(pid): frame.name_of(int(pid), comm)
        for pid, comm in zip(table.keys["pid"], table.comm.tolist(), strict=True)
    }


def test_a_probe_switched_off_is_detached_at_once_and_on_again_starts_from_zero(before: Ids) -> None:
    """Its programs' ids vanish, the other probe's stay; the second run counts 101 calls and not 1009 + 101."""
    works = [f"for _ in range({times}): os.getppid()" for times in (1009, 101)]
    with Worker(works[0]) as first, Worker(works[1]) as second, LiveSession("syscalls", "exec") as session:
        session.live("syscalls", "exec")
        both = ids() - before
        first.work()
        seen = session.tick()
        assert calls(seen, first.pid, "getppid") == 1009

        session.want("exec")
        off = session.until(lambda sample: state_of(sample, "syscalls") is State.OFF)
        assert state_of(off, "exec") is State.LIVE
        wait_until(lambda: len(ids() & both) < len(both) - 4)
        assert ids() & both

        session.want("exec", "syscalls")
        again = session.live("syscalls", "exec")
        assert again.probes["syscalls"].started_ns > seen.probes["syscalls"].started_ns
        assert again.probes["exec"].started_ns == seen.probes["exec"].started_ns
        assert again.probes["syscalls"].totals.total < seen.probes["syscalls"].totals.total
        second.work()
        sample = session.tick()
    assert calls(sample, first.pid, "getppid") == 0
    assert calls(sample, second.pid, "getppid") == 101


def test_a_probe_that_finds_no_place_fails_alone(before: Ids) -> None:
    """Its panel says what is missing; the other one counts."""
    with (
        Worker("for _ in range(211): os.getppid()") as worker,
        LiveSession("opens", "syscalls", broken="opens") as session,
    ):
        sample = session.live("syscalls")
        worker.work()
        sample = session.tick()
    assert sample.probes["opens"].state is State.FAILED
    assert "no_such_place" in sample.probes["opens"].error
    assert calls(sample, worker.pid, "getppid") == 211


def test_what_a_full_map_drops_is_on_the_next_refresh(before: Ids) -> None:
    """Four rows for 31 programs that do not exist: at least 27 dropped, in the first sample after."""
    work = "for n in range(31):\n try: os.execv(f'/no/{n}', ['x'])\n except OSError: pass"
    with Worker(work) as worker, LiveSession("exec", interval=0.5, rows=4) as session:
        session.live("exec")
        worker.work()
        sample = session.tick()
        assert sample.probes["exec"].totals.drops >= 27
        assert derive(sample, None, registry.probes()).lost >= 27
        session.until(_all_accounted_for)


def _all_accounted_for(sample: Sample) -> bool:
    """Total = shown + pruned + dropped, in a sample that no exec fell into the middle of."""
    totals, shown = sample.probes["exec"].totals, sample.probes["exec"].maps["exec_rows"]
    return totals.total == int(shown.values["execs"].sum()) + totals.pruned + totals.drops


def test_events_that_the_ring_buffer_had_no_room_for_are_counted(before: Ids) -> None:
    """20,011 while the reader is stopped: seen and lost together are all there were."""
    work = "for n in range(20_011):\n try: os.execv('/no/such', ['x'])\n except OSError: pass"
    with Worker(work) as worker, LiveSession("exec", interval=5) as session:
        session.live("exec")
        os.kill(session.screen(), signal.SIGSTOP)
        worker.work()
        os.kill(session.screen(), signal.SIGCONT)
        session.every(0.2)
        sample = session.tick()
        rows = sample.probes["exec"].maps["exec_rows"]
        mine = rows.values["failures"][rows.keys["pid"] == os.getpid()]  # its parent: this process
        assert int(mine.sum()) == 20_011
        assert sample.probes["exec"].totals.lost > 0
        assert sample.labels["uid"][os.getuid()]
        session.until(_all_told)


def test_a_ring_buffer_that_fills_up_between_two_refreshes_is_emptied(before: Ids) -> None:
    """2,003 events are more than twice what it holds: told of in time, the reader loses none in a minute."""
    work = "for n in range(2003):\n time.sleep(0.001)\n try: os.execv('/no/such', ['x'])\n except OSError: pass"
    with Worker(work) as worker, LiveSession("exec", interval=60) as session:
        session.live("exec")
        worker.work()
        session.every(0.2)
        probe = session.tick().probes["exec"]
    assert probe.totals.lost == 0
    assert probe.events["exec_events"].seen >= 2003


def _all_told(sample: Sample) -> bool:
    """Seen + lost = total, in a sample that no exec fell into the middle of."""
    probe = sample.probes["exec"]
    return probe.events["exec_events"].seen + probe.totals.lost == probe.totals.total


def test_a_process_that_was_seen_keeps_its_name_when_it_is_gone(before: Ids) -> None:
    """It is named by /proc while it lives, and so as long as it has a row."""
    with Worker("os.getppid()", prepare=NAMED) as worker, LiveSession("syscalls") as session:
        session.live("syscalls")
        worker.work()
        sample = session.until(lambda sample: worker.pid in sample.processes)
        assert sample.processes[worker.pid].name == "known-by-name"
        assert sample.processes[worker.pid].user == "root"
        worker.leave()
        sample = session.tick()
    assert names(sample)[worker.pid] == "known-by-name"


def test_a_process_that_came_and_went_between_two_refreshes_is_named_by_the_kernel(before: Ids) -> None:
    """Nobody looked into /proc while it was there."""
    with Worker("os.getppid()", prepare=NAMED) as worker, LiveSession("syscalls", interval=30) as session:
        session.live("syscalls")
        session.next()  # the early one, a tenth of a second after
        worker.work()
        worker.leave()
        session.every(0.2)
        sample = session.tick()
    assert worker.pid not in sample.processes
    assert names(sample)[worker.pid] == "known-by-name"


def test_rows_of_processes_that_are_gone_make_room(before: Ids) -> None:
    """A map that fills up is pruned of them, what they counted is kept, and their names are forgotten."""
    had: set[int] = set()

    def some_are_gone(sample: Sample) -> bool:
        now = set(_pids(sample)) & pids
        had.update(now)
        return sample.probes["syscalls"].totals.pruned > 0 and bool(had - now)

    with LiveSession("syscalls", interval=0.1, rows=1024) as session:
        session.live("syscalls")
        pids = {_short() for _ in range(47)}
        sample = session.until(some_are_gone)
    gone = had - set(_pids(sample))
    assert not gone & sample.processes.keys()


def _short() -> int:
    process = subprocess.Popen(["/bin/true"])
    assert process.wait() == 0
    return process.pid


def _pids(sample: Sample) -> list[int]:
    pids: list[int] = sample.probes["syscalls"].maps["syscalls_calls"].keys["pid"].tolist()
    return pids


def test_the_refresh_interval_changes_while_it_runs(before: Ids) -> None:
    """From ten minutes to a twentieth of a second: regular samples come, which else nobody would live to see."""
    with LiveSession("exec", interval=600) as session:
        session.live("exec")
        session.every(0.05)
        for _ in range(5):
            sample = session.tick()
    assert sample.interval_s == 0.05
    assert sample.tick


def test_killed_it_leaves_nothing_behind(before: Ids) -> None:
    """SIGKILL to the process that holds the descriptors: the fixture sees everything go."""
    with LiveSession("syscalls", "opens", "exec") as session:
        session.live("syscalls", "opens", "exec")
        assert ids() - before
        session.kill()

"""The machine's numbers, names of processes, labels, pruning and slices of statistics."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ebtop.costs import Costs, Program, cost
from ebtop.host import Host, memory_of
from ebtop.kernel import stats, syscalls
from ebtop.kernel.stats import Runs
from ebtop.labels import Labels, block_devices
from ebtop.processes import Processes
from ebtop.pruning import IDLE_TICKS, QUIET_TICKS, Pruning, pids_alive
from ebtop.sample import MapRows, Process


def test_the_host_is_this_machine() -> None:
    """Names, CPUs and memory are those the system tells of itself."""
    sample = Host(os.getppid()).read("0.26")
    assert sample.hostname == socket.gethostname()
    assert sample.kernel == os.uname().release
    assert sample.cpus == os.cpu_count()
    assert sample.memory_total_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < sample.memory_used_bytes < sample.memory_total_bytes
    assert 0 < sample.cpu_busy_s < sample.cpu_total_s
    assert sample.bcc == "0.26"


def test_own_cost_grows_with_own_work() -> None:
    """A tenth of a second of work is seen as such."""
    host = Host(os.getpid())
    before = host.read().self_cpu_s
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert host.read().self_cpu_s - before >= 0.1


def test_memory_of_a_process_and_of_none() -> None:
    """A Python interpreter takes megabytes; a pid that is not there takes nothing."""
    assert memory_of(os.getpid()) > 4_000_000
    assert memory_of(2**22 + 1) == 0


def test_a_warden_that_is_gone_keeps_its_last_figure() -> None:
    """Self cost never shrinks, which would be a reborn counter."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    host = Host(child.pid)
    before = host.read().self_cpu_s
    child.communicate(b"\n")
    assert host.read().self_cpu_s >= before


def users(uid: int) -> str:
    return {0: "root", 1000: "ann"}.get(uid, str(uid))


def folder(proc: Path, pid: int, comm: str) -> None:
    (proc / str(pid)).mkdir(exist_ok=True)
    (proc / str(pid) / "comm").write_text(comm + "\n")
    (proc / str(pid) / "status").write_text("Name:\tx\nUid:\t1000\t1000\t0\t0\n")


def test_processes_are_named_once_and_kept_while_they_have_rows(tmp_path: Path) -> None:
    """A process that ends keeps its name as long as there is a row of it, and no longer."""
    folder(tmp_path, 4121, "postgres")
    processes = Processes(users, tmp_path)
    owner = "ann" if os.getuid() == 0 else users(os.getuid())
    assert processes.update(frozenset({4121, 5})) == {4121: Process("postgres", owner)}
    for file in (tmp_path / "4121").iterdir():
        file.unlink()
    assert processes.update(frozenset({4121}))[4121].name == "postgres"
    assert processes.update(frozenset()) == {}


def test_a_name_that_exec_changed_is_noticed(tmp_path: Path) -> None:
    """Known processes are looked at again in turns."""
    processes = Processes(users, tmp_path)
    folder(tmp_path, 7, "sh")
    pids = frozenset({7})
    assert processes.update(pids)[7].name == "sh"
    folder(tmp_path, 7, "server")
    assert processes.update(pids)[7].name == "server"


def test_hostile_names_of_processes_are_cleaned(tmp_path: Path) -> None:
    """Escape sequences in comm arrive visible."""
    folder(tmp_path, 7, "\x1b]0;owned\x07")
    assert Processes(users, tmp_path).update(frozenset({7}))[7].name == "\u241b]0;owned\u2407"


def test_the_same_processes_are_the_same_mapping(tmp_path: Path) -> None:
    """Nothing is copied while nothing changes."""
    folder(tmp_path, 7, "sh")
    processes = Processes(users, tmp_path)
    pids = frozenset({7})
    assert processes.update(pids) is processes.update(pids)


def test_block_devices_are_named_by_their_number(tmp_path: Path) -> None:
    """MAJOR:MINOR links as sysfs has them; "!" in a name stands for "/"."""
    (tmp_path / "259:3").symlink_to("../../devices/pci0000:00/nvme/nvme0n1/nvme0n1p3")
    (tmp_path / "104:0").symlink_to("../../devices/pci0000:00/cciss!c0d0")
    assert block_devices(tmp_path) == {259 << 20 | 3: "nvme0n1p3", 104 << 20: "cciss/c0d0"}
    assert block_devices(tmp_path / "none") == {}


def test_labels_name_system_calls_devices_interfaces_and_users(tmp_path: Path) -> None:
    """All four kinds, each by number."""
    (tmp_path / "8:0").symlink_to("../sda")
    labels = Labels(tmp_path).of(frozenset({8 << 20}), frozenset({0}), frozenset({1}))
    assert labels["interface"][1] == "lo"
    assert labels["uid"][0] == "root"
    assert labels["device"] == {8 << 20: "sda"}
    assert labels["syscall"] == syscalls.names()


def test_an_interface_that_is_gone_keeps_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is looked up for a new one is added to what was known."""
    there = [(1, "lo"), (7, "veth\x1b7")]
    monkeypatch.setattr(socket, "if_nameindex", lambda: there)
    labels = Labels(tmp_path)
    assert labels.of(frozenset(), frozenset(), frozenset({7}))["interface"] == {1: "lo", 7: "veth\u241b7"}
    there[1:] = [(8, "eth0")]
    assert labels.of(frozenset(), frozenset(), frozenset({7, 8}))["interface"][7] == "veth\u241b7"
    assert labels.of(frozenset(), frozenset(), frozenset({7, 8}))["interface"][8] == "eth0"


def test_system_calls_have_the_numbers_of_their_architecture() -> None:
    """A few from each end of both tables."""
    x86, arm = syscalls.names("x86_64"), syscalls.names("aarch64")
    assert [x86[n] for n in (0, 59, 231, 257, 321, 334, 435, 451, 469)] == [
        "read", "execve", "exit_group", "openat", "bpf", "rseq", "clone3", "cachestat", "file_setattr",
    ]  # fmt: skip
    assert [arm[n] for n in (0, 25, 56, 63, 221, 280, 293, 435, 462, 469)] == [
        "io_setup", "fcntl", "openat", "read", "execve", "bpf", "rseq", "clone3", "mseal", "file_setattr",
    ]  # fmt: skip
    assert syscalls.names("riscv64") == {}


def table(pids: list[int], calls: list[int], capacity: int) -> MapRows:
    keys = np.array([(pid,) for pid in pids], [("pid", "<u4")])
    return MapRows(keys, np.array([(count,) for count in calls], [("calls", "<u8")]), capacity)


def test_rows_of_processes_that_are_gone_and_quiet_are_pruned() -> None:
    """Only in a map that is more than half full, only the dead, only after three quiet refreshes."""
    pruning = Pruning("pid")
    alive = np.array([0, 1], np.uint32)
    for tick in range(QUIET_TICKS):
        assert pruning.places(table([0, 1, 2, 3], [5, 5, 5, tick], 6), alive).size == 0
    assert pruning.places(table([0, 1, 2, 3], [5, 5, 5, 99], 6), alive).tolist() == [2]


def test_rows_that_are_long_idle_are_pruned_where_room_is_scarce() -> None:
    """Of processes that live, or of no process, in a map more than three quarters full; what moves stays."""
    alive = np.array([0, 1], np.uint32)
    for pruning in (Pruning("pid"), Pruning()):
        for tick in range(IDLE_TICKS):
            assert pruning.places(table([0, 1], [5, tick], 2), alive).size == 0
        assert pruning.places(table([0, 1], [5, 99], 2), alive).tolist() == [0]
        for tick in range(2 * IDLE_TICKS):
            assert pruning.places(table([0, 1], [5, tick], 3), alive).size == 0


def test_a_map_at_most_half_full_is_left_alone() -> None:
    """There is room: the dead stay visible."""
    pruning = Pruning("pid")
    for _ in range(2 * QUIET_TICKS):
        assert pruning.places(table([2, 3], [5, 5], 4), np.array([1], np.uint32)).size == 0


def test_this_process_is_alive() -> None:
    """And so is the idle task, which /proc does not list."""
    assert {0, os.getpid()} <= set(pids_alive().tolist())


class Programs:
    """Two programs whose counts are what the test says."""

    hooks_ns = (98.0, 0.0)

    def __init__(self, *places: int) -> None:
        self.now = [Runs(0, 0), Runs(0, 0)]
        self.places = places or (0, 0)
        self.measured: list[bool] = []
        self.silent = False

    def measure(self, on: bool) -> None:
        self.measured.append(on)

    def runs(self) -> list[Runs]:
        if self.silent:
            raise OSError("Bad file descriptor")
        return list(self.now)


def test_the_cost_of_a_slice_is_less_the_clock_and_plus_the_hook() -> None:
    """100 runs of 255 ns on a hook of 98 ns, with a clock of 55 ns: 100 * (255 - 55 + 98)."""
    measured = cost(
        [Runs(10, 1000), Runs(0, 0)], [Runs(110, 26_500), Runs(0, 0)], [Program(98.0, 55.0), Program(0.0, 55.0)], 10**9
    )
    assert (measured.slice_ns, measured.runs, measured.run_ns) == (10**9, 100, 29_800)


def test_runs_cheaper_than_the_clock_cost_nothing_rather_than_less() -> None:
    """The clock's share is a mean; a cost is never negative."""
    assert cost([Runs(0, 0)], [Runs(10, 100)], [Program(0.0, 55.0)], 10**9).run_ns == 0


def test_statistics_are_on_for_one_slice_in_five() -> None:
    """At refreshes of a second: half a slice or more first, then one second in five."""
    switched: list[tuple[int, bool]] = []
    now = 0
    costs = Costs(lambda on: switched.append((now, on)))
    probe = Programs()
    for now in range(12):
        costs.advance(now * 10**9, {"probe": probe}, 1.0)
        probe.now = [Runs(now * 7, now * 7 * 155), Runs(0, 0)]
    assert switched == [(0, True), (1, False), (5, True), (6, False), (10, True), (11, False)]
    assert costs.of("probe").runs == 7
    assert costs.of("other").slice_ns == 0


def test_statistics_stay_on_where_they_are_wanted_always() -> None:
    """One slice follows the other."""
    costs = Costs(lambda on: None)
    probe = Programs()
    for now in range(4):
        probe.now = [Runs(now * 7, now * 7 * 155), Runs(0, 0)]
        costs.advance(now * 10**9, {"probe": probe}, 1.0, always=True)
        assert costs.of("probe").runs == (7 if now else 0)


def test_a_probe_whose_costs_cannot_be_read_is_the_only_one_without_a_cost() -> None:
    """At the end of a slice or at its begin: unknown is not nothing, and statistics have their rest all the same."""
    switched: list[tuple[int, bool]] = []
    now = 0
    costs = Costs(lambda on: switched.append((now, on)))
    silent, heard = Programs(), Programs()
    known = []
    for now, silent.silent in enumerate((False, False, False, False, False, False, True, *[False] * 3, True, False)):
        costs.advance(now * 10**9, {"silent": silent, "heard": heard}, 1.0)
        known.append((costs.of("silent").slice_ns > 0, costs.of("heard").runs))
        silent.now = heard.now = [Runs(now * now, 0), Runs(0, 0)]
    assert switched == [(0, True), (1, False), (5, True), (6, False), (10, True), (11, False)]
    assert known == [(False, 0), *[(True, 0)] * 5, *[(False, 9)] * 5, (False, 19)]
    assert heard.measured == silent.measured == [True, False] * 3


def test_what_shares_a_place_has_its_part_of_the_hook_and_a_clock_of_its_own() -> None:
    """Two probes at one place: half of the hook each, and the clock that they read themselves."""
    costs = Costs(lambda on: None)
    costs.shared_clock_ns = 40.0
    sharing, alone = {"one": Programs(7, 0), "other": Programs(7, 0)}, Programs()
    costs.advance(0, {**sharing, "alone": alone}, 1.0)
    for probe in (*sharing.values(), alone):
        assert probe.measured == [True]
        probe.now = [Runs(10, 10 * 240), Runs(0, 0)]
    costs.advance(10**9, {**sharing, "alone": alone}, 1.0)
    assert alone.measured == [True, False]
    assert [costs.of(name).run_ns for name in sharing] == [10 * (240 - 40 + 49)] * 2
    assert costs.of("alone").run_ns == round(10 * (240 - costs.clock_ns + 98))


def test_statistics_are_let_go_of_in_the_end() -> None:
    """However it ends."""
    switched: list[bool] = []
    costs = Costs(switched.append)
    costs.advance(0, {"probe": Programs()}, 1.0)
    costs.stop()
    costs.stop()
    assert switched == [True, False]


def test_a_hook_costs_what_was_measured_or_nothing() -> None:
    """Only hooks with a figure of their own have one."""
    assert stats.hook_ns("raw_tracepoint:sys_enter") == 98.0
    assert stats.hook_ns("tracepoint:syscalls:sys_enter_openat") == 166.0
    assert stats.hook_ns("raw_tracepoint:sched_switch") == 0.0


def test_a_process_that_was_never_seen_has_the_name_an_event_told(tmp_path: Path) -> None:
    """What a program that came and went between two looks was called, its event knows; /proc goes first."""
    processes = Processes(str, tmp_path)
    folder(tmp_path, 8, "seen")
    processes.learn(np.array([(7, b"dd"), (8, b"told")], [("pid", "<u4"), ("comm", "S16")]))
    found = processes.update(frozenset({7, 8, 9}))
    assert {pid: process.name for pid, process in found.items()} == {7: "dd", 8: "seen"}

"""The probe exits: processes that end, with status, signal and age."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop.warden.flags import Flags
from tests.kernel import loaded as loaded_probes
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

BEGIN = """
import resource
def end(how, *words):
    pid = os.fork()
    if not pid:
        how(*words)
        os._exit(99)
    statuses.append(os.waitpid(pid, 0)[1])

statuses = []
def kill(number):
    signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else 0
    os.kill(os.getpid(), number)

def dump():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    os.chdir(words[0])
    kill(signal.SIGABRT)
"""
WORK = f"""{BEGIN}
for n in range(11): end(os._exit, 0)
for n in range(7): end(os._exit, 3)
for n in range(5): end(kill, signal.SIGTERM)
for n in range(3): end(kill, signal.SIGKILL)
"""
THREADS = (
    f"""{BEGIN}
import ctypes
def threaded(first_leaves):
    leave = lambda: ctypes.CDLL(None).syscall({{exit}}, 5)
    waiting = [threading.Thread(target=time.sleep, args=(60,), daemon=True) for _ in range(3)]
    for thread in waiting: thread.start()
    if not first_leaves: os._exit(5)
    def late():
        while open(f"/proc/{{{{os.getpid()}}}}/stat").read().rpartition(")")[2].split()[0] != "Z": time.sleep(0.001)
        os._exit(7)
    threading.Thread(target=late).start()
    leave()

def replaced():
    threading.Thread(target=os.execv, args=("/bin/true", ["true"])).start()
    time.sleep(60)

for n in range(5): end(replaced)
for n in range(19): end(threaded, False)
for n in range(3): end(threaded, True)
""".replace("{exit}", "93 if os.uname().machine == 'aarch64' else 60")
    .replace("{{", "{")
    .replace("}}", "}")
)

LEAVES = f"""{BEGIN}
import ctypes
def when(name):
    while not os.path.exists(name): time.sleep(0.001)
def late():
    when("end")
    os._exit(7)
def child():
    os.write(1, str(os.getpid()).encode())
    when("leave")
    threading.Thread(target=late).start()
    ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 5)
end(child)
"""


def ended(loaded: Loaded, pid: int) -> dict[tuple[int, int], tuple[int, int]]:
    """By signal and status, ends and failures of one parent's children."""
    rows = loaded.rows("exits_rows")
    mine = rows.keys["pid"] == pid
    return {
        (int(key["ended"]), int(key["status"])): (int(value["exits"]), int(value["failures"]))
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


def test_ends_are_exact_by_status_and_signal(load: Callable[..., Loaded]) -> None:
    """11 without failure, 7 with status 3, 8 killed; each has an event, and all are in the histogram."""
    with Worker(WORK) as worker:
        loaded = load("exits")
        worker.work()
        counted = ended(loaded, worker.pid)
        events = loaded.events("exits_events", "exits_record").records
        loaded.detach()
        rows, ages, totals = loaded.rows("exits_rows"), loaded.rows("exits_ages"), loaded.totals("exits")
    assert counted == {
        (0, 0): (11, 0),
        (0, 3): (7, 7),
        (signal.SIGTERM, 0): (5, 5),
        (signal.SIGKILL, 0): (3, 3),
    }
    told = events[events["ppid"] == worker.pid]
    assert told["status"].tolist() == [0] * 11 + [3] * 7 + [0] * 8
    assert told["ended"].tolist() == [0] * 18 + [signal.SIGTERM] * 5 + [signal.SIGKILL] * 3
    assert len(set(told["pid"].tolist())) == 26
    assert totals["total"] == int(rows.values["exits"].sum()) == int(ages.values["slots"].sum())
    assert int(rows.values["age_ns"].sum()) == int(ages.values["sum"].sum())


def test_a_process_of_many_threads_ends_once_with_its_own_status(load: Callable[..., Loaded]) -> None:
    """Threads that die together with the first one, a first one that leaves before the others, and a program that
    another thread than the first has started.
    """
    with Worker(THREADS) as worker:
        loaded = load("exits")
        worker.work()
        counted = ended(loaded, worker.pid)
    assert counted == {(0, 0): (5, 0), (0, 5): (19, 19), (0, 7): (3, 3)}


def test_a_process_that_becomes_a_target_after_its_first_thread_has_left_is_told_of(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who was there is kept of all processes; which of them count is asked at the end."""
    flags = Flags()
    monkeypatch.setattr(loaded_probes, "Flags", lambda *own: flags)
    with Worker(LEAVES, folder=tmp_path) as worker:
        loaded = load("exits")
        worker.begin()
        child = int(worker.said())
        flags.set(child, False)
        (tmp_path / "leave").touch()
        wait_until(lambda: ") Z " in Path(f"/proc/{child}/stat").read_text(), 60)
        flags.set(child, True)
        (tmp_path / "end").touch()
        worker.finish()
        counted = ended(loaded, worker.pid)
        flags.close()
    assert counted == {(0, 7): (1, 1)}


def test_the_status_is_the_one_that_the_parent_is_told(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Bit for bit what waitpid says, with the bit that tells of a core dump."""
    work = f"{WORK}\nend(dump)\nos.write(1, ' '.join(map(str, statuses)).encode())"
    with Worker(work, str(tmp_path)) as worker:
        loaded = load("exits")
        worker.work()
        events = loaded.events("exits_events", "exits_record").records
        statuses = [int(word) for word in worker.said().split()]
    told = events[events["ppid"] == worker.pid]
    assert (told["status"] << 8 | told["ended"]).tolist() == statuses
    assert statuses[-1] & 0x7F == signal.SIGABRT


def test_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """The end of a process whose bit is set is not told; another's is."""
    with Worker("") as own, Worker("") as other:
        loaded = load("exits", own_pids=frozenset({own.pid}))
        for worker in (own, other):
            worker.work()
            worker.leave()
        pids = loaded.events("exits_events", "exits_record").records["pid"].tolist()
    assert own.pid not in pids
    assert other.pid in pids


def test_the_age_is_the_time_since_the_fork(load: Callable[..., Loaded]) -> None:
    """A child that lives for 0.2 s of its parent's monotonic clock."""
    work = f"""{BEGIN}
before = time.monotonic_ns()
end(time.sleep, 0.2)
os.write(1, str(time.monotonic_ns() - before).encode())
"""
    with Worker(work) as worker:
        loaded = load("exits")
        worker.work()
        events = loaded.events("exits_events", "exits_record").records
        most = int(worker.said())
    (age,) = events[events["ppid"] == worker.pid]["age_ns"].tolist()
    assert 200_000_000 <= age <= most


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded]) -> None:
    """With room for four rows, total is what they show and what was dropped."""
    with Worker(f"{BEGIN}\nfor n in range(31): end(os._exit, n)") as worker:
        loaded = load("exits", rows=4)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("exits_rows"), loaded.totals("exits")
        events = loaded.events("exits_events", "exits_record")
    assert totals["drops"] >= 27
    assert totals["total"] == int(rows.values["exits"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]

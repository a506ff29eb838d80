"""The probe errors: failed calls by process, call and errno."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from ebtop.kernel import syscalls
from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NUMBERS = {name: number for number, name in syscalls.names().items()}
WORK = """
def fail(call, *words):
    try: call(*words)
    except OSError: pass

for n in range(211): fail(os.stat, "/nowhere")
for n in range(13): fail(os.open, "/dev", os.O_WRONLY)
for n in range(7): fail(os.read, 999, 1)
for n in range(17): os.stat("/")
"""
STAT = NUMBERS.get("stat", NUMBERS["newfstatat"])


def failed(rows: MapRows, pid: int) -> dict[tuple[int, int], int]:
    """By call and errno, what failed of one process."""
    mine = rows.keys["pid"] == pid
    return {
        (int(key["nr"]), int(key["errno"])): int(value["errors"])
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }


def test_failures_are_exact_and_successes_none_and_own_processes_unseen(load: Callable[..., Loaded]) -> None:
    """211 files that are not there, 13 folders opened to write, 7 bad descriptors; another's are left out."""
    with Worker(WORK) as worker, Worker(WORK) as own:
        loaded = load("errors", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        rows = loaded.rows("errors_rows")
    counted = failed(rows, worker.pid)
    stat = {nr for nr, code in counted if code == errno.ENOENT}
    assert stat <= {STAT, NUMBERS["newfstatat"]}
    assert sorted((code, count) for (_, code), count in counted.items()) == [
        (errno.ENOENT, 211),
        (errno.EBADF, 7),
        (errno.EISDIR, 13),
    ]
    assert counted[NUMBERS["openat"], errno.EISDIR] == 13
    assert failed(rows, own.pid) == {}


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for two rows, total is what they show and what was dropped."""
    work = "\n".join(WORK.splitlines()[:4]) + "\nfor n in range(97): fail(os.kill, os.getpid(), 1000 + n)"
    work += "\nfor n in range(31): fail(os.read, 999, 1)\nfor n in range(37): fail(os.stat, '/nowhere')"
    with Worker(work) as worker:
        loaded = load("errors", rows=2)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("errors_rows"), loaded.totals("errors")
    assert rows.keys.size <= 2
    assert totals["drops"] >= 31
    assert totals["total"] == int(rows.values["errors"].sum()) + totals["drops"]


def test_the_end_of_a_signal_handler_is_no_error(load: Callable[..., Loaded]) -> None:
    """What rt_sigreturn leaves in the register is the interrupted call's result."""
    work = """
signal.signal(signal.SIGUSR2, lambda *_: None)
for _ in range(31): os.kill(os.getpid(), signal.SIGUSR2)
try: os.read(999, 1)
except OSError: pass
"""
    with Worker(work) as worker:
        loaded = load("errors")
        worker.work()
        rows = loaded.rows("errors_rows")
    assert failed(rows, worker.pid) == {(NUMBERS["read"], errno.EBADF): 1}

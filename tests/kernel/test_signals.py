"""The probe signals: who sends which to whom, and what becomes of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

SEND = "for _ in range({}): os.kill(int(words[0]), signal.{})\n"


def sent(loaded: Loaded, **wanted: int) -> dict[tuple[int, int, int, int], int]:
    """By sender, target, signal and origin, how many; only those whose key has the `wanted` values."""
    rows = loaded.rows("signals_rows")
    return {
        (int(key["pid"]), int(key["target"]), int(key["sig"]), int(key["origin"])): int(value["signals"])
        for key, value in zip(rows.keys, rows.values, strict=True)
        if all(key[name] == number for name, number in wanted.items())
    }


def test_signals_are_exact_by_sender_target_and_name(load: Callable[..., Loaded]) -> None:
    """97 that the target ignores, and 7 that it does not; each has an event with both programs."""
    with Worker("signal.signal(signal.SIGUSR2, signal.SIG_IGN)") as target:
        target.work()
        pid = target.pid
        work = SEND.format(97, "SIGUSR2") + SEND.format(7, "SIGWINCH") + SEND.format(3, "SIGCONT")
        with Worker(work, str(pid)) as worker:
            loaded = load("signals")
            worker.work()
            counted = sent(loaded, pid=worker.pid, target=pid)
            events = loaded.events("signals_events", "signals_record").records
            rows = loaded.rows("signals_rows")
    assert counted == {
        (worker.pid, pid, signal.SIGUSR2, 0): 97,
        (worker.pid, pid, signal.SIGWINCH, 0): 7,
        (worker.pid, pid, signal.SIGCONT, 0): 3,
    }
    told = events[(events["pid"] == worker.pid) & (events["target"] == pid)]
    assert told["sig"].tolist() == [signal.SIGUSR2] * 97 + [signal.SIGWINCH] * 7 + [signal.SIGCONT] * 3
    assert set(told["uid"].tolist()) == {os.getuid()}
    assert set(told["program"].tolist()) == set(told["comm"].tolist()) != {b""}
    mine = rows.keys[(rows.keys["pid"] == worker.pid) & (rows.keys["target"] == pid)]
    assert set(mine["result"].tolist()) == {1}


def test_what_the_kernel_sends_has_no_sender(load: Callable[..., Loaded]) -> None:
    """11 alarms come from the kernel, 5 children's ends from the children, a fault from the process that faults."""
    work = """
alarms = []
signal.signal(signal.SIGALRM, lambda *_: alarms.append(1))
for n in range(11):
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    while len(alarms) <= n: time.sleep(0.001)
for n in range(5):
    child = os.fork()
    if not child:
        if n: os._exit(0)
        import ctypes
        ctypes.string_at(0)
    os.waitpid(child, 0)
"""
    with Worker(work) as worker:
        loaded = load("signals")
        worker.work()
        to_worker, faults = sent(loaded, target=worker.pid), sent(loaded, sig=signal.SIGSEGV, origin=2)
        events = loaded.events("signals_events", "signals_record").records
    assert to_worker[0, worker.pid, signal.SIGALRM, 128] == 11
    children = [pid for pid, _, sig, origin in to_worker if (sig, origin) == (signal.SIGCHLD, 1)]
    assert len(children) == 5
    assert any(pid == target in children for pid, target, _, _ in faults)
    alarms = events[(events["target"] == worker.pid) & (events["sig"] == signal.SIGALRM)]
    assert set(alarms["comm"].tolist()) == {b"kernel"}


def test_one_that_waits_already_is_not_sent_again(load: Callable[..., Loaded]) -> None:
    """Of 13 that are blocked one is delivered, and 12 find it pending."""
    work = """
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
for _ in range(13): os.kill(os.getpid(), signal.SIGUSR2)
"""
    with Worker(work) as worker:
        loaded = load("signals")
        worker.work()
        rows = loaded.rows("signals_rows")
    mine = (rows.keys["pid"] == worker.pid) & (rows.keys["target"] == worker.pid)
    counted = dict(zip(rows.keys["result"][mine].tolist(), rows.values["signals"][mine].tolist(), strict=True))
    assert counted == {0: 1, 2: 12}


def test_own_processes_are_left_out_as_senders_and_as_targets(load: Callable[..., Loaded]) -> None:
    """What ebtop's own process sends or is sent has no row; what goes between others has."""
    with Worker("") as target, Worker(SEND.format(13, "SIGWINCH"), str(target.pid)) as own:
        to_own = f"for _ in range(19): os.kill({own.pid}, signal.SIGWINCH)\n"
        with Worker(SEND.format(17, "SIGWINCH") + to_own, str(target.pid)) as other:
            loaded = load("signals", own_pids=frozenset({own.pid}))
            own.work()
            other.work()
            assert sent(loaded, pid=own.pid) == sent(loaded, target=own.pid) == {}
            assert sum(sent(loaded, pid=other.pid).values()) == 17


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded]) -> None:
    """With room for two rows, total is what they show and what was dropped."""
    work = """
for number in (signal.SIGUSR2, signal.SIGWINCH, signal.SIGURG, signal.SIGCONT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
    for _ in range(7): os.kill(os.getpid(), number)
"""
    with Worker(work) as worker:
        loaded = load("signals", rows=2)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("signals_rows"), loaded.totals("signals")
        events = loaded.events("signals_events", "signals_record")
    assert totals["drops"] >= 21
    assert totals["total"] == int(rows.values["signals"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]

"""The probe offcpu: sleeps of a known number and length are counted for who sleeps, in their state, and where."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import numpy as np
import pytest

from ebtop import cells, registry
from ebtop.derive import derive
from ebtop.sample import Sample
from ebtop.spec import Key, Kind
from tests.kernel.live_session import LiveSession
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

SLEEPS, SLEEP_MS = 23, 7
SLEEP = f"for _ in range({SLEEPS}): time.sleep({SLEEP_MS / 1000})"
S, STOPPED = 1, 4
BUCKET = (SLEEP_MS * 10**6).bit_length() - 1


def rows_of(loaded: Loaded, pid: int, state: int) -> tuple[int, int]:
    """Sleeps and nanoseconds of a process in one state."""
    rows = loaded.rows("offcpu_rows")
    chosen = (rows.keys["pid"] == pid) & (rows.keys["state"] == state)
    return int(rows.values["sleeps"][chosen].sum()), int(rows.values["ns"][chosen].sum())


def test_every_sleep_is_counted_with_its_length(load: Callable[..., Loaded]) -> None:
    """And the wait for the signal that began it all; the last one has not ended."""
    loaded = load("offcpu")
    with Worker(SLEEP) as worker:
        before = rows_of(loaded, worker.pid, S)
        slots = loaded.rows("offcpu_latency").values["slots"][S].copy()
        worker.work()
        sleeps, ns = (now - then for now, then in zip(rows_of(loaded, worker.pid, S), before, strict=True))
        grown = loaded.rows("offcpu_latency").values["slots"][S] - slots
    assert sleeps == SLEEPS + 1
    assert ns >= SLEEPS * SLEEP_MS * 10**6
    assert int(grown[BUCKET:].sum()) >= SLEEPS


def test_a_stopped_process_is_in_a_state_of_its_own(load: Callable[..., Loaded]) -> None:
    """Stopped and let go on eleven times."""
    loaded = load("offcpu")
    with subprocess.Popen(["sleep", "100"]) as process:
        for _ in range(11):
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            wait_until(lambda: state_of(process.pid) == "T" and is_off_cpu(process.pid), 60)
            process.send_signal(signal.SIGCONT)
            wait_until(lambda: state_of(process.pid) == "S", 60)
        sleeps, _ = rows_of(loaded, process.pid, STOPPED)
        process.kill()
    assert sleeps == 11


def is_off_cpu(pid: int) -> bool:
    """Whether it has left its CPU: it has its new state a moment before."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        return not file.read().startswith("running")


def state_of(pid: int) -> str:
    """As ps(1) has it."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_what_the_rows_show_and_what_found_no_room_is_everything(load: Callable[..., Loaded]) -> None:
    """A full map counts what it has no row for."""
    loaded = load("offcpu", rows=2)
    with Worker(SLEEP) as one, Worker(SLEEP) as other:
        one.work()
        other.work()
        wait_until(lambda: loaded.totals("offcpu")["drops"] > SLEEPS, 60)
    loaded.detach()
    totals = loaded.totals("offcpu")
    assert loaded.rows("offcpu_rows").keys.size <= 2
    assert int(loaded.rows("offcpu_rows").values["sleeps"].sum()) + totals["drops"] == totals["total"]


def test_it_is_seen_where_a_process_sleeps() -> None:
    """The kernel's function is there, without the way by which the probe itself was called; ours are left out."""

    def asleep(sample: Sample) -> bool:
        frame = derive(sample, None, {"offcpu": registry.probe("offcpu")})
        table = frame.probes["offcpu"].views.get("stacks") if "offcpu" in frame.probes else None
        if table is None:
            return False
        texts = cells.cells(frame, Key("stack", Kind.STACK), table.keys)  # type: ignore[union-attr]  # a table
        assert not any("offcpu_switch" in text for text in texts)
        found = [text for text in texts if text.startswith("dozer;") and "nanosleep" in text]
        return any(text.split(";")[-1] == "do_nanosleep" for text in found)

    prepare = 'open("/proc/self/comm", "w").write("dozer")\n'
    with (
        LiveSession("offcpu", interval=0.5) as session,
        Worker("while True: time.sleep(0.007)", prepare=prepare) as worker,
    ):
        worker.begin()
        sample = session.until(asleep)
        assert session.screen() not in np.unique(sample.probes["offcpu"].maps["offcpu_rows"].keys["pid"]).tolist()

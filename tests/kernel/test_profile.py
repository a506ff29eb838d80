"""The probe profile: functions that burn CPU are seen where they are, and what keeps one from being named is said."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop import cells, registry
from ebtop.derive import derive
from ebtop.frame import Frame, TableFrame
from ebtop.sample import Sample
from ebtop.spec import Key, Kind
from tests.kernel.burner import Burner
from tests.kernel.live_session import LiveSession
from tests.kernel.loaded import Loaded
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

SAMPLES = 13
"""About half a second of a CPU that is had by halves."""
ENDLESS = {"x86_64": b"\xeb\xfe", "aarch64": b"\x00\x00\x00\x14"}
"""A jump to itself."""
COMPILED = """
memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(bytes.fromhex(words[0]))
import ctypes
place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
written = open(f"/tmp/perf-{os.getpid()}.map", "w")
written.write(f"{place:x} 40 jit_spin_here\\n")
written.close()
"""


def frame_of(sample: Sample) -> Frame:
    """Since the start."""
    return derive(sample, None, {"profile": registry.probe("profile")})


def table(frame: Frame, name: str) -> TableFrame:
    """A table of the probe."""
    found = frame.probes["profile"].views[name]
    assert isinstance(found, TableFrame)
    return found


def stacks(sample: Sample, program: str) -> dict[str, float]:
    """Samples by folded stack, of one program."""
    frame = frame_of(sample)
    if "profile" not in frame.probes or "stacks" not in frame.probes["profile"].views:
        return {}
    found = table(frame, "stacks")
    texts = cells.cells(frame, Key("stack", Kind.STACK), found.keys)
    counts = found.columns["samples_total"].tolist()
    return {text: count for text, count in zip(texts, counts, strict=True) if text.startswith(f"{program};")}


def counted(program: str, stack: str) -> Callable[[Sample], bool]:
    """Whether `stack` of the program has got enough samples."""
    return lambda sample: stacks(sample, program).get(f"{program};{stack}", 0) >= SAMPLES


def test_a_function_that_burns_cpu_is_the_hottest_of_its_program(tmp_path: Path) -> None:
    """In a program with frame pointers its callers stand before it, up to where the program begins; of a function that
    has none, as it calls nobody, the caller is hidden, and that is said.
    """
    with LiveSession("profile", interval=0.5) as session, Burner(tmp_path, "burnframes", True) as burner:
        hidden = f"main;burn_outer;[no frame pointer: {burner.path}];burn_leaf"
        sample = session.until(lambda sample: seen(sample, hidden) and seen(sample, "main;burn_outer;burn_here"))
        frame = frame_of(sample)
        functions = table(frame, "functions")
        names = cells.cells(frame, Key("function", Kind.FUNCTION), functions.keys)
        at = names.index("burn_here")
        whole = functions.columns["all_ns_total"][names.index("burn_outer")]
        assert functions.columns["self_ns_total"][at] == functions.columns["all_ns_total"][at] > 0
        assert whole >= functions.columns["self_ns_total"][at]
        assert cells.module(frame, int(functions.keys["module"][at])) == "burnframes"


def seen(sample: Sample, end: str) -> bool:
    """Whether there is a stack of the program with frame pointers that ends so, and of which nothing else is lost."""
    folded = [text.removesuffix(end) for text in stacks(sample, "burnframes") if text.endswith(end)]
    return any("[" not in text for text in folded)


def test_a_program_without_frame_pointers_is_said_to_have_none(tmp_path: Path) -> None:
    """By its path, in the place of the callers that nobody knows; its innermost function is right all the same."""
    with LiveSession("profile", interval=0.5) as session, Burner(tmp_path, "burnnone", False) as burner:
        session.until(counted("burnnone", f"[no frame pointer: {burner.path}];burn_here"))


def test_what_a_compiler_writes_at_run_time_has_the_name_in_its_map() -> None:
    """/tmp/perf-PID.map of the process; it is gone with the test."""
    code = ENDLESS[os.uname().machine].hex()
    prepare = 'open("/proc/self/comm", "w").write("jitspinner")\n'
    with (
        LiveSession("profile", interval=0.5) as session,
        Worker(f"{COMPILED}ctypes.CFUNCTYPE(None)(place)()", code, prepare=prepare) as worker,
    ):
        try:
            worker.begin()
            session.until(lambda sample: any("jit_spin_here" in text for text in stacks(sample, "jitspinner")))
        finally:
            Path(f"/tmp/perf-{worker.pid}.map").unlink(missing_ok=True)


def test_what_the_rows_show_and_what_found_no_room_is_everything(load: Callable[..., Loaded]) -> None:
    """Samples of all processes; a full map counts what it has no row for."""
    loaded = load("profile", rows=2)
    others = [Worker("while True: pass", cpu=min(os.sched_getaffinity(0))) for _ in range(3)]
    try:
        for other in others:
            other.begin()
        wait_until(lambda: loaded.totals("profile")["drops"] > SAMPLES, 60)
    finally:
        for other in others:
            other.__exit__(None, None, None)
    loaded.detach()
    shown = int(loaded.rows("profile_rows").values["samples"].sum())
    totals = loaded.totals("profile")
    assert loaded.rows("profile_rows").keys.size <= 2
    assert shown + totals["drops"] == totals["total"]


def test_each_sample_stands_for_the_time_between_two(load: Callable[..., Loaded]) -> None:
    """A busy thread is found at about as much time as the kernel says that it ran: whole samples, and few of them."""
    loaded = load("profile")
    with Worker("begin = time.thread_time()\nwhile time.thread_time() < begin + 1: pass") as worker:
        before = worker.schedstat()[0]
        worker.work()
        ran = worker.schedstat()[0] - before
        rows = loaded.rows("profile_rows")
        counted = int(rows.values["ns"][rows.keys["pid"] == worker.pid].sum())
    assert ran / 2 < counted < 2 * ran


def test_ebtops_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """They are not what is looked for."""
    loaded = load("profile", own_pids=frozenset({os.getpid()}))
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        sum(range(1000))
    with Worker("begin = time.thread_time()\nwhile time.thread_time() < begin + 0.3: pass") as worker:
        worker.work()
        pids = loaded.rows("profile_rows").keys["pid"].tolist()
        assert worker.pid in pids
    assert os.getpid() not in pids

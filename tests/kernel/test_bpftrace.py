"""bpftrace beside ebtop's own probes: the same numbers, its errors in its panel, and no trace of it left."""

from __future__ import annotations

import mmap
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ebtop import registry
from ebtop.bpftrace.declaring import named
from ebtop.kernel import syscalls
from ebtop.sample import Sample, State
from ebtop.typed import script
from tests.kernel.live_session import Ids, LiveSession, state_of
from tests.kernel.terminal_session import wait_until
from tests.kernel.worker import SIGTIMEDWAIT, Worker

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.usefixtures("kernel"),
    pytest.mark.skipif(not shutil.which("bpftrace"), reason="bpftrace is not installed"),
]

OPENS = named(r'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args->filename)); }')
CALLS = named("tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }")
READS = named("tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); }")
NAME = "bt-worker"
PREPARE = f"""
open("/proc/self/comm", "w").write("{NAME}")
zero = os.open("/dev/zero", os.O_RDONLY)
"""
WORK = """
for _ in range(1009): os.getppid()
for _ in range(211): os.read(zero, 1021)
for n in range(101):
    try: os.open(f"/nowhere/{n}", os.O_RDONLY)
    except OSError: pass
"""
NUMBERS = {name: number for number, name in syscalls.names().items()}
KPROBES = os.path.exists("/sys/bus/event_source/devices/kprobe")


def packaged(file: str) -> str:
    """The probe of a tool that comes with bpftrace."""
    return script(file, os.getuid(), os.getgid())


def number(sample: Sample, probe: str, field: str, key: bytes, name: str = "@") -> int:
    """A value of one row of a map of bpftrace; -1 where there is none."""
    content = sample.probes[probe].maps.get(name)
    found = content.values[field][content.keys[(content.keys.dtype.names or ("",))[0]] == key] if content else []
    return int(found[0]) if len(found) else -1


def of_worker(sample: Sample, probe: str, field: str, pid: int) -> int:
    """What ebtop's own probe has counted of the worker."""
    content = sample.probes[probe].maps[registry.probe(probe).views[0].map]
    return int(content.values[field][content.keys["pid"] == pid].sum())


def lines(sample: Sample, probe: str) -> set[str]:
    """What the program has printed of late."""
    tail = sample.probes[probe].events.get("output")
    return {text.decode() for text in tail.records["text"].tolist()} if tail else set()


def children(session: LiveSession) -> list[int]:
    """The processes of bpftrace that the warden has."""
    found = Path(f"/proc/{session.warden}/task/{session.warden}/children").read_text().split()
    return [int(pid) for pid in found if Path(f"/proc/{pid}/comm").read_text().strip() == "bpftrace"]


def is_gone(pid: int) -> bool:
    """Whether the process has ended, or is nothing but an entry for its parent."""
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def test_the_three_lines_count_what_ebtops_own_probes_count(before: Ids) -> None:
    """1009 getppid, 211 reads of 1021 bytes, 101 opens of as many paths, of one program: by bpftrace and by ebtop."""
    with (
        Worker(WORK, prepare=PREPARE) as worker,
        LiveSession(CALLS, READS, OPENS, "syscalls", "rw", "opens", interval=0.1) as session,
    ):
        begun = session.until(lambda sample: state_of(sample, OPENS) in (State.LIVE, State.FAILED))
        if "file not found" in begun.probes[OPENS].error:
            pytest.skip(f"{begun.probes[OPENS].error}: bpftrace needs this kernel's headers")
        session.live(CALLS, READS, OPENS, "syscalls", "rw", "opens")
        session.tick()
        worker.work()
        printed: set[str] = set()

        def is_read(sample: Sample) -> bool:
            printed.update(line for line in lines(sample, OPENS) if line.startswith(f"{NAME} "))
            counted = number(sample, CALLS, "count", NAME.encode()) > 1009 + 211 + 101
            return counted and number(sample, READS, "sum", NAME.encode()) == 211 * 1021 and len(printed) == 101

        session.until(is_read)
        sample = session.tick()
    assert printed == {f"{NAME} /nowhere/{n}" for n in range(101)}
    assert of_worker(sample, "rw", "read_bytes", worker.pid) == 211 * 1021
    assert of_worker(sample, "opens", "opens", worker.pid) == 101
    own = sample.probes["syscalls"].maps["syscalls_calls"]
    mine = own.keys["pid"] == worker.pid
    waiting = own.keys["nr"] == int(SIGTIMEDWAIT)
    calls = int(own.values["calls"][mine & ~waiting].sum())
    assert calls >= 1009 + 211 + 101
    assert number(sample, CALLS, "count", NAME.encode()) == calls + 1  # it has begun to wait again, and not ended


def test_packaged_tools_run(before: Ids) -> None:
    """syscount.bt, opensnoop.bt and runqlat.bt, as their package has them, beside ebtop's own count."""
    syscount, opensnoop, runqlat = map(packaged, ("syscount.bt", "opensnoop.bt", "runqlat.bt"))
    with (
        Worker(WORK + "for _ in range(53): time.sleep(0.001)", prepare=PREPARE) as worker,
        LiveSession(syscount, opensnoop, runqlat, interval=0.1) as session,
    ):
        sample = session.live(syscount, opensnoop, runqlat)
        session.tick()
        worker.work()
        printed: set[str] = set()

        def is_read(sample: Sample) -> bool:
            printed.update(" ".join(line.split()) for line in lines(sample, opensnoop) if NAME in line)
            waits = sample.probes[runqlat].maps["@usecs"].values["slots"]
            counted = number(sample, syscount, "count", NAME.encode(), "@process") >= 1009 + 211 + 101 + 53
            return counted and len(printed) == 101 and int(waits.sum()) >= 53

        sample = session.until(is_read)
    assert printed == {f"{worker.pid} {NAME} -1 2 /nowhere/{n}" for n in range(101)}
    by_call = sample.probes[syscount].maps["@syscall"]
    assert int(by_call.values["count"][by_call.keys["k0"] == NUMBERS["getppid"]].sum()) >= 1009


ACCEPTING = """
for _ in range(13):
    client = socket.create_connection(listening.getsockname())
    listening.accept()[0].close()
    client.close()
"""
LISTENING = """
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(7)
"""


def refused(sample: Sample, probe: str) -> bool:
    """Whether a kernel without kprobes is what the probe fails for, while the other goes on."""
    assert "without kprobes" in sample.probes[probe].error and "kprobe" in sample.probes[probe].log
    return state_of(sample, CALLS) is State.LIVE


def test_tcpaccept_works_where_there_are_kprobes_and_says_so_elsewhere(before: Ids) -> None:
    """13 connections, as many lines; else one clear error, and another probe goes on beside it."""
    name = packaged("tcpaccept.bt")
    with Worker(ACCEPTING, prepare=PREPARE + LISTENING) as worker, LiveSession(name, CALLS, interval=0.1) as session:
        session.live(CALLS)
        if not KPROBES:
            assert refused(session.until(lambda sample: state_of(sample, name) is State.FAILED), name)
            return
        begun = session.until(lambda sample: state_of(sample, name) in (State.LIVE, State.FAILED))
        if "file not found" in begun.probes[name].error:
            pytest.skip(f"{begun.probes[name].error}: bpftrace needs this kernel's headers")
        assert not begun.probes[name].error, begun.probes[name].log
        session.tick()
        worker.work()
        printed: set[str] = set()

        def is_read(sample: Sample) -> bool:
            printed.update(line for line in lines(sample, name) if NAME in line)
            assert not sample.probes[name].error, sample.probes[name].log
            return len(printed) == 13

        session.until(is_read)


def test_biolatency_works_where_the_kernel_has_its_functions_and_says_so_elsewhere(before: Ids) -> None:
    """Blocks written past the page cache, 97 for each sample, as it goes live before all is attached."""
    name = packaged("biolatency.bt")
    with written() as write, LiveSession(name, CALLS) as session:
        session.live(CALLS)
        session.until(lambda sample: state_of(sample, name) in (State.LIVE, State.FAILED))
        if not KPROBES:
            assert refused(session.until(lambda sample: state_of(sample, name) is State.FAILED), name)
            return

        def is_told(sample: Sample) -> bool:
            write()
            probe, histogram = sample.probes[name], sample.probes[name].maps.get("@usecs")
            lacks = probe.error or "kprobe:blk_account_io_done" in probe.misses
            return bool(lacks) or int(histogram.values["slots"].sum() if histogram else 0) >= 97

        probe = session.until(is_told).probes[name]
        assert not probe.error or "none of its probes could be attached" in probe.error, probe.log


@contextmanager
def written() -> Iterator[Callable[[], None]]:
    """Writes 97 blocks to the device below /var/tmp each time."""
    name = f"/var/tmp/ebtop-bpftrace-{os.getpid()}"
    file, buffer = os.open(name, os.O_RDWR | os.O_CREAT | os.O_DIRECT), mmap.mmap(-1, 4096)
    os.unlink(name)

    def write() -> None:
        for number in range(97):
            os.pwrite(file, buffer, number * 4096)

    yield write
    os.close(file)


def test_names_of_programs_cannot_lead_astray(before: Ids) -> None:
    """Quotes, commas, controls, letters beyond ASCII: one key, clean, and the number behind it is right."""
    prepare = r"""open("/proc/self/comm", "w").write('q"\\,\x1b[1m,\u00e9\u202e')"""
    name = named(f"tracepoint:raw_syscalls:sys_enter /args->id == {NUMBERS['getppid']}/ {{ @[comm, pid] = count(); }}")
    with Worker("for _ in range(1009): os.getppid()", prepare=prepare) as worker, LiveSession(name) as session:
        session.live(name)
        session.tick()
        worker.work()

        def mine(sample: Sample) -> list[tuple[bytes, int]]:
            content = sample.probes[name].maps["@"]
            rows = content.keys["pid"] == worker.pid
            return list(zip(content.keys["k0"][rows].tolist(), content.values["count"][rows].tolist(), strict=True))

        sample = session.until(lambda sample: bool(mine(sample)))
    assert mine(sample) == [('q"\\,␛[1m,é\ufffd'.encode(), 1009)]


def test_a_full_map_is_told_of(before: Ids) -> None:
    """4096 keys, each its own: what finds no room is not counted, and the panel says so."""
    name = named("tracepoint:raw_syscalls:sys_enter { @[nsecs] = count(); }")
    with LiveSession(name) as session:
        session.live(name)
        with Worker("for _ in range(20011): os.getppid()") as worker:
            worker.work()
        sample = session.until(lambda sample: bool(sample.probes[name].misses))
    assert sample.probes[name].maps["@"].keys.size == 4096
    assert "full" in sample.probes[name].misses and "@" in sample.probes[name].misses


def test_an_error_is_that_of_bpftrace_and_its_panel_only(before: Ids) -> None:
    """A tracepoint that there is not, a program that does not compile, one that prints root's files; one that runs."""
    absent, wrong, printing = (
        named("tracepoint:no:such { @ = count(); }"),
        named("tracepoint:sched:sched_switch { @ = cuont(); }"),
        named('BEGIN { cat("/etc/shadow"); }'),
    )
    with LiveSession(absent, wrong, printing, CALLS) as session:
        failed = State.FAILED
        sample = session.until(
            lambda sample: (
                state_of(sample, absent) is failed
                and state_of(sample, wrong) is failed
                and state_of(sample, printing) is failed
                and state_of(sample, CALLS) is State.LIVE
            )
        )
        assert sample.probes[absent].error == "stdin:1:1-19: ERROR: tracepoint not found: no:such"
        assert "cuont" in sample.probes[wrong].error
        assert "may not print files" in sample.probes[printing].error


def test_a_program_that_ends_by_itself_leaves_its_last_numbers(before: Ids) -> None:
    """Also one that has ended before it could be asked."""
    name = named('BEGIN { @x = 41; @y[1, "a,b"] = sum(-7); printf("done\\n"); exit(); }')
    with LiveSession(name) as session:
        sample = session.until(lambda sample: "ended" in getattr(sample.probes.get(name), "hook", ""))
    probe = sample.probes[name]
    assert probe.state is State.LIVE
    assert probe.maps["values"].values["value"].tolist() == [41]
    assert probe.maps["@y"].keys.tolist() == [(b"1", b"a,b")] and probe.maps["@y"].values["sum"].tolist() == [-7]
    assert lines(sample, name) == {"done"}


def test_bpftrace_is_one_of_ebtops_own_and_its_cost_is_measured(before: Ids) -> None:
    """The probe syscalls does not count it, though it makes many; its programs' runs are counted."""
    with LiveSession(CALLS, "syscalls") as session:
        session.live(CALLS, "syscalls")
        (child,) = children(session)
        sample = session.until(lambda sample: sample.probes[CALLS].cost.runs > 0)
        assert number(sample, CALLS, "count", b"bpftrace") > 0
        assert child not in sample.probes["syscalls"].maps["syscalls_calls"].keys["pid"].tolist()
        assert sample.host.self_cpu_s > 0


def _off(session: LiveSession) -> None:
    session.want("rw")
    session.until(lambda sample: state_of(sample, CALLS) is State.OFF)


def _kill_screen(session: LiveSession) -> None:
    session.kill()


def _kill_warden(session: LiveSession) -> None:
    os.kill(session.warden, signal.SIGKILL)


@pytest.mark.parametrize("end", [_off, LiveSession.close, _kill_screen, _kill_warden])
def test_it_ends_with_its_probe_however_that_ends(before: Ids, end: Callable[[LiveSession], None]) -> None:
    """Switched off; ebtop ended; the process that draws killed; the privileged one killed."""
    with LiveSession(CALLS, "rw") as session:
        session.live(CALLS, "rw")
        (child,) = children(session)
        end(session)
        wait_until(lambda: is_gone(child))

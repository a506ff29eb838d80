"""ebtop's probes and bpftrace at the same time on the same work: the same numbers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.loaded import Loaded, misses
from tests.kernel.worker import SIGTIMEDWAIT, Worker

pytestmark = pytest.mark.kernel

WAITING = int(SIGTIMEDWAIT)
"""The call in which the worker waits, and which one of the two may have missed the beginning of."""
SCRIPT = """
tracepoint:raw_syscalls:sys_exit /pid == $1 && args->id != $2/ { @syscalls = count(); }
tracepoint:syscalls:sys_exit_read /pid == $1 && args->ret > 0/ { @read_bytes = sum(args->ret); }
tracepoint:syscalls:sys_exit_write /pid == $1 && args->ret > 0/ { @write_bytes = sum(args->ret); }
tracepoint:syscalls:sys_exit_openat /pid == $1/ { @opens = count(); }
tracepoint:syscalls:sys_exit_openat /pid == $1 && args->ret < 0/ { @failures = count(); }
tracepoint:sched:sched_process_exec { @execs[comm] = count(); }
tracepoint:sock:inet_sock_set_state /pid == $1 && args->newstate == 2/ { @connects = count(); }
tracepoint:syscalls:sys_exit_accept4 /pid == $1 && args->ret >= 0/ { @accepts = count(); }
tracepoint:sched:sched_switch /args->next_pid == $1/ { @switches = count(); }
BEGIN { printf("ready\\n"); }
"""
PREPARE = """
zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(7)
"""
WORK = """
for _ in range(211): os.read(zero, 1021)
for _ in range(223): os.write(null, b"x" * 4093)
for n in range(101): os.close(os.open("/dev/null", os.O_RDONLY))
for n in range(13):
    try: os.open("/nowhere", os.O_RDONLY)
    except OSError: pass
for _ in range(17): os.waitpid(os.posix_spawn(words[0], [words[0]], {}), 0)
for _ in range(19):
    client = socket.create_connection(listening.getsockname())
    listening.accept()[0].close()
    client.close()
for _ in range(53): time.sleep(0.001)
"""


_HEADERS = re.compile(r"fatal error: '(linux/\S+)' file not found")
"""What it says where it wants headers of this kernel and there are none: on 5.10, for one."""


class Stop:
    """Called, it stops a running bpftrace and returns its maps by name."""

    missed = 0
    """By then: events at which its programs did not run, as the CPU was at work on another (Linux 6.7 and newer)."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running

    def __call__(self) -> dict[str, Any]:
        self.missed = misses(Path(f"/proc/{self._running.pid}/fdinfo").iterdir())
        maps: dict[str, Any] = {}
        for line in ended(self._running).splitlines():
            if line.startswith('{"type": "map"'):
                maps |= json.loads(line)["data"]
        return maps


@contextmanager
def bpftrace(pid: int, script: str = SCRIPT, *words: str) -> Iterator[Stop]:
    """bpftrace at work on process `pid`.

    `script` has the pid as $1, the number of the call in which the worker waits as $2, and `words` from $3 on.
    """
    if not shutil.which("bpftrace"):
        pytest.skip("bpftrace, to compare with")
    command = ["unshare", "--mount", "sh", "-c", 'mount -t tracefs tracefs /sys/kernel/tracing; exec "$0" "$@"']
    command += ["bpftrace", "-f", "json", "-e", script, str(pid), str(WAITING), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        while "ready" not in (line := running.stdout.readline()):
            if not line and (lacks := _HEADERS.search(said := running.communicate()[1])):
                pytest.skip(f"bpftrace finds no {lacks[1]}: it needs this kernel's headers")
            assert line, said

        try:
            yield Stop(running)
        finally:
            running.kill()


def ended(running: subprocess.Popen[str]) -> str:
    """What it has written by its end. Now and then bpftrace takes the first signal for nothing."""
    for _ in range(5):
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return running.communicate(timeout=10)[0]
    raise AssertionError("bpftrace does not end")


def test_bpftrace_sees_the_same(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """System calls, bytes, opens, execs, connects, accepts and switches of one process, counted by both."""
    program = tmp_path / f"x17-{os.getpid()}"  # no other's name
    shutil.copy("/bin/true", program)
    with Worker(WORK, str(program), prepare=PREPARE) as worker, bpftrace(worker.pid) as stop:
        loaded = load("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "runqlat")
        worker.work()
        theirs = stop()
        loaded.detach()
        ours = {name: loaded.rows(name) for name in _TABLES}
        unmatched = loaded.totals("runqlat")["unmatched"]

    def of(name: str, member: str) -> int:
        rows = ours[name]
        mine = rows.keys["pid"] == worker.pid
        if name == "syscalls_calls":
            mine &= rows.keys["nr"] != WAITING
        return int(rows.values[member][mine].sum())

    programs = ours["exec_rows"]
    assert theirs == {
        "@syscalls": of("syscalls_calls", "calls"),
        "@read_bytes": of("rw_calls", "read_bytes"),
        "@write_bytes": of("rw_calls", "write_bytes"),
        "@opens": of("opens_files", "opens"),
        "@failures": of("opens_files", "failures"),
        "@execs": theirs["@execs"],
        "@connects": of("tcpconnect_rows", "connects"),
        "@accepts": of("tcpaccept_rows", "accepts"),
        "@switches": theirs["@switches"],
    }
    # Of some waits on a busy machine nobody is told when they begin; see test_runqlat.
    assert 0 <= theirs["@switches"] - of("runqlat_rows", "waits") <= unmatched
    started = int(programs.values["execs"][programs.keys["program"] == os.fsencode(program)[:63]].sum())
    assert theirs["@execs"][program.name] == started == 17


_TABLES = (
    "syscalls_calls",
    "rw_calls",
    "opens_files",
    "exec_rows",
    "tcpconnect_rows",
    "tcpaccept_rows",
    "runqlat_rows",
)


SLEEPS = """
tracepoint:sched:sched_switch /args->prev_pid == $1 && (args->prev_state & 0xff)/ { @sleeps = count(); }
profile:hz:49 /pid == $1/ { @samples = count(); }
BEGIN { printf("ready\\n"); }
"""


def test_bpftrace_sees_the_same_sleeps_and_about_as_many_samples(load: Callable[..., Loaded]) -> None:
    """Of one process, by the scheduler's own tracepoint; samples are taken at other moments, and few.

    It has its CPU nearly to itself, for otherwise it is by chance which moments are its own.
    """
    busy = "os.nice(-20)\nbegin = time.thread_time()\nwhile time.thread_time() < begin + 0.5: pass\n"
    work = f"for _ in range(31): time.sleep(0.003)\n{busy}"
    with Worker(work, in_memory=True) as worker, bpftrace(worker.pid, SLEEPS) as stop:
        loaded = load("offcpu", "profile")
        worker.work()
        theirs = stop()
        loaded.detach()
        sleeps, samples = loaded.rows("offcpu_rows"), loaded.rows("profile_rows")
    ours = int(sleeps.values["sleeps"][sleeps.keys["pid"] == worker.pid].sum())
    found = int(samples.values["samples"][samples.keys["pid"] == worker.pid].sum())
    assert ours == 31  # neither saw the first one begin, in which the worker waited for its signal
    assert theirs["@sleeps"] == 32  # that of the end has begun, but not ended
    assert abs(found - theirs["@samples"]) <= max(8, found // 2)

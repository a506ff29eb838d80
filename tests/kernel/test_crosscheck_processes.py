"""The probes of processes, signals, files and scheduling beside bpftrace, at the same time on the same work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop.kernel import btf
from tests.kernel.loaded import Loaded
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

SCRIPT = """
tracepoint:raw_syscalls:sys_exit /pid == $1 && args->ret < 0 && args->ret >= -4095 && args->id >= 0/ {
    @errors = count();
}
tracepoint:sched:sched_process_fork /pid == $1/ { @forks = count(); }
tracepoint:signal:signal_generate /pid == $1 && args->code != 128 && args->code != -2/ { @signals = count(); }
tracepoint:syscalls:sys_exit_unlink, tracepoint:syscalls:sys_exit_unlinkat /pid == $1/ { @unlinks = count(); }
tracepoint:syscalls:sys_exit_umount /pid == $1/ { @umounts = count(); }
tracepoint:syscalls:sys_exit_chroot /pid == $1/ { @chroots = count(); }
tracepoint:sched:sched_migrate_task /args->pid == $1/ { @migrations = count(); }
tracepoint:sched:sched_switch /args->prev_pid == $1/ { @runs = count(); }
tracepoint:syscalls:sys_enter_futex /pid == $1 && ((args->op & 127) == 0 || (args->op & 127) == 9)/ {
    @waits = count();
}
BEGIN { printf("ready\\n"); }
"""
CAPABLE = "tracepoint:capability:cap_capable /pid == $1/ { @checks = count(); }"
"""Where there is that place: since Linux 6.14."""
WORK = """
import ctypes
libc = ctypes.CDLL(None)
def attempt(call, *given):
    try: call(*given)
    except OSError: pass

for _ in range(31): attempt(os.unlink, "/nowhere")
for _ in range(29): attempt(os.close, 999)
for _ in range(23): libc.umount2(b"/nowhere", 0)
for _ in range(19): os.chroot("/")
for _ in range(17): os.kill(os.getpid(), signal.SIGWINCH)
for n in range(13):
    child = os.fork()
    if not child: os._exit(n)
    os.waitpid(child, 0)
held = threading.Lock()
held.acquire()
for _ in range(11): held.acquire(True, 0.001)
cpus = sorted(os.sched_getaffinity(0))
for n in range(7): os.sched_setaffinity(0, [cpus[n % len(cpus)]])
for _ in range(5): time.sleep(0.001)
"""
TABLES = {
    "@errors": ("errors_rows", "errors"),
    "@forks": ("forks_rows", "clones"),
    "@signals": ("signals_rows", "signals"),
    "@migrations": ("migrations_rows", "migrations"),
    "@runs": ("cpudist_rows", "runs"),
    "@waits": ("futex_rows", "waits"),
    "@umounts": ("mounts_rows", "calls"),
    "@unlinks": ("unlinks_rows", "calls"),
    "@chroots": ("privilege_rows", "calls"),
}
PROBES: tuple[str, ...] = (
    "errors",
    "forks",
    "signals",
    "migrations",
    "cpudist",
    "futex",
    "mounts",
    "unlinks",
    "privilege",
)


def test_bpftrace_sees_the_same(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Errors, forks, signals, migrations, runs, futex waits and calls of one process, counted by both."""
    probes, tables, script = PROBES, TABLES, SCRIPT
    if btf.present() and btf.kernel().has_name("btf_trace_cap_capable"):
        probes, tables, script = (
            (*PROBES, "capable"),
            TABLES | {"@checks": ("capable_rows", "checks")},
            SCRIPT + CAPABLE,
        )
    with Worker(WORK, folder=tmp_path) as worker, bpftrace(worker.pid, script) as stop:
        loaded = load(*probes)
        worker.work()
        theirs = stop()
        loaded.detach()
    ours = {}
    for name, (table, member) in tables.items():
        rows = loaded.rows(table)
        counted = int(rows.values[member][rows.keys["pid"] == worker.pid].sum())
        if counted:
            ours[name] = counted
    ours["@chroots"] -= 23  # the probe privilege has unmounts too
    assert ours == theirs
    assert ours["@forks"] == 13 and ours["@unlinks"] == 31 and ours["@umounts"] == 23 and ours["@chroots"] == 19

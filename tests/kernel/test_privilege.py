"""The probe privilege: calls that give or take privilege, and files that hold secrets."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from ebtop import cells
from ebtop.kernel import syscalls
from ebtop.probes.privilege import PROBE
from ebtop.spec import Events
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NUMBERS = {name: number for number, name in syscalls.names().items()}
VIEW = next(view for view in PROBE.views if isinstance(view, Events))
WORDS = {key.field: key.codes for key in VIEW.keys}
WHAT = {word: number for number, word in WORDS["what"]}
PREPARE = f"""
import ctypes
libc = ctypes.CDLL(None)
numbers = {NUMBERS}
call = lambda name, *given: libc.syscall(numbers[name], *given)
def attempt(name):
    try: os.close(os.open(name, os.O_RDONLY))
    except OSError: pass
"""
WORK = """
for _ in range(11): os.setresuid(0, 0, -1)
for _ in range(7): os.chroot("/")
for _ in range(5): call("ptrace", 16, os.getpid(), 0, 0)
for _ in range(5): call("ptrace", 17, os.getpid(), 0, 0)
for _ in range(3): call("delete_module", b"no_such_module", 0)
attributes = ctypes.create_string_buffer(128)
attributes[48:55] = b"a_probe"
for _ in range(2): call("bpf", 5, attributes, 128)
for _ in range(2): call("bpf", 0, attributes, 128)
for name in "/etc/shadow", "/home/nobody/.ssh/id", "/root/.ssh/nowhere", "/etc/sudoers.d/nowhere": attempt(name)
for name in "/etc/passwd", "/etc/shado", "/home/nobody/ssh/id", "/root/ssh", "shadow": attempt(name)
call("unshare", 0x04020000)
for _ in range(3): call("unshare", 0x400)
for _ in range(2): call("mount_setattr", -1, b"/nowhere", 0, 0, 0)
child = call("clone", 0x08000000 | 17, 0, 0, 0, 0)
if not child: os._exit(0)
os.waitpid(child, 0)
os.setuid(65534)
"""


def calls(counted: dict[tuple[int, int], tuple[int, int]], what: str) -> int:
    """All calls about that, whatever came of them."""
    return sum(counts[0] for key, counts in counted.items() if key[0] == WHAT[what])


def failures(counted: dict[tuple[int, int], tuple[int, int]], what: str) -> int:
    """Those of them that failed."""
    return sum(counts[1] for key, counts in counted.items() if key[0] == WHAT[what])


def test_calls_are_exact_with_what_they_were_given(load: Callable[..., Loaded]) -> None:
    """Each kind with its count, name or numbers; what is not of interest has no event."""
    with Worker(WORK, prepare=PREPARE) as worker, Worker(WORK, prepare=PREPARE) as own:
        loaded = load("privilege", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        rows, events = loaded.rows("privilege_rows"), loaded.events("privilege_events", "privilege_record").records
    mine = rows.keys["pid"] == worker.pid
    counted = {
        (int(key["what"]), int(key["errno"])): (int(value["calls"]), int(value["failures"]))
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }
    assert calls(counted, "secret") == 4
    assert calls(counted, "bpf load") == failures(counted, "bpf load") == 2  # EACCES, EINVAL or whatever
    assert calls(counted, "module") == failures(counted, "module") == 3  # ENOENT, or ENOSYS where there are none
    loose = {WHAT["secret"], WHAT["bpf load"], WHAT["module"]}
    assert {key: counts for key, counts in counted.items() if key[0] not in loose} == {
        (WHAT["user"], 0): (12, 0),
        (WHAT["root"], 0): (7, 0),
        (WHAT["trace"], errno.EPERM): (5, 5),
        (WHAT["mount"], errno.EINVAL): (2, 2),
        (WHAT["namespace"], 0): (2, 0),
    }
    assert own.pid not in events["pid"] and own.pid not in rows.keys["pid"]
    told = events[events["pid"] == worker.pid]
    assert told["detail"].tolist() == [
        *[b"0 0 -"] * 11,
        *[b"/"] * 7,
        *[str(worker.pid).encode()] * 5,
        *[b"no_such_module"] * 3,
        *[b"a_probe"] * 2,
        b"/etc/shadow",
        b"/home/nobody/.ssh/id",
        b"/root/.ssh/nowhere",
        b"/etc/sudoers.d/nowhere",
        b"",
        *[b"/nowhere"] * 2,
        b"",
        b"65534",
    ]
    flags = [cells.flags(WORDS["flags"], number) for number in told["flags"].tolist()]
    assert flags == [""] * 32 + ["mount,uts", "", "", "ipc", ""]
    assert told["uid"].tolist() == [0] * 36 + [65534]


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded]) -> None:
    """With room for one row, total is what it shows and what was dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("privilege", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("privilege_rows"), loaded.totals("privilege")
        events = loaded.events("privilege_events", "privilege_record")
    assert totals["drops"] >= 20
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]

"""The probe capable: which capabilities the kernel asked for, and what the answer was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

CHROOT = 18
"""CAP_SYS_CHROOT (include/uapi/linux/capability.h)."""
WORK = """
for _ in range(23): os.chroot("/")
os.setresuid(65534, 65534, 65534)
for _ in range(13):
    try: os.chroot("/")
    except PermissionError: pass
"""


def checked(loaded: Loaded, pid: int) -> dict[tuple[int, int], int]:
    """By capability and answer, how often it was asked for one process."""
    rows = loaded.rows("capable_rows")
    mine = rows.keys["pid"] == pid
    keys, values = rows.keys[mine], rows.values[mine]
    return {
        (int(key["cap"]), int(key["result"])): int(value["checks"]) for key, value in zip(keys, values, strict=True)
    }


def test_checks_are_exact_by_capability_and_answer(load: Callable[..., Loaded]) -> None:
    """23 that are granted to root, 13 refused to who is nobody any more; another's are left out."""
    with Worker(WORK) as worker, Worker(WORK) as own:
        loaded = load("capable", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        counted = checked(loaded, worker.pid)
        assert checked(loaded, own.pid) == {}
    assert counted[CHROOT, 0] == 23
    assert counted[CHROOT, 1] == 13


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, total is what it shows and what was dropped."""
    with Worker(WORK) as first, Worker(WORK) as second:
        loaded = load("capable", rows=1)
        first.work()
        second.work()
        loaded.detach()
        rows, totals = loaded.rows("capable_rows"), loaded.totals("capable")
    assert totals["drops"] >= 36
    assert totals["total"] == int(rows.values["checks"].sum()) + totals["drops"]

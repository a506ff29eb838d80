"""The probe mounts: mounts and unmounts with what they were given and their result."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop import cells
from ebtop.kernel import syscalls
from ebtop.probes.mounts import PROBE
from ebtop.spec import Events
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

NUMBERS = {name: number for number, name in syscalls.names().items()}
PREPARE = """
import ctypes
libc = ctypes.CDLL(None)
here = words[0].encode()
assert not libc.unshare(0x20000), "CLONE_NEWNS"
assert not libc.mount(b"none", b"/", None, 0x44000, None), "MS_REC | MS_PRIVATE"
"""
WORK = """
for _ in range(7):
    libc.mount(b"mine", here, b"tmpfs", 0xC0ED0000 | 0x401, b"size=64k")
    libc.umount2(here, 2)
for _ in range(3): libc.mount(b"mine", here + b"/nowhere", b"tmpfs", 0, None)
for _ in range(2): libc.umount2(here, 8)
"""


def test_mounts_are_exact_with_their_names_and_flags(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Seven that work and are undone, three without a target, two unmounts of what is not mounted."""
    with Worker(WORK, str(tmp_path), prepare=PREPARE) as worker, Worker(WORK, str(tmp_path), prepare=PREPARE) as own:
        loaded = load("mounts", own_pids=frozenset({own.pid}))
        worker.work()
        own.work()
        rows, events = loaded.rows("mounts_rows"), loaded.events("mounts_events", "mounts_record").records
    mine = rows.keys["pid"] == worker.pid
    counted = {
        (int(key["nr"]), int(key["errno"])): (int(value["calls"]), int(value["failures"]))
        for key, value in zip(rows.keys[mine], rows.values[mine], strict=True)
    }
    assert counted == {
        (NUMBERS["mount"], 0): (7, 0),
        (NUMBERS["umount2"], 0): (7, 0),
        (NUMBERS["mount"], errno.ENOENT): (3, 3),
        (NUMBERS["umount2"], errno.EINVAL): (2, 2),
    }
    assert own.pid not in rows.keys["pid"] and own.pid not in events["pid"]
    told = events[events["pid"] == worker.pid]
    here = bytes(tmp_path)
    assert told["target"].tolist() == [here] * 14 + [here + b"/nowhere"] * 3 + [here] * 2
    assert told["source"].tolist() == [b"mine", b""] * 7 + [b"mine"] * 3 + [b""] * 2
    assert told["type"].tolist() == [b"tmpfs", b""] * 7 + [b"tmpfs"] * 3 + [b""] * 2
    view = next(view for view in PROBE.views if isinstance(view, Events))
    words = next(key.codes for key in view.keys if key.field == "flags")
    flags = [cells.flags(words, number) for number in told["flags"].tolist()]
    assert flags == ["ro,noatime", "detach"] * 7 + [""] * 3 + ["nofollow"] * 2


def test_a_mount_in_steps_is_an_event_for_each(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """fsopen names the type, fsmount makes it, move_mount says where it goes."""
    work = """
made = libc.syscall(430, b"tmpfs", 0)
libc.syscall(431, made, 6, None, None, 0)
mount = libc.syscall(432, made, 0, 0)
libc.syscall(429, mount, b"", -100, here, 4)
libc.umount2(here, 2)
"""
    with Worker(work, str(tmp_path), prepare=PREPARE) as worker:
        loaded = load("mounts")
        worker.work()
        events = loaded.events("mounts_events", "mounts_record").records
    told = events[events["pid"] == worker.pid]
    here = bytes(tmp_path)
    assert told[["nr", "type", "target", "errno"]].tolist() == [
        (NUMBERS["fsopen"], b"tmpfs", b"", 0),
        (NUMBERS["fsmount"], b"", b"", 0),
        (NUMBERS["move_mount"], b"", here, 0),
        (NUMBERS["umount2"], b"", here, 0),
    ]


def test_a_full_map_counts_what_it_drops_and_keeps_its_events(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """With room for one row, total is what it shows and what was dropped."""
    with Worker(WORK, str(tmp_path), prepare=PREPARE) as worker:
        loaded = load("mounts", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("mounts_rows"), loaded.totals("mounts")
        events = loaded.events("mounts_events", "mounts_record")
    assert totals["drops"] >= 12
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]
    assert events.seen + totals["lost"] == totals["total"]

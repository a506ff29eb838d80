"""The probe rw: calls and bytes of one process, to the last one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = """
zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
block = b"x" * 4093
one, two = socket.socketpair()
source, target = os.memfd_create("source"), os.memfd_create("target")
os.pwrite(source, block, 0)
"""
WORK = """
for _ in range(499): os.read(zero, 1021)
for _ in range(997): os.write(null, block)
for _ in range(11):
    try: os.read(999, 1)
    except OSError: pass
for _ in range(101):
    one.send(b"12345")
    two.recv(64)
for _ in range(7): os.pwritev(target, [b"abc", b"de"], 0)
for _ in range(5): os.sendfile(target, source, 0, 1000)
"""
READS = 499 + 11 + 101 + 5
WRITES = 997 + 101 + 7 + 5
READ_BYTES = 499 * 1021 + 101 * 5 + 5 * 1000
WRITE_BYTES = 997 * 4093 + 101 * 5 + 7 * 5 + 5 * 1000


def test_calls_and_bytes_are_exact_and_histograms_agree_with_them(load: Callable[..., Loaded]) -> None:
    """read, write, send, recv, pwritev and sendfile by one process, with eleven failures; total = shown + dropped.

    Sizes hold all calls that did not fail, of the machine's processes together.
    """
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("rw")
        worker.work()
        loaded.detach()
        rows, sizes, totals = loaded.rows("rw_calls"), loaded.rows("rw_sizes"), loaded.totals("rw")
    row = rows.values[rows.keys["pid"] == worker.pid]
    assert row["reads"].tolist() == [READS]
    assert row["writes"].tolist() == [WRITES]
    assert row["calls"].tolist() == [READS + WRITES - 5]
    assert row["read_bytes"].tolist() == [READ_BYTES]
    assert row["write_bytes"].tolist() == [WRITE_BYTES]
    assert row["errors"].tolist() == [11]
    assert row["ns"][0] > 0
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]
    reads, writes = (sizes.values[sizes.keys["index"] == direction] for direction in (0, 1))
    assert int(reads["sum"].sum()) == int(rows.values["read_bytes"].sum())
    assert int(writes["sum"].sum()) == int(rows.values["write_bytes"].sum())
    assert int(reads["slots"][:, 9].sum()) >= 499  # 512 to 1023 bytes
    assert int(writes["slots"][:, 11].sum()) >= 997  # 2048 to 4095


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for four processes, the calls of the others are counted as dropped."""
    work = """
for _ in range(23):
    pid = os.fork()
    if not pid:
        for _ in range(13): os.write(null, b"x")
        os._exit(0)
    os.waitpid(pid, 0)
"""
    with Worker(work, prepare=PREPARE) as worker:
        loaded = load("rw", rows=4)
        worker.work()
        worker.leave()
        loaded.detach()
        rows, totals = loaded.rows("rw_calls"), loaded.totals("rw")
    assert rows.keys.size <= 4
    assert totals["drops"] >= 19 * 13
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"]


def test_what_sleeps_what_began_before_and_what_is_ebtops_own(load: Callable[..., Loaded]) -> None:
    """The start of a call is not lost while its thread is off its CPU.

    A read that the probe found begun is counted with its bytes, but without a time, and as unmatched. A process whose
    bit is set has no row; another's 503 writes are all there.
    """
    sleeping = PREPARE + "\ndef later():\n    time.sleep(0.05)\n    one.send(b'x')\n"
    begun = PREPARE + "\nthreading.Thread(target=two.recv, args=(64,), daemon=True).start()"
    writing = "for _ in range(503): os.write(null, b'x')"
    with (
        Worker("threading.Thread(target=later).start()\ntwo.recv(1)", prepare=sleeping) as slow,
        Worker("one.send(b'12345')\nwhile threading.active_count() > 1: time.sleep(0.001)", prepare=begun) as late,
        Worker(writing, prepare=PREPARE) as own,
        Worker(writing, prepare=PREPARE) as other,
    ):
        loaded = load("rw", own_pids=frozenset({own.pid}))
        for worker in (slow, late, own, other):
            worker.work()
        rows, totals = loaded.rows("rw_calls"), loaded.totals("rw")
    assert rows.values["ns"][rows.keys["pid"] == slow.pid][0] >= 40_000_000
    row = rows.values[rows.keys["pid"] == late.pid]
    assert (row["reads"].tolist(), row["read_bytes"].tolist()) == ([1], [5])
    assert totals["unmatched"] >= 1
    assert not (rows.keys["pid"] == own.pid).any()
    assert rows.values["writes"][rows.keys["pid"] == other.pid].tolist() == [503]

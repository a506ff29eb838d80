"""The probe slab: a process that opens files, beside bpftrace on the same work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.loaded import Loaded
from tests.kernel.needing import needs
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker, nobody_but

pytestmark = pytest.mark.kernel
WORK = """
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(499)]
for one in kept: os.close(one)
os.listdir("/proc/self/fd")
"""
SCRIPT = """
tracepoint:kmem:kmem_cache_alloc /pid == $1/ { @allocs[str(args->name)] = count(); }
tracepoint:kmem:kmem_cache_free /pid == $1/ { @frees[str(args->name)] = count(); }
tracepoint:kmem:kmalloc /pid == $1/ { @sizes[args->bytes_alloc] = count(); @asked = sum(args->bytes_req); }
BEGIN { printf("ready\\n"); }
"""


@pytest.fixture(autouse=True)
def place(kernel: None) -> None:
    """A kernel that is new enough for the probe's first way."""
    needs("slab")


def counted(loaded: Loaded, name: str, key: str, member: str) -> dict[str, int]:
    """One member of every row in which it is not 0, by the row's key."""
    rows = loaded.rows(name)
    keys = [one.decode() if isinstance(one, bytes) else str(one) for one in rows.keys[key].tolist()]
    return {one: number for one, number in zip(keys, rows.values[member].tolist(), strict=True) if number}


def apart(ours: dict[str, int], theirs: dict[str, int]) -> int:
    """How many events there are of which only one of the two knows."""
    return sum(abs(ours.get(key, 0) - theirs.get(key, 0)) for key in ours.keys() | theirs.keys())


def test_allocations_are_those_that_bpftrace_sees(load: Callable[..., Loaded]) -> None:
    """499 files opened, by one process and nobody else: the same of every cache and of every size.

    But for what interrupts take and give back in this process's time while either is at work on that CPU: then it is
    passed over, and the kernel says how often. Of files, which no interrupt has to do with, each is there.
    """
    with Worker(WORK) as worker, bpftrace(worker.pid, SCRIPT) as stop:
        loaded = load("slab", own_pids=nobody_but(worker))
        worker.work()
        theirs = stop()
        missed = loaded.missed("slab") + stop.missed
        loaded.detach()
    allocs, frees = (counted(loaded, "slab_rows", "cache", what) for what in ("allocs", "frees"))
    given = counted(loaded, "slab_sizes", "size", "allocs")
    assert allocs["filp"] == theirs["@allocs"]["filp"] >= 499
    assert frees["filp"] == theirs["@frees"]["filp"] >= 499
    pairs = (allocs, theirs["@allocs"]), (frees, theirs["@frees"]), (given, theirs["@sizes"])
    assert sum(apart(*pair) for pair in pairs) <= missed
    if not missed:
        assert sum(counted(loaded, "slab_sizes", "size", "asked_bytes").values()) == theirs["@asked"]
    rows = loaded.rows("slab_rows").values
    taken = rows[rows["allocs"] > 0]
    assert (taken["bytes"] % taken["allocs"] == 0).all() and (taken["bytes"] >= 8 * taken["allocs"]).all()
    sizes = loaded.rows("slab_sizes")
    assert (sizes.values["bytes"] == sizes.keys["size"] * sizes.values["allocs"]).all()
    assert (sizes.values["asked_bytes"] <= sizes.values["bytes"]).all()
    totals = loaded.totals("slab")
    events = sum(int(rows[one].sum()) for one in ("allocs", "frees")) + int(sizes.values["allocs"].sum())
    assert (totals["total"], totals["drops"]) == (events, 0)


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for two caches, what is of a third is a drop."""
    with Worker(WORK) as worker:
        loaded = load("slab", own_pids=nobody_but(worker), rows=2)
        worker.work()
        loaded.detach()
    rows, sizes, totals = loaded.rows("slab_rows"), loaded.rows("slab_sizes"), loaded.totals("slab")
    assert rows.keys.size == 2 and totals["drops"] >= 499
    events = sum(int(rows.values[one].sum()) for one in ("allocs", "frees")) + int(sizes.values["allocs"].sum())
    assert totals["total"] == events + totals["drops"]

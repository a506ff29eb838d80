"""Makes ebtop/demo.ebtop, the recording of `ebtop --demo`: nearly a minute of this kernel with load.py at work on it.

`python scripts/record_demo.py`, as root. The machine is called "demo" in it, and what other processes than the load,
the kernel's threads and ebtop did is left out: their rows, their events, and what both add to the totals. Histograms,
which name no process, are as they were measured.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from load import running

from ebtop import registry
from ebtop.kernel import namespace
from ebtop.recording import Writer, read
from ebtop.replay import demo_path
from ebtop.sample import EventTail, MapRows, ProbeSample, Records, Sample, Totals
from ebtop.spec import Flame, Histogram, Key, Kind, Probe, Table, stacks_of

FOLDER = Path("/srv/store")
SECONDS = 50
WARM_UP_S = 6.0
_INSTANCE = Path(namespace.TRACEFS) / "instances/ebtop-demo"
_FORK = re.compile(rb" sched_process_fork: .* pid=(\d+) .* child_pid=(\d+)$", re.MULTILINE)
_KTHREADD = 2  # kernel/kthread.c: parent of all other threads of the kernel
_IDLE = 0

Mask = npt.NDArray[np.bool_]


@contextmanager
def forks() -> Iterator[list[tuple[int, int]]]:
    """Every (parent, child) that is made meanwhile, in order; there when the block has ended."""
    namespace.mount_tracefs()
    _INSTANCE.mkdir()
    pairs: list[tuple[int, int]] = []
    switch = _INSTANCE / "events/sched/sched_process_fork/enable"
    try:
        (_INSTANCE / "buffer_size_kb").write_text("16384")
        switch.write_text("1")
        yield pairs
        switch.write_text("0")
        pairs += [(int(parent), int(child)) for parent, child in _FORK.findall((_INSTANCE / "trace").read_bytes())]
    finally:
        with suppress(OSError):
            switch.write_text("0")
        _INSTANCE.rmdir()


def descendants(roots: set[int], pairs: list[tuple[int, int]]) -> set[int]:
    """`roots` and all that they, and theirs, have made."""
    found = set(roots)
    for parent, child in pairs:
        if parent in found:
            found.add(child)
    return found


def threads_of_the_kernel() -> set[int]:
    """Those that are there now."""
    children = Path(f"/proc/{_KTHREADD}/task/{_KTHREADD}/children").read_text("ascii")
    return {_IDLE, _KTHREADD, *map(int, children.split())}


class Cut:
    """Takes out of one sample after the other what processes not in `kept` have done."""

    def __init__(self, kept: set[int]) -> None:
        self._kept = np.array(sorted(kept), np.uint32)
        self._rows: dict[str, dict[bytes, int]] = {}
        self._gone: dict[str, int] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def applied(self, sample: Sample) -> Sample:
        """`sample` without the others."""
        probes = {name: self._probe(registry.probe(name), probe) for name, probe in sample.probes.items()}
        own = {pid for probe in probes.values() for rows in probe.maps.values() for pid in _holders(rows.keys)}
        pids = own.union(self._kept.tolist())
        processes = {pid: process for pid, process in sample.processes.items() if pid in pids}
        told = set(self._kept.tolist())  # not of ebtop itself: its command line speaks of this machine
        details = {pid: replace(detail, cgroup="") for pid, detail in sample.details.items() if pid in told}
        return replace(sample, probes=probes, processes=processes, details=details)

    def _probe(self, probe: Probe, sample: ProbeSample) -> ProbeSample:
        fields: dict[str, str] = {}
        for view in probe.views:
            if not isinstance(view, Histogram | Flame) and not stacks_of(view):
                fields.setdefault(view.map, _pid_field(view.keys))
        masks = {name: self._mask(rows.keys, fields.get(name, "")) for name, rows in sample.maps.items()}
        table = probe.first_table
        assert table is not None
        maps = {
            name: MapRows(rows.keys[masks[name]], rows.values[masks[name]], rows.capacity)
            for name, rows in sample.maps.items()
        }
        events = {name: self._tail(probe.name, name, tail, fields[name]) for name, tail in sample.events.items()}
        totals = self._totals(probe.name, table, sample, masks) if table.map in sample.maps else sample.totals
        worst = {name: records[self._mask(records, "pid")] for name, records in sample.worst.items()}
        return replace(sample, maps=maps, events=events, totals=totals, worst=worst)

    def _mask(self, keys: Records, field: str) -> Mask:
        if not field:
            return np.ones(keys.size, bool)
        kept: Mask = np.isin(keys[field], self._kept)
        return kept | (keys["mark"] == b"ebtop") if "mark" in (keys.dtype.names or ()) else kept

    def _totals(self, name: str, table: Table, sample: ProbeSample, masks: dict[str, Mask]) -> Totals:
        """What is left of both sides of total = shown + pruned + drops."""
        rows, others = sample.maps[table.map], ~masks[table.map]
        counts = rows.values[table.counter][others].tolist()
        now = dict(zip((key.tobytes() for key in rows.keys[others]), counts, strict=True))
        before = self._rows.get(name, {})
        self._rows[name] = now
        self._gone[name] = self._gone.get(name, 0) + sum(before[key] for key in before.keys() - now.keys())
        totals, gone = sample.totals, min(self._gone[name], sample.totals.pruned)
        if not totals.total:
            return totals
        return replace(totals, total=totals.total - sum(now.values()) - gone, pruned=totals.pruned - gone)

    def _tail(self, probe: str, name: str, tail: EventTail, field: str) -> EventTail:
        kept = self._mask(tail.records, field)
        seen, counted = self._seen.get(f"{probe}.{name}", (tail.seen - tail.records.size, 0))
        new = min(tail.seen - seen, tail.records.size)
        counted += int(kept[tail.records.size - new :].sum())
        self._seen[f"{probe}.{name}"] = tail.seen, counted
        return EventTail(tail.records[kept], counted)


def _pid_field(keys: tuple[Key, ...]) -> str:
    return next((key.field for key in keys if key.kind is Kind.PID), "")


def _holders(keys: Records) -> list[int]:
    return keys["pid"].tolist() if "mark" in (keys.dtype.names or ()) else []


def record(path: Path) -> None:
    """`ebtop record` of all probes, on a machine that is called demo for it alone."""
    program = path.with_name("ebtop")  # by this name it is known to the kernel, as where it is installed
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom ebtop.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    command = [str(program), "record", str(path), "--for", f"{SECONDS}s", "--probes", ",".join(registry.probes())]
    command += ["--max-overhead", "0"]
    named = ["unshare", "--uts", "sh", "-c", 'hostname demo && exec "$@"', "sh", *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    subprocess.run(named, check=True, env=environment)


def main() -> int:
    """Record, cut and put it in its place."""
    if os.geteuid() != 0:
        sys.stderr.write("recording the kernel needs root\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.ebtop"
        roots = threads_of_the_kernel()
        with forks() as pairs, running(FOLDER) as load:
            roots.add(load)
            threading.Event().wait(WARM_UP_S)
            record(whole)
        cut = Cut(descendants(roots, pairs))
        with whole.open("rb") as file, open(demo_path(), "wb") as shown:
            writer = Writer(shown)
            for sample in read(file):
                writer.write(cut.applied(sample))
    sys.stdout.write(f"{demo_path()}: {os.path.getsize(demo_path())} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: every figure of the README beside its rivals, in one run, printed and kept in results.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import machine
from benchmarks.figure import HEAD, Figure, row
from benchmarks.parts import PARTS, measure

RESULTS = Path(__file__).with_name("results.md")
KEPT = Path(__file__).with_name("results.json")
"""The newest rows of each part: parts may be measured anew one by one."""
_TRACEFS = Path("/sys/kernel/tracing")
_INSIDE = "EBTOP_BENCH_NAMESPACE"


def main() -> int:
    """Measure what was asked for; status 1 if a bound is missed."""
    words = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    words.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them by default")
    words.add_argument("--rounds", type=int, default=5, help="of each comparison; the median counts")
    said = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("benchmarks: root is needed, as for ebtop")
    if not (_TRACEFS / "events").exists():
        _mount_tracefs()
    figures: dict[str, list[Figure]] = {}
    # A process for each part: memory that this one shared with what is measured would be divided between them.
    alone = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
    with tempfile.TemporaryDirectory(prefix="ebtop-bench-") as folder, alone:
        for name in said.parts or PARTS:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            figures[name] = alone.submit(measure, name, Path(folder), said.rounds).result()
            print(*map(row, figures[name]), sep="\n", flush=True)
    keep({name: list(map(row, measured)) for name, measured in figures.items()})
    return 0 if all(one.reached or one.theirs != one.theirs for part in figures.values() for one in part) else 1


def keep(measured: dict[str, list[str]]) -> None:
    """Write results.md: these rows, and the newest of the parts that were not measured now."""
    kept: dict[str, list[str]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept |= measured
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    rows = [line for name in PARTS for line in kept.get(name, [])]
    RESULTS.write_text("\n".join((f"Medians of interleaved rounds on {machine.describe()}", "", HEAD, *rows, "")))


def _mount_tracefs() -> None:
    """The rivals need tracefs: it is mounted in a mount namespace of this run's own, and the host left as it is."""
    if _INSIDE not in os.environ:
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, "-m", "benchmarks", *sys.argv[1:]])
    if os.spawnlp(os.P_WAIT, "mount", "mount", "-t", "tracefs", "tracefs", str(_TRACEFS)):
        sys.exit("benchmarks: tracefs could not be mounted")


if __name__ == "__main__":
    sys.exit(main())

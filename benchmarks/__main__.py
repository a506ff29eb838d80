"""`make bench`: every figure of the README beside its rivals, in one run, printed and kept in results.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine, many_keys, reading, startup, steady, syscall_cost
from benchmarks.figure import Figure, table

RESULTS = Path(__file__).with_name("results.md")
Measure = Callable[[Path, int], list[Figure]]
PARTS: dict[str, Measure] = {
    "syscall_cost": syscall_cost.measure,
    "startup": startup.measure,
    "reading": reading.measure,
    "steady": steady.measure,
    "many_keys": many_keys.measure,
}
_TRACEFS = Path("/sys/kernel/tracing")
_INSIDE = "EBTOP_BENCH_NAMESPACE"


def main() -> int:
    """Measure what was asked for; status 1 if a bound is missed."""
    words = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    words.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them by default, and only then kept")
    words.add_argument("--rounds", type=int, default=5, help="of each comparison; the median counts")
    said = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("benchmarks: root is needed, as for ebtop")
    if not (_TRACEFS / "events").exists():
        _mount_tracefs()
    figures = []
    with tempfile.TemporaryDirectory(prefix="ebtop-bench-") as folder:
        for name in said.parts or PARTS:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            figures += PARTS[name](Path(folder), said.rounds)
            print(table(figures[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    text = f"Medians of {said.rounds} interleaved rounds on {machine.describe()}\n\n{table(figures)}\n"
    print(text)
    if not said.parts:
        RESULTS.write_text(text)
    return 0 if all(figure.reached or figure.theirs != figure.theirs for figure in figures) else 1


def _mount_tracefs() -> None:
    """The rivals need tracefs: it is mounted in a mount namespace of this run's own, and the host left as it is."""
    if _INSIDE not in os.environ:
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, "-m", "benchmarks", *sys.argv[1:]])
    if os.spawnlp(os.P_WAIT, "mount", "mount", "-t", "tracefs", "tracefs", str(_TRACEFS)):
        sys.exit("benchmarks: tracefs could not be mounted")


if __name__ == "__main__":
    sys.exit(main())

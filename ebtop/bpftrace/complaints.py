"""What bpftrace says beside its output, line by line, and what is made of that; knows no pipes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ebtop.text import clean

_NOISE = re.compile("RLIMIT_MEMLOCK")
"""Where limits cannot be raised bpftrace says so at every start, and goes on."""
_ERROR = re.compile(r"\bERROR:|\berror:", re.IGNORECASE)
_SKIPPED = re.compile(r"could not attach probe (\S+), skipping")

_NO_HOOK = ("BEGIN", "END", "interval", "profile")
"""Points that are attached to no place in the kernel."""


def lines(errors: bytes) -> list[str]:
    """Clean lines, but for empty ones and what is said at every start."""
    said = [clean(line.expandtabs()) for line in errors.decode("utf-8", "replace").splitlines()]
    return [line for line in said if line.strip() and not _NOISE.search(line)]


def skipped(log: Sequence[str]) -> list[str]:
    """The attach points that it goes on without."""
    return [found[1] for line in log if (found := _SKIPPED.search(line))]


def unattached(points: Sequence[str], log: Sequence[str]) -> str:
    """That the program goes on without any of its `points` that are places in the kernel, "" where it has some."""
    hooked = [point for point in points if not point.startswith(_NO_HOOK)]
    without = skipped(log)
    if hooked and len(without) >= len(hooked) and "*" not in "".join(hooked):
        return f"none of its probes could be attached: {', '.join(without)}"
    return ""


def first_error(log: Sequence[str]) -> str:
    """The first line that is an error, "" where none is."""
    return next((line.removeprefix("ERROR: ") for line in log if _ERROR.search(line)), "")


def explained(said: str, log: Sequence[str]) -> str:
    """`said`, with what this kernel lacks where bpftrace says so elsewhere."""
    if any("kprobe_events" in line and "No such file" in line for line in log):
        return f"{said}: this kernel was built without kprobes"
    return said

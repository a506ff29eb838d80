"""What compiler and verifier said about each probe, and what happened since the start; words only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebtop.spec import Probe
from ebtop.tui.pieces import Line

if TYPE_CHECKING:
    from ebtop.frame import Frame


def log_lines(frame: Frame | None, probes: list[Probe], first: str, messages: list[str]) -> list[Line]:
    """The focused probe first, then those that failed, then the others, then messages, newest last."""
    lines: list[Line] = []
    if frame is not None:
        failed = {name for name, shown in frame.probes.items() if shown.sample.state.value == "failed"}
        for probe in sorted(probes, key=lambda probe: (probe.name != first, probe.name not in failed)):
            lines += _probe(frame, probe)
    lines.append([(" Messages", "accent")])
    lines += [[("   " + message, "text")] for message in messages] or [[("   none", "faint")]]
    return lines


def _probe(frame: Frame, probe: Probe) -> list[Line]:
    shown = frame.probes.get(probe.name)
    if shown is None:
        return []
    sample = shown.sample
    role = "bad" if sample.state.value == "failed" else "dim"
    hook = f" by {sample.hook}" if sample.hook else ""
    lines: list[Line] = [[(" " + probe.title, "accent"), ("  " + sample.state.value + hook, role)]]
    if sample.error:
        lines.append([("   " + sample.error, "bad")])
    said = sample.log.splitlines()
    lines += [[("   " + line.replace("\t", "    "), "text")] for line in said] or [[("   nothing was said", "faint")]]
    return [*lines, []]

"""All rules there are, the weightiest first, and the probes that they ask; one that is new is named here."""

from __future__ import annotations

from ebtop.frame import Frame
from ebtop.triage import calls, machine, network, waiting
from ebtop.triage.check import Report, Rule
from ebtop.triage.check import examine as examine_by

RULES: tuple[Rule, ...] = (*waiting.RULES, *network.RULES, *calls.RULES, *machine.RULES, *machine.OWN)
CHEAP = ("opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat")
"""Probes that are switched on to be asked: what they hook happens thousands of times a second at most. The others hook
every system call, and are asked where they run anyway."""
SECONDS = 10.0
"""How long to look."""


def examine(frame: Frame) -> Report:
    """What looks abnormal in `frame`."""
    return examine_by(frame, RULES)

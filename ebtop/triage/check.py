"""What a rule is, and what examining a frame by rules gives; knows no particular rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ebtop import units
from ebtop.frame import Frame, ProbeFrame
from ebtop.sample import State
from ebtop.units import Unit

NAN = float("nan")
MOST = 10.0
"""Severity ends here, so that no storm of one kind hides all others."""
LEVELS = ((4.0, "severe"), (2.0, "high"), (1.0, "slight"))
"""From this severity on it is called that."""
_EACH = 3
"""A rule finds at most so many of a kind."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look next: a table of a probe, and the column it is sorted by."""

    probe: str
    view: str
    column: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One number that a rule found."""

    value: float
    """In the rule's unit; NaN where it is not known."""
    who: str = ""
    """Process, device or peer, clean text."""
    look: Look | None = None
    """Where to look, if it depends on what was found."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One question to a frame, and from which number on the answer is abnormal."""

    name: str
    title: str
    """What is looked at, in a few words."""
    measure: Callable[[Frame], Sequence[Measured]]
    """Worst first; nothing where nothing of the kind happened."""
    threshold: float | Callable[[Frame], float]
    """In `unit`; abnormal at it and above."""
    source: str
    """Where the threshold comes from."""
    unit: Unit = Unit.COUNT
    per_second: bool = False
    probe: str = ""
    """The probe that has to be live; "" for none."""
    times: bool = False
    """Whether a probe that only counts cannot say it."""
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One number beside its threshold."""

    rule: Rule
    value: float
    """NaN: nothing of the kind happened."""
    threshold: float
    who: str = ""
    look: Look | None = None

    @property
    def ratio(self) -> float:
        """Of the number to its threshold; 0 where there is none."""
        return self.value / self.threshold if self.value == self.value else 0.0

    @property
    def is_abnormal(self) -> bool:
        """At the threshold or above."""
        return self.ratio >= 1

    @property
    def severity(self) -> float:
        """What findings are ranked by: the ratio, at most MOST."""
        return min(self.ratio, MOST)

    @property
    def level(self) -> str:
        """severe, high, slight or fine."""
        return next((word for least, word in LEVELS if self.severity >= least), "fine")

    def text(self, value: float) -> str:
        """`value` with the rule's unit."""
        return units.rate(value, self.rule.unit) if self.rule.per_second else units.text(value, self.rule.unit)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that could not be asked."""

    rule: Rule
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at."""

    seconds: float
    findings: tuple[Check, ...]
    """Abnormal, the worst first."""
    fine: tuple[Check, ...]
    """The others, that closest to its threshold first."""
    skipped: tuple[Skipped, ...]

    @property
    def looked_at(self) -> int:
        """Rules that could be asked."""
        return len({check.rule.name for check in self.findings + self.fine})


def examine(frame: Frame, rules: Iterable[Rule]) -> Report:
    """What `rules` say of `frame`, whose interval should be some seconds long."""
    checks: list[Check] = []
    skipped: list[Skipped] = []
    for rule in rules:
        why = why_not(frame, rule)
        found = () if why else rule.measure(frame)
        if not why and found and found[0].value != found[0].value:
            why = "this kernel or recording does not tell"
        if why:
            skipped.append(Skipped(rule, why))
        else:
            checks += _checks(frame, rule, found)
    abnormal = sorted((check for check in checks if check.is_abnormal), key=lambda check: -check.severity)
    fine = sorted((check for check in checks if not check.is_abnormal), key=lambda check: -check.ratio)
    return Report(frame.seconds, tuple(abnormal), tuple(fine), tuple(skipped))


def _checks(frame: Frame, rule: Rule, found: Sequence[Measured]) -> list[Check]:
    """All of `found` that is abnormal, bounded; the first where nothing is."""
    threshold = rule.threshold(frame) if callable(rule.threshold) else rule.threshold
    checks = [Check(rule, one.value, threshold, one.who, one.look or rule.look) for one in found[:_EACH]]
    return (
        [check for check in checks if check.is_abnormal] or checks[:1] or [Check(rule, NAN, threshold, "", rule.look)]
    )


def why_not(frame: Frame, rule: Rule) -> str:
    """Why `rule` cannot be asked, "" if it can."""
    if not rule.probe:
        return ""
    shown = frame.probes.get(rule.probe)
    if shown is None or shown.sample.state is State.OFF:
        return "off"
    if shown.sample.state is State.FAILED:
        return f"failed: {shown.sample.error}"
    if shown.sample.state is not State.LIVE or shown.events_per_second != shown.events_per_second:
        return "not attached in time"
    return "only counted, without times and failures" if rule.times and _counts_only(shown) else ""


def _counts_only(shown: ProbeFrame) -> bool:
    return any(way.counts_only for way in shown.probe.ways if way.name == shown.sample.hook)

"""Headline rates by tick, of a probe that comes later than the others."""

from __future__ import annotations

import numpy as np

from ebtop import registry
from ebtop.timeline import Timeline
from tests.samples import Given, session

LATE = "func:u:libc:malloc"


def test_a_probe_that_comes_late_was_off_until_then() -> None:
    """Others keep their rates; it has none of before, and all from then on."""
    given = session(8, ("rw", LATE))
    timeline = Timeline(Given(*given), registry.probes())
    for sample in given[:5]:
        timeline._take(sample)
    before = timeline.rates("rw")
    timeline.know(registry.probe(LATE))
    timeline.know(registry.probe(LATE))
    assert timeline.rates(LATE).size == 0
    assert np.array_equal(timeline.rates("rw"), before, equal_nan=True)
    for sample in given[5:]:
        timeline._take(sample)
    assert timeline.rates(LATE).size == 3 and (timeline.rates(LATE) > 0).any()
    assert timeline.rates("rw").size == before.size + 3
    assert LATE in timeline.at(timeline.moments().last).probes

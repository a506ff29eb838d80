"""What a running probe's keys and examples ask to be named, without a kernel."""

from __future__ import annotations

import numpy as np

from ebtop import registry
from ebtop.running import Numbers
from ebtop.spec import Kind
from tests import samples


def test_numbers_that_only_examples_have_are_named_too() -> None:
    """A process and a device without a row; the sets stay the very same while nothing new appears."""
    live = samples.sample(0, ["blockio"]).probes["blockio"]
    numbers = Numbers(registry.probe("blockio"))
    examples = live.worst["latency"].copy()
    rows = live.maps["blockio_rows"].keys
    examples["pid"], examples["device"] = rows["pid"][0], rows["device"][0]

    def named(kind: Kind) -> frozenset[int]:
        return frozenset[int]().union(*numbers.of(kind))

    numbers.look(dict(live.maps), {})
    before = {kind: named(kind) for kind in (Kind.PID, Kind.DEVICE)}
    numbers.look_beside({"latency": examples})
    assert {kind: named(kind) for kind in before} == before
    first = [*numbers.of(Kind.PID), *numbers.of(Kind.DEVICE)]
    numbers.look_beside({"latency": examples[:3]})
    assert all(
        one is other for one, other in zip(first, [*numbers.of(Kind.PID), *numbers.of(Kind.DEVICE)], strict=True)
    )
    examples["pid"][5], examples["device"][7] = 31_337, 7 << 20
    numbers.look_beside({"latency": examples})
    assert named(Kind.PID) == before[Kind.PID] | {31_337}
    assert named(Kind.DEVICE) == before[Kind.DEVICE] | {7 << 20}
    numbers.look_beside({"latency": np.zeros(0, examples.dtype)})
    assert {kind: named(kind) for kind in before} == before

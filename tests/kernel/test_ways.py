"""Every way of every probe, and all probes together: neither compiler nor verifier refuses what has a place here."""

from __future__ import annotations

import pytest

from ebtop import registry, wire
from ebtop.kernel import loader
from tests.kernel.loaded import ask

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

PROBES = (*(name for name, probe in registry.probes().items() if probe.ways), "follow")
WAYS = [(probe, way.name) for probe in PROBES for way in registry.probe(probe).ways]
ELSEWHERE = "the kernel did not attach the program"
"""The place is not as the way knows it: a tracepoint with other arguments."""


def is_no_place(error: str, way: str) -> bool:
    """Whether the way was not even tried; what compiler and kernel say of one that was begins with its name."""
    said = [reason for reason in error.split("; ") if reason.startswith(f"{way}: ")]
    return not said or ELSEWHERE in said[0]


@pytest.mark.parametrize(("probe", "way"), WAYS, ids=lambda word: word.replace(" ", "-"))
def test_each_way_is_live_where_the_kernel_has_its_places(probe: str, way: str) -> None:
    """Where it has not, that is the reason given, and expected."""
    answers = ask({probe: 1}, way=way)
    answers.let_go()
    last = answers.messages[-1]
    if isinstance(last, wire.Progress) and last.state == "failed" and is_no_place(last.error, way):
        pytest.xfail(last.error)
    assert isinstance(last, wire.Live), f"{last.error}\n{last.log}\n{answers.output}"
    assert last.hook == way and last.targets


def test_all_probes_are_live_out_of_one_module() -> None:
    """By the first way that the kernel has; one whose first way has no place here is left to a loader of its own."""
    answers = ask({probe: serial for serial, probe in enumerate(PROBES, 1)})
    answers.let_go()
    left = set(PROBES) - {one.probe for one in answers.messages if isinstance(one, wire.Live)}
    assert answers.status == (loader.RETRY if left else 0), answers.output
    for probe in left:
        alone = ask({probe: 1})
        alone.let_go()
        assert isinstance(alone.messages[-1], wire.Live), alone.messages[-1]
        assert ELSEWHERE in alone.messages[-1].log, alone.messages[-1].log

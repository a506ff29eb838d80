"""What holds for every declaration of a probe."""

from __future__ import annotations

import pytest

from ebtop import registry
from ebtop.spec import Histogram, Kind, Probe

COUNTERS = {
    "syscalls": "calls",
    "rw": "calls",
    "opens": "opens",
    "exec": "execs",
    "tcpconnect": "connects",
    "tcpaccept": "accepts",
    "blockio": "ops",
    "runqlat": "waits",
    "bpf": "runs",
}


@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: probe.name)
def test_the_first_table_tells_which_of_its_members_counts_events(probe: Probe) -> None:
    """Rows that are taken out of it are counted by that one, never by their bytes."""
    first = probe.first_table
    if first is not None:
        assert first.counter
        assert first.counter == COUNTERS.get(probe.name, first.counter)


@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: probe.name)
def test_a_histograms_examples_name_a_process(probe: Probe) -> None:
    """In a map of the probe's own, each in another; without examples is what nobody in particular is to blame for."""
    histograms = [view for view in probe.views if isinstance(view, Histogram) and view.worst]
    assert all(view.worst.startswith(f"{probe.name}_") for view in histograms)
    assert len({view.worst for view in histograms}) == len(histograms)
    assert all(view.worst_keys[0].kind is Kind.PID for view in histograms)

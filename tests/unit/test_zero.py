"""Counting from a moment on: totals, rates, histograms and maxima, exact through rows that go, come back or shrink."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ebtop import registry
from ebtop.derive import counted_from, derive
from ebtop.frame import EventsFrame, Frame, HistogramFrame, ProbeFrame, TableFrame
from ebtop.sample import MapRows, Sample
from ebtop.zero import Zero, followed, zeroed
from tests.samples import session
from tests.unit.test_derive import KEY, VALUE, calls, frame, sample

SECOND = 10**9


def zero_of(given: Sample) -> Zero:
    """Counting from `given` on."""
    zero = zeroed(given, "p")
    assert zero is not None
    return zero


def follow(zero: Zero, *samples: Sample) -> Zero:
    """The zero after these samples."""
    for given in samples:
        after = followed(zero, given, "p")
        assert after is not None
        zero = after
    return zero


def shown(derived: Frame, zero: Zero) -> ProbeFrame:
    """The only probe, counted from the zero."""
    return counted_from(derived.probes["p"], zero, derived.sample.monotonic_ns)


def rows_of(probe: ProbeFrame, *columns: str, view: str = "by_process") -> dict[int, tuple[float, ...]]:
    """Rows by process."""
    table = probe.views[view]
    assert isinstance(table, TableFrame)
    values = zip(*(table.columns[name].tolist() for name in columns), strict=True)
    return dict(zip(table.keys["pid"].tolist(), values, strict=True))


def test_totals_begin_at_zero_and_rates_are_what_they_were() -> None:
    """Of two processes one did something since; the other is not shown; the kernel's numbers are untouched."""
    first = sample(1, calls((1, 0, 10, 100, 9, b"a"), (2, 0, 20, 5, 5, b"b")))
    second = sample(2, calls((1, 0, 13, 160, 9, b"a"), (2, 0, 20, 5, 5, b"b")))
    zero = follow(zero_of(first), second)
    columns = ("calls_total", "calls_per_second", "mean_ns")
    assert rows_of(shown(frame(second, first), zero), *columns) == {1: (3.0, 3.0, 20.0)}
    assert rows_of(frame(second, first).probes["p"], "calls_total") == {1: (13.0,), 2: (20.0,)}


def test_at_the_very_moment_there_is_nothing() -> None:
    """No rows, no events, no totals."""
    now = sample(2, calls((1, 0, 10, 100, 9, b"a")), total=10)
    probe = shown(frame(now, sample(1, calls())), zero_of(now))
    assert rows_of(probe, "calls_total") == {}
    assert probe.sample.totals.total == 0
    latency = probe.views["all"]
    assert isinstance(latency, HistogramFrame)
    assert latency.totals.sum() == 0


def test_a_mean_without_events_in_the_interval_is_that_since_the_zero() -> None:
    """Not that since the start."""
    table = [calls((1, 0, count, ns, 9, b"a")) for count, ns in ((10, 1000), (12, 1010), (12, 1010))]
    first, second, third = (sample(at, rows) for at, rows in enumerate(table, 1))
    zero = follow(zero_of(first), second, third)
    assert rows_of(shown(frame(third, second), zero), "mean_ns", "calls_per_second") == {1: (5.0, 0.0)}


def test_the_largest_is_known_only_where_it_grew() -> None:
    """A new record is the largest since; without one nobody knows; a new row's is its own."""
    first = sample(1, calls((1, 0, 1, 1, 50, b""), (2, 0, 1, 1, 50, b"")))
    second = sample(2, calls((1, 0, 2, 2, 60, b""), (2, 0, 2, 2, 50, b""), (3, 0, 1, 1, 7, b"")))
    said = rows_of(shown(frame(second, first), follow(zero_of(first), second)), "max_ns")
    assert (said[1], said[3]) == ((60.0,), (7.0,))
    assert math.isnan(said[2][0])


def test_a_row_that_was_made_anew_counts_from_its_birth_even_beyond_what_it_was() -> None:
    """The row shrank on its way: 10, 2, 30 are 30 since the zero, not 20."""
    samples = [sample(at, calls((1, 0, count, count, 1, b""))) for at, count in enumerate((10, 2, 30), 1)]
    zero = follow(zero_of(samples[0]), *samples[1:])
    assert rows_of(shown(frame(samples[2], samples[1]), zero), "calls_total") == {1: (30.0,)}
    assert rows_of(shown(frame(samples[1], samples[0]), zero), "calls_total") == {1: (2.0,)}


def test_a_row_that_was_pruned_and_came_back_counts_from_its_return() -> None:
    """10, gone, 30."""
    samples = [sample(1, calls((1, 0, 10, 1, 1, b""))), sample(2, calls()), sample(3, calls((1, 0, 30, 1, 1, b"")))]
    zero = follow(zero_of(samples[0]), *samples[1:])
    assert rows_of(shown(frame(samples[2], samples[1]), zero), "calls_total") == {1: (30.0,)}


def test_a_look_back_counts_as_it_did_then() -> None:
    """Before its rebirth the row is still the old one; frames from before the zero are untouched."""
    samples = [sample(at, calls((1, 0, count, 1, 1, b""))) for at, count in enumerate((4, 10, 17, 2, 60), 1)]
    zero = follow(zero_of(samples[1]), *samples[2:], samples[2])
    said = [rows_of(shown(frame(given, None), zero), "calls_total").get(1) for given in samples]
    assert said == [(4.0,), None, (7.0,), (2.0,), (60.0,)]


def test_another_run_of_the_probe_begins_at_zero_anyway() -> None:
    """The zero is over."""
    zero = zero_of(sample(1, calls((1, 0, 10, 1, 1, b""))))
    again = sample(3, calls((1, 0, 12, 1, 1, b"")), started=2 * SECOND)
    assert followed(zero, again, "p") is None
    assert rows_of(shown(frame(again, None), zero), "calls_total") == {1: (12.0,)}


@pytest.mark.parametrize("seed", range(8))
def test_totals_are_the_sum_of_all_that_was_counted_since(seed: int) -> None:
    """Random rows that grow, go, come back and shrink, beside the growth of each interval added up."""
    random = np.random.default_rng(seed)
    keys, values = np.zeros(60, KEY), np.zeros(60, VALUE)
    keys["pid"], keys["nr"] = np.arange(60) % 20, np.arange(60)
    values["calls"] = random.integers(1, 100, 60)
    samples = []
    for second in range(1, 13):
        values = values.copy()
        values["calls"] = np.where(random.random(60) < 0.2, 1, values["calls"] + random.integers(0, 9, 60, np.uint64))
        there = random.random(60) < 0.8
        samples.append(sample(second, MapRows(keys[there], values[there], 60)))
    zero = follow(zero_of(samples[0]), *samples[1:])
    table = shown(frame(samples[-1], samples[-2]), zero).views["by_both"]
    assert isinstance(table, TableFrame)
    said = dict(zip(table.keys["nr"].tolist(), table.columns["calls_total"].tolist(), strict=True))
    expected = {nr: counted_since(samples, nr) for nr in range(60)}
    assert said == {nr: total for nr, total in expected.items() if total}


def counted_since(samples: list[Sample], nr: int) -> int:
    """What row `nr` of the last sample has counted since the first, or since it was last made anew."""
    contents = [given.probes["p"].maps["p_calls"] for given in samples]
    counts = [dict(zip(rows.keys["nr"].tolist(), rows.values["calls"].tolist(), strict=True)) for rows in contents]
    total = 0
    for before, now in pairwise(counts):
        if nr not in now:
            total = 0
        elif nr not in before or now[nr] < before[nr]:
            total = now[nr]
        else:
            total += now[nr] - before[nr]
    return total


def test_a_histogram_counts_from_the_zero() -> None:
    """Five events a second: 15 in three seconds; the total of all is the kernel's."""
    first, last = sample(2, calls()), sample(5, calls())
    probe = shown(frame(last, sample(4, calls())), follow(zero_of(first), last))
    latency = probe.views["all"]
    assert isinstance(latency, HistogramFrame)
    assert (latency.totals.sum(), latency.counts.sum(), latency.sums.tolist()) == (15, 5, [150.0])
    assert math.isnan(latency.largest[0])


def test_events_from_before_are_not_listed() -> None:
    """Only those that came since."""
    first, second = session(20, ["exec"])[-2:]
    probes = registry.probes()
    zero = zeroed(first, "exec")
    assert zero is not None
    later = derive(second, first, probes)
    probe = counted_from(later.probes["exec"], zero, second.monotonic_ns)
    events = probe.views["started"]
    assert isinstance(events, EventsFrame)
    tails = [given.probes["exec"].events["exec_events"] for given in (first, second)]
    assert events.records.size == tails[1].seen - tails[0].seen > 0


def test_a_zero_that_did_not_move_is_the_same() -> None:
    """A sample with the same rows again changes nothing."""
    first = sample(1, calls((1, 0, 10, 1, 1, b"")))
    zero = zero_of(first)
    assert followed(zero, replace(first, monotonic_ns=5 * SECOND), "p") is zero


def test_a_probe_that_is_not_live_cannot_be_cleared() -> None:
    """Nothing is counted there."""
    assert zeroed(sample(1, calls()), "other") is None

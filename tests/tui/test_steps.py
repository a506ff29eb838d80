"""Which steps a histogram is drawn in when it has more buckets than lines."""

from __future__ import annotations

import numpy as np
import pytest

from ebtop.frame import Counts
from ebtop.sample import BUCKETS
from ebtop.tui.shapes import buckets


def counted(**events: int) -> Counts:
    """A histogram with that many events, by bucket: b7=3."""
    counts = np.zeros(BUCKETS, np.uint64)
    for name, number in events.items():
        counts[int(name[1:])] = number
    return counts


def test_every_bucket_has_a_line_where_there_is_room() -> None:
    """Those in between too, though nothing was counted in them; none beside."""
    assert buckets(counted(b7=3, b9=5), 3) == [(7, 8, 3), (8, 9, 0), (9, 10, 5)]
    assert buckets(counted(), 3) == buckets(counted(b7=3), 0) == []


def test_a_few_far_events_do_not_make_the_others_one_step() -> None:
    """Two calls of seconds among a million of microseconds: all are in the steps, and the steps tell them apart."""
    bulk = counted(b9=300_000, b10=400_000, b11=250_000, b12=40_000, b17=9_000, b32=2)
    steps = buckets(bulk, 3)
    assert steps == [(9, 12, 950_000), (12, 16, 40_000), (16, 33, 9_002)]


@pytest.mark.parametrize("lines", range(1, 9))
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_left_out_and_nothing_stands_twice(lines: int, seed: int) -> None:
    """Whatever was counted, and however few lines there are."""
    random = np.random.default_rng(seed)
    counts = (random.integers(1, 10**6, BUCKETS) * (random.random(BUCKETS) < 0.3)).astype(np.uint64)
    counts[seed] = 1
    steps = buckets(counts, lines)
    assert 1 <= len(steps) <= lines
    assert all(begin < after for begin, after, _ in steps)
    assert [after for _, after, _ in steps[:-1]] == [begin for begin, _, _ in steps[1:]]
    used = counts.nonzero()[0]
    assert steps[0][0] == used[0] and steps[-1][1] == used[-1] + 1
    assert sum(events for _, _, events in steps) == int(counts.sum())

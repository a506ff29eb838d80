"""Baselines: rows beside what they were, ratios, what is new and what is gone, and spreads since the mark."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ebtop.baseline import CHANGE, RATIO, Baseline, compare, spread_before, spread_since
from ebtop.frame import Frame
from ebtop.grouping import Grouping, regroup
from ebtop.sample import MapRows, Process
from ebtop.spec import Histogram
from tests.unit.test_derive import KEY, PROBE, VALUE, calls, frame, sample, table_of

RATE = "calls_per_second"
NOTHING = calls()


def rates(*table: tuple[int, int], second: int = 2) -> Frame:
    """A frame in which each (pid, calls per second) is at work, each call 10 ns longer than there are of them."""
    rows = ((pid, 0, rate, rate * (rate + 10), rate, b"a") for pid, rate in table)
    return frame(sample(second, calls(*rows)), sample(second - 1, NOTHING))


def changes(now: Frame, then: Frame, column: str = RATE, one_count: bool = True) -> dict[int, tuple[float, float]]:
    """By process: difference and ratio."""
    table = compare(table_of(now, "by_process"), table_of(then, "by_process"), column, one_count)
    pairs = zip(table.columns[CHANGE + column].tolist(), table.columns[RATIO + column].tolist(), strict=True)
    return dict(zip(table.keys["pid"].tolist(), pairs, strict=True))


def test_a_row_is_beside_what_it_was() -> None:
    """138 calls a second where there were 100; one that was not there is new, one that stopped is at nothing."""
    said = changes(rates((1, 138), (2, 7), (3, 0)), rates((3, 40), (1, 100)))
    assert said == {1: (38.0, 1.38), 2: (7.0, math.inf), 3: (-40.0, 0.0)}


def test_nothing_beside_nothing_is_no_change() -> None:
    """Zero, and no ratio."""
    difference, ratio = changes(rates((1, 0)), rates((1, 0)))[1]
    assert difference == 0
    assert math.isnan(ratio)


def test_a_row_that_did_nothing_is_as_new_as_one_that_was_not_there() -> None:
    """The kernel keeps rows of long ago."""
    assert changes(rates((1, 5)), rates((1, 0))) == {1: (5.0, math.inf)}


def test_means_are_only_compared_where_both_intervals_have_one() -> None:
    """Without events a mean is that since the start, which is none of either interval."""
    now = rates((1, 20), (2, 20), (3, 0))
    said = changes(now, rates((1, 10), (2, 0), (3, 10)), "mean_ns")
    assert said[1] == (10.0, 1.5)
    assert all(math.isnan(value) for pid in (2, 3) for value in said[pid])


def test_totals_that_count_from_different_moments_are_not_compared() -> None:
    """Nor are maxima; rates are."""
    now, then = rates((1, 20)), rates((1, 10))
    assert changes(now, then, "calls_total") == {1: (10.0, 2.0)}
    assert all(math.isnan(value) for value in changes(now, then, "calls_total", one_count=False)[1])
    assert all(math.isnan(value) for value in changes(now, then, "max_ns", one_count=False)[1])
    assert changes(now, then, RATE, one_count=False) == {1: (10.0, 2.0)}


def test_a_change_is_large_when_it_is_large_in_both_ways() -> None:
    """More than half of what was there, and a hundredth of the largest value."""
    now = rates((1, 1000), (2, 151), (3, 150), (4, 49), (5, 9), (6, 11))
    then = rates((1, 1000), (2, 100), (3, 100), (4, 100), (5, 1), (6, 1))
    table = compare(table_of(now, "by_process"), table_of(then, "by_process"), RATE)
    assert table.compared is not None
    large = dict(zip(table.keys["pid"].tolist(), table.compared.large.tolist(), strict=True))
    assert large == {1: False, 2: True, 3: False, 4: True, 5: False, 6: True}


def test_rows_that_are_gone_are_counted() -> None:
    """Only those that did something."""
    table = compare(table_of(rates((1, 1)), "by_process"), table_of(rates((1, 1), (2, 5), (3, 0)), "by_process"), RATE)
    assert table.compared is not None
    assert table.compared.gone == 1


def test_the_change_columns_stand_beside_their_column() -> None:
    """In its unit; the other columns are as they were."""
    table = compare(table_of(rates((1, 2)), "by_process"), table_of(rates((1, 1)), "by_process"), RATE)
    assert [column.title for column in table.view.columns][:3] == ["calls/s", "Δ calls/s", "×"]
    assert list(table.columns) == [*(column.name for column in PROBE.views[0].columns), CHANGE + RATE, RATIO + RATE]  # type: ignore[union-attr]
    assert table.columns["calls_total"].tolist() == [2.0]


@pytest.mark.parametrize("seed", range(6))
def test_groups_are_compared_as_groups(seed: int) -> None:
    """Random rows, beside what a dictionary says; names of different lengths then and now."""
    random = np.random.default_rng(seed)

    def drawn(programs: int) -> tuple[Frame, dict[bytes, int]]:
        keys, values = np.zeros(400, KEY), np.zeros(400, VALUE)
        keys["pid"], values["calls"] = random.permutation(2000)[:400], random.integers(0, 50, 400)
        names = {pid: "long" * (pid % programs) + str(pid % programs) for pid in range(2000)}
        given = replace(sample(2, MapRows(keys, values, 1)), processes={p: Process(name) for p, name in names.items()})
        sums: dict[bytes, int] = {}
        for pid, count in zip(keys["pid"].tolist(), values["calls"].tolist(), strict=True):
            sums[names[pid].encode()] = sums.get(names[pid].encode(), 0) + count
        return frame(given, sample(1, NOTHING)), sums

    (now, sums), (then, were) = drawn(11), drawn(7)
    one, other = (regroup(table_of(given, "by_process"), given, Grouping.PROGRAM) for given in (now, then))
    table = compare(one, other, RATE)
    said = dict(zip((name for (name,) in table.keys.tolist()), table.columns[CHANGE + RATE].tolist(), strict=True))
    assert said == {name: count - were.get(name, 0) for name, count in sums.items()}


def test_the_answer_is_kept_until_another_is_asked_for() -> None:
    """Drawing one frame again compares nothing again."""
    now, then = table_of(rates((1, 2)), "by_process"), table_of(rates((1, 1)), "by_process")
    kept = compare(now, then, RATE)
    assert compare(now, then, RATE) is kept
    assert compare(now, then, "calls_total") is not kept


def test_a_spread_since_the_mark_has_what_was_counted_since() -> None:
    """Five events a second: 40 in eight seconds since, 10 in the two before; none in frames from before the mark."""
    baseline = Baseline(frame(sample(4, NOTHING), sample(2, NOTHING)), 4 * 10**9)
    view = next(view for view in PROBE.views if isinstance(view, Histogram))
    since = spread_since(baseline, frame(sample(12, NOTHING), sample(11, NOTHING)), PROBE, view)
    before = spread_before(baseline, PROBE, view)
    assert since is not None
    assert before is not None
    assert (since.counts.sum(), before.counts.sum()) == (40, 10)
    assert spread_since(baseline, frame(sample(3, NOTHING), None), PROBE, view) is None
    assert baseline.age_s(frame(sample(12, NOTHING), None)) == 8.0

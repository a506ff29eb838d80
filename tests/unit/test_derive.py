"""Derivation: rates, means, rebirths, groups and histograms from raw cumulative samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ebtop import rows
from ebtop.derive import derive
from ebtop.frame import Frame, HistogramFrame, TableFrame
from ebtop.quantiles import percentile
from ebtop.sample import BUCKETS, Cost, HostSample, MapRows, ProbeSample, Sample, State, Totals
from ebtop.spec import Histogram, Key, Kind, Probe, Table, gauge, largest, mean, part, rate, share, total
from ebtop.units import Unit

KEY = np.dtype([("pid", "<u4"), ("nr", "<u4")])
VALUE = np.dtype([("calls", "<u8"), ("ns", "<u8"), ("max_ns", "<u8"), ("comm", "S16")])
SLOTS = np.dtype([("slots", "<u8", (BUCKETS,)), ("sum", "<u8"), ("max_value", "<u8")])
COLUMNS = (
    rate("calls"),
    total("calls"),
    mean("ns", per="calls", unit=Unit.NS),
    largest("max_ns", Unit.NS),
    share("ns"),
)
PROBE = Probe(
    name="p",
    title="P",
    question="?",
    ways=(),
    misses="",
    slot=1,
    views=(
        Table("by_process", "", "p_calls", (Key("pid", Kind.PID),), COLUMNS, "calls_per_second"),
        Table("by_both", "", "p_calls", (Key("pid", Kind.PID), Key("nr", Kind.SYSCALL)), COLUMNS, "calls_per_second"),
        Histogram("latency", "", "p_latency", Unit.NS, (Key("index", Kind.SYSCALL),)),
        Histogram("all", "", "p_latency", Unit.NS),
    ),
)


def calls(*table: tuple[int, int, int, int, int, bytes]) -> MapRows:
    """Rows of (pid, nr, calls, ns, max_ns, comm)."""
    keys = np.array([row[:2] for row in table], KEY)
    return MapRows(keys, np.array([row[2:] for row in table], VALUE), 64)


def sample(second: int, table: MapRows, *, started: int = 1, total: int = 0, cost: Cost = Cost()) -> Sample:
    """A sample at `second` with one live probe."""
    slots = np.zeros(4, SLOTS)
    slots["slots"][2, 3] = 5 * second
    slots["sum"][2] = 50 * second
    slots["max_value"][2] = 15
    latency = MapRows(np.array([(i,) for i in range(4)], [("index", "<u4")]), slots, 4)
    probe = ProbeSample(
        State.LIVE,
        started_ns=started,
        maps={"p_calls": table, "p_latency": latency},
        totals=Totals(total=total, drops=second),
        cost=cost,
    )
    return Sample(second * 10**9, 0, 1.0, HostSample(), {"p": probe})


def frame(now: Sample, before: Sample | None) -> Frame:
    """The derived frame."""
    return derive(now, before, {"p": PROBE})


def table_of(derived: Frame, name: str = "by_both") -> TableFrame:
    """One table of the only probe."""
    view = derived.probes["p"].views[name]
    assert isinstance(view, TableFrame)
    return view


def values(table: TableFrame, column: str) -> list[float]:
    """One column as a list."""
    return [float(value) for value in table.columns[column]]


def test_a_rate_is_the_difference_over_monotonic_seconds() -> None:
    """Two seconds, 14 more calls: 7 a second."""
    before, now = sample(1, calls((7, 0, 10, 100, 9, b"a"))), sample(3, calls((7, 0, 24, 800, 60, b"a")))
    table = table_of(frame(now, before))
    assert values(table, "calls_per_second") == [7.0]
    assert values(table, "calls_total") == [24.0]
    assert values(table, "mean_ns") == [50.0]
    assert values(table, "max_ns") == [60.0]
    assert values(table, "ns_percent") == [pytest.approx(700 / 2e9 * 100)]


def test_a_counter_that_shrank_was_reset() -> None:
    """An evicted and reborn key counts with its new value, all members of it."""
    before, now = sample(1, calls((7, 0, 100, 10, 1, b"a"))), sample(2, calls((7, 0, 3, 30, 1, b"a")))
    table = table_of(frame(now, before))
    assert values(table, "calls_per_second") == [3.0]
    assert values(table, "mean_ns") == [10.0]


def test_rows_are_matched_by_key_when_their_order_changes() -> None:
    """Keys that came, went and moved do not disturb the others."""
    before = sample(1, calls((1, 0, 10, 0, 0, b"a"), (2, 0, 20, 0, 0, b"b"), (3, 0, 30, 0, 0, b"c")))
    now = sample(2, calls((4, 0, 4, 0, 0, b"d"), (3, 0, 33, 0, 0, b"c"), (1, 0, 11, 0, 0, b"a")))
    assert values(table_of(frame(now, before)), "calls_per_second") == [4.0, 3.0, 1.0]


def test_a_probe_that_began_in_between_is_measured_from_its_start() -> None:
    """Counters started half a second ago, whatever an earlier run had counted."""
    before = sample(1, calls((7, 0, 1000, 0, 0, b"a")))
    now = sample(3, calls((7, 0, 10, 0, 0, b"a")), started=2_500_000_000, total=10)
    derived = frame(now, before)
    assert values(table_of(derived), "calls_per_second") == [20.0]
    assert derived.probes["p"].rate == 20.0


def test_keys_that_a_view_does_not_name_are_summed_over() -> None:
    """Two calls of one process make one row, maxima stay maxima, a name that is there is kept."""
    before = sample(1, calls((7, 0, 0, 0, 0, b""), (7, 1, 0, 0, 0, b"x"), (8, 0, 0, 0, 0, b"y")))
    now = sample(2, calls((7, 0, 2, 10, 9, b""), (7, 1, 3, 40, 4, b"x"), (8, 0, 5, 5, 1, b"y")))
    table = table_of(frame(now, before), "by_process")
    assert list(table.keys["pid"]) == [7, 8]
    assert values(table, "calls_per_second") == [5.0, 5.0]
    assert values(table, "max_ns") == [9.0, 1.0]
    assert table.comm is not None and list(table.comm) == [b"x", b"y"]


def test_a_mean_without_events_in_the_interval_is_that_of_the_whole_run() -> None:
    """A quiet row keeps showing what its calls took."""
    rows_now = calls((7, 0, 4, 40, 9, b"a"))
    assert values(table_of(frame(sample(2, rows_now), sample(1, rows_now))), "mean_ns") == [10.0]


def test_a_largest_value_of_what_was_never_measured_is_none() -> None:
    """Of the events of the second row none had a time: 0 would be one."""
    columns = (largest("max_ns", Unit.NS, per="ns"),)
    table = Table("t", "", "p_calls", (Key("pid", Kind.PID),), columns, "max_ns")
    now = sample(2, calls((1, 0, 4, 40, 9, b""), (2, 0, 4, 0, 0, b"")))
    found = values(table_of(derive(now, None, {"p": replace(PROBE, views=(table,))}), "t"), "max_ns")
    assert found[0] == 9.0 and np.isnan(found[1])


def test_a_part_is_a_percentage_of_the_interval() -> None:
    """3 of 5 ns in the interval; since the start where nothing came."""
    table = Table("t", "", "p_calls", (Key("pid", Kind.PID),), (part("calls", of="ns"),), "calls_part_percent")
    probe = replace(PROBE, views=(table,))
    before, now = sample(1, calls((1, 0, 1, 5, 0, b""))), sample(2, calls((1, 0, 4, 10, 0, b"")))
    later = sample(3, calls((1, 0, 4, 10, 0, b"")))
    assert values(table_of(derive(now, before, {"p": probe}), "t"), "calls_part_percent") == [60.0]
    assert values(table_of(derive(later, now, {"p": probe}), "t"), "calls_part_percent") == [40.0]


def test_histograms_keep_interval_and_whole_run_apart() -> None:
    """Only keys with events have a histogram; without `by` there is exactly one."""
    empty = calls((1, 0, 0, 0, 0, b""))
    derived = frame(sample(3, empty), sample(1, empty))
    by_call, whole = derived.probes["p"].views["latency"], derived.probes["p"].views["all"]
    assert isinstance(by_call, HistogramFrame) and isinstance(whole, HistogramFrame)
    assert list(by_call.keys["index"]) == [2]
    assert (by_call.counts[0, 3], by_call.totals[0, 3], by_call.sums[0], by_call.largest[0]) == (10, 15, 150, 15)
    assert whole.counts.shape == (1, BUCKETS) and whole.totals.sum() == 15


def test_the_first_sample_has_no_machine_rates() -> None:
    """Nothing is said about the CPU before two samples exist."""
    derived = frame(sample(1, calls()), None)
    assert np.isnan(derived.cpu_percent) and np.isnan(derived.self_user_percent)


def test_costs_come_from_the_newest_slice() -> None:
    """Four runs of 250 ns in a millisecond: 250 ns each, 0.1 % of a CPU."""
    cost = Cost(slice_ns=1_000_000, runs=4, run_ns=1000)
    probe = frame(sample(2, calls(), cost=cost), sample(1, calls())).probes["p"]
    assert probe.ns_per_event == 250.0
    assert probe.cpu_percent == pytest.approx(0.1)


def test_losses_of_all_probes_are_added_up() -> None:
    """The header's number."""
    assert frame(sample(3, calls()), None).lost == 3


def test_keys_with_colliding_mixes_are_still_matched_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collision costs time, never a wrong answer."""

    def all_the_same(key_words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        return np.zeros(len(key_words), np.uint64)

    monkeypatch.setattr(rows, "_digest", all_the_same)
    earlier = np.array([(1, 1), (2, 2), (3, 3)], KEY)
    now = np.array([(3, 3), (9, 9), (1, 1)], KEY)
    assert list(rows.match(now, earlier)) == [2, -1, 0]


def test_matching_agrees_with_a_dictionary_on_random_keys() -> None:
    """Against the obvious way, with keys of twelve bytes."""
    random = np.random.default_rng(1)
    kind = np.dtype([("a", "<u4"), ("b", "<u4"), ("c", "<u4")])
    pool = np.unique(random.integers(0, 9, (600, 3)).astype("<u4"), axis=0)
    earlier = np.array([tuple(row) for row in random.permutation(pool)[:300]], kind)
    now = np.array([tuple(row) for row in random.permutation(pool)[:300]], kind)
    places = {bytes(row): index for index, row in enumerate(earlier)}
    assert list(rows.match(now, earlier)) == [places.get(bytes(row), -1) for row in now]


def test_matching_the_same_keys_again_costs_no_search() -> None:
    """Whoever asks second gets the answer of the first, for as long as both arrays are there."""
    earlier, now = np.array([(1, 1), (2, 2)], KEY), np.array([(2, 2), (3, 3)], KEY)
    place = rows.match(now, earlier)
    assert rows.match(now, earlier) is place
    known = len(rows._matches)
    del now
    assert len(rows._matches) == known - 1
    assert list(rows.match(np.array([(1, 1)], KEY), earlier)) == [0]


def test_a_percentile_lies_in_its_bucket_and_never_above_the_maximum() -> None:
    """Nine small values and one large."""
    counts = np.zeros(BUCKETS, np.uint64)
    counts[3], counts[10] = 9, 1
    assert 8 <= percentile(counts, 0.5, 1500) <= 16
    assert percentile(counts, 1.0, 1500) == 1500
    assert np.isnan(percentile(np.zeros(BUCKETS, np.uint64), 0.5, 0))


@pytest.mark.parametrize("fields", [("a",), ("a", "b"), ("a", "b", "c")])
def test_grouping_agrees_with_a_dictionary_on_random_keys(fields: tuple[str, ...]) -> None:
    """Keys of four to forty bytes, each combination once, each row at the place of its own."""
    random = np.random.default_rng(2)
    kind = np.dtype([("a", "<u4"), ("b", "<u8"), ("c", "S28"), ("rest", "<u2")])
    table = np.zeros(997, kind)
    table["a"], table["b"] = random.integers(0, 9, 997), random.integers(0, 5, 997)
    table["c"] = random.integers(0, 7, 997).astype("S28")
    groups, place = rows.group(table, fields)
    assert len({row.tobytes() for row in groups}) == groups.size == len(set(table[list(fields)].tolist()))
    assert groups[place].tolist() == table[list(fields)].tolist()


def test_keys_with_colliding_mixes_are_still_grouped_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that a mix throws together are told apart by comparing them whole."""
    monkeypatch.setattr(rows, "_mix", lambda key_words: np.zeros(len(key_words), np.uint64))
    kind = np.dtype([("a", "<u8"), ("b", "<u8"), ("rest", "<u8")])
    groups, place = rows.group(np.array([(1, 2, 0), (3, 4, 0), (1, 2, 5)], kind), ("a", "b"))
    assert groups.size == 2
    assert groups[place].tolist() == [(1, 2), (3, 4), (1, 2)]


def test_columns_are_a_mapping_of_all_that_the_view_declares() -> None:
    """Each is computed when it is looked at, and is the same array from then on."""
    table = table_of(frame(sample(2, calls((7, 0, 4, 40, 9, b"a"))), None))
    assert list(table.columns) == [column.name for column in COLUMNS]
    assert len(table.columns) == len(COLUMNS)
    assert table.columns["calls_total"] is table.columns["calls_total"]
    with pytest.raises(KeyError):
        table.columns["nothing"]


def test_the_same_keys_are_grouped_once_and_forgotten_with_their_array() -> None:
    """Keys that did not change since the last read are the very same array; a new one is looked at anew."""
    keys = np.array([(7, 1), (8, 1), (7, 2)], KEY)
    groups, place = rows.group(keys, ("pid",))
    assert rows.group(keys, ("pid",))[0] is groups
    assert rows.group(keys, ("nr",))[0]["nr"].tolist() == [1, 2]
    assert place.tolist() == [0, 1, 0]
    known = len(rows._groups)
    del keys
    assert len(rows._groups) == known - 2


def test_a_reborn_row_among_rows_that_did_not_move_counts_from_zero() -> None:
    """The keys are the very same array, as of a map into which nothing new came."""
    earlier = calls((7, 0, 100, 10, 1, b"a"), (8, 0, 5, 50, 5, b"b"))
    later = calls((7, 0, 3, 30, 1, b"a"), (8, 0, 9, 90, 5, b"b"))
    now = MapRows(earlier.keys, later.values, 64)
    table = table_of(frame(sample(2, now), sample(1, earlier)))
    assert values(table, "calls_per_second") == [3.0, 4.0]


def test_a_probe_of_which_the_source_gave_the_same_again_is_still() -> None:
    """The very same rows; equal ones may be of a recording, where nobody has compared them."""
    table = calls((1, 0, 10, 100, 9, b"a"))
    first = sample(1, table)
    second = replace(first, monotonic_ns=2 * 10**9)
    derived = frame(second, first)
    assert derived.probes["p"].still
    assert values(table_of(derived), "calls_per_second") == [0]
    assert not frame(first, None).probes["p"].still
    assert not frame(sample(2, table), first).probes["p"].still


def test_a_gauge_that_falls_does_not_make_its_row_anew() -> None:
    """A backlog that shrank is no reset: four accepts more are four."""
    view = Table("t", "", "m", (Key("pid", Kind.PID),), (rate("accepts"), gauge("backlog")), "accepts_per_second")
    probe = Probe("p", "P", "?", (), (view,), "", 1)
    kind = [("accepts", "<u8"), ("backlog", "<u8")]

    def at(second: int, *values: int) -> Sample:
        content = MapRows(np.array([(7,)], [("pid", "<u4")]), np.array([values], kind), 64)
        live = ProbeSample(State.LIVE, started_ns=1, maps={"m": content})
        return Sample(second * 10**9, 0, 1.0, HostSample(), {"p": live})

    table = derive(at(2, 1004, 1), at(1, 1000, 3), {"p": probe}).probes["p"].views["t"]
    assert isinstance(table, TableFrame)
    assert (values(table, "accepts_per_second"), values(table, "backlog")) == ([4.0], [1.0])
    reset = derive(at(2, 4, 1), at(1, 1000, 0), {"p": probe}).probes["p"].views["t"]
    assert isinstance(reset, TableFrame)
    assert values(reset, "accepts_per_second") == [4.0]

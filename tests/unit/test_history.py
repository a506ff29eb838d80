"""History: whatever went in comes out again, to the last byte, as long as it is within bounds."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ebtop.history import History
from ebtop.sample import MapRows, ProbeSample, Sample, State
from tests import samples
from tests.churn import Churn
from tests.exact import same


def filled(session: list[Sample], **bounds: Any) -> History:
    """A history of `session`."""
    history = History(**bounds)
    for sample in session:
        history.add(sample)
    return history


def one_map(second: int, keys: Any, values: Any) -> Sample:
    """A sample with one probe that has one map."""
    probe = ProbeSample(State.LIVE, started_ns=1, maps={"m": MapRows(keys, values, 4096)})
    return replace(samples.sample(second, []), probes={"p": probe})


def counts(count: int) -> Any:
    """Keys of a map with `count` rows."""
    return np.array([(number,) for number in range(count)], [("index", "<u4")])


@pytest.mark.parametrize("seed", range(6))
def test_every_sample_comes_back_exactly_in_whatever_order(seed: int) -> None:
    """Rows that come, go and move, other layouts, restarts; newest first, oldest first, at random."""
    session = list(Churn(seed).samples(120))
    history = filled(session)
    random = np.random.default_rng(seed)
    for order in (range(119, -1, -1), range(120), random.integers(0, 120, 60).tolist()):
        history.forget()
        assert all(same(history.sample(number), session[number]) for number in order)


def test_a_session_of_every_probe_comes_back_exactly() -> None:
    """With processes, details, labels and totals; a probe that fails and comes again."""
    session = samples.session(12)
    session[5] = samples.with_probe(session[5], "opens", samples.failed("why"))
    session[7] = replace(session[7], processes={}, details={}, labels={}, messages=("gone",))
    history = filled(session)
    assert all(same(history.sample(number), session[number]) for number in (0, 11, 5, 4, 7, 6))


def test_names_that_come_one_by_one_are_kept_once() -> None:
    """Thousands of functions are known in the end; each moment costs what was new in it, and knows no later ones."""
    kept = History()
    names = {number: f"function_{number}" for number in range(5000)}
    for second in range(20):
        names = {**names, 5000 + second: f"new_{second}"}
        kept.add(replace(samples.sample(second, ("rw",)), labels={"function": names}))
    assert kept.bytes < 400 * len(names)
    restored = kept.sample(7).labels["function"]
    assert (len(restored), restored[5007], 5008 in restored) == (5008, "new_7", False)


def test_what_was_dropped_does_not_spoil_what_is_left() -> None:
    """A restored sample serves as a start for others only while all steps between are there."""
    session = list(Churn(77).samples(150))
    history = History(seconds=40)
    for number, sample in enumerate(session):
        history.add(sample)
        looked = max(history.oldest, number - number % 11)
        assert same(history.sample(looked), session[looked])
        assert same(history.sample(history.oldest), session[history.oldest])


def test_seconds_count_not_ticks() -> None:
    """At whatever interval; one older sample stays, to derive the first from."""
    session = [samples.sample(second, ["rw"]) for second in (*range(20), 20, 20.5, 21, 21.5, 22, 32, 42, 52)]
    history = History(seconds=30)
    kept = []
    for sample in session:
        history.add(sample)
        kept.append(sample.monotonic_ns - session[history.first].monotonic_ns)
    assert max(kept) == 30 * samples.SECOND
    assert history.oldest == history.first - 1
    assert history.last == len(session) - 1


def test_bytes_are_bounded_and_the_newest_can_always_be_derived() -> None:
    """However little is allowed, the newest and the one before are there."""
    session = list(Churn(3).samples(60))
    history = History(limit=20_000)
    for sample in session:
        history.add(sample)
        assert history.bytes <= 20_000 or history.last - history.oldest <= 1
    assert 1 < history.last - history.oldest < 50
    assert filled(session, limit=0).first == 59


def test_a_map_that_has_not_changed_costs_nothing_and_is_the_very_same() -> None:
    """As the source gives it: twice the same object."""
    still = MapRows(counts(4000), np.ones(4000, "<u8").view([("calls", "<u8")]), 4096)
    session = [one_map(second, still.keys, still.values) for second in range(3)]
    session = [samples.with_probe(sample, "p", ProbeSample(State.LIVE, maps={"m": still})) for sample in session]
    history = filled(session)
    assert history.bytes < 3 * 4096
    assert history.sample(0).probes["p"].maps["m"] is still


def test_a_map_that_changes_in_few_places_takes_few_bytes() -> None:
    """A hundred samples of 160 KB, three words changed in each."""
    session = []
    for second in range(100):
        values = np.zeros((512, 40), "<u8")
        values[7, :3] = second
        session.append(one_map(second, counts(512), values.reshape(-1).view([("slots", "<u8", (40,))])))
    assert filled(session).bytes < 100 * 4096
    assert same(filled(session).sample(50), session[50])


def test_arrays_of_past_samples_are_let_go() -> None:
    """Neither a view nor a map keeps what a past sample took."""
    history = History()
    held = []
    for sample in Churn(9).samples(20):
        history.add(sample)
        held += [weakref.ref(rows.values) for probe in sample.probes.values() for rows in probe.maps.values()]
    history.sample(3)
    history.forget()
    del sample
    gc.collect()
    assert len({id(array) for ref in held if (array := ref()) is not None}) <= 3


def test_it_knows_about_how_much_it_holds() -> None:
    """Against what the interpreter has allocated; never less by more than a fifth, nor twice as much."""
    session = [replace(sample, probes=dict(sample.probes)) for sample in samples.session(60, rows=60)]
    history = History()
    history.add(session[0])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for sample in session[1:]:
        history.add(sample)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 * grown < history.bytes < 2 * grown


def test_there_is_nothing_before_the_first() -> None:
    """Nor what was dropped: an error says so."""
    with pytest.raises(IndexError, match="not in history"):
        History().sample(0)
    dropped = filled(samples.session(9, ["rw"]), seconds=3.0)
    with pytest.raises(IndexError, match="not in history"):
        dropped.sample(dropped.oldest - 1)

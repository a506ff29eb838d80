"""The timeline: any moment again as it was, rates and heat over time, while samples go on coming in."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import Frame, HistogramFrame
from ebtop.heat import Heat
from ebtop.sample import ProbeSample, Sample, State, Totals
from ebtop.timeline import Timeline
from tests import samples
from tests.churn import PROBE, Churn
from tests.exact import same, same_frame
from tests.samples import SECOND, Given

CHURNED = {"p": PROBE}


def followed(session: list[Sample], probes: Any = None, **bounds: Any) -> tuple[Timeline, list[Frame]]:
    """A timeline that has taken in `session`, and the frames of its ticks as they came."""
    timeline = Timeline(Given(*session), probes or registry.probes(), **bounds)
    frames: list[Frame] = []
    timeline.start(frames.append)
    return timeline, [frame for frame in frames if frame.sample.tick]


def took(timeline: Timeline, sample: Sample) -> None:
    """One more sample."""
    assert isinstance(timeline.source, Given)
    timeline.source.push(sample)


@pytest.mark.parametrize("seed", range(4))
def test_any_moment_comes_back_as_the_frame_it_was(seed: int) -> None:
    """Every view of every tick, whatever happened before it."""
    timeline, frames = followed(list(Churn(seed).samples(80)), CHURNED)
    order = np.random.default_rng(seed).permutation(80).tolist()
    assert all(same_frame(timeline.at(number), frames[number]) for number in (*range(79, -1, -1), *order))


def test_early_samples_are_shown_but_have_no_number() -> None:
    """As rates are over regular intervals, so is history."""
    regular = samples.session(4, ["rw"])
    early = replace(samples.sample(1.3, ["rw"]), tick=False)
    timeline, frames = followed([*regular[:2], early, *regular[2:]])
    assert timeline.moments().last == 3
    assert all(same_frame(timeline.at(number), frames[number]) for number in range(4))


def test_moments_say_what_there_is() -> None:
    """Numbers never begin anew; what is out of bounds is not offered."""
    timeline, frames = followed(samples.session(20, ["rw", "opens"]), seconds=7.0)
    moments = timeline.moments()
    assert (moments.first, moments.last, moments.seconds) == (12, 19, 7.0)
    assert 0 < moments.bytes < moments.most_bytes
    assert same_frame(timeline.at(12), frames[12])
    assert same_frame(timeline.at(0), frames[12])
    assert same_frame(timeline.at(99), frames[19])


def test_before_the_first_tick_there_is_nothing_to_look_at() -> None:
    """Said by an error; the moments by a last of -1."""
    timeline, _ = followed([])
    assert (timeline.moments().first, timeline.moments().last) == (0, -1)
    assert (
        timeline.rates("rw").size == timeline.trend("rw").rates.size == timeline.heat("rw", "latency").numbers.size == 0
    )
    for look in (lambda: timeline.at(0), lambda: timeline.number_near(5), lambda: timeline.before(3, 1.0)):
        with pytest.raises(IndexError):
            look()


def test_the_newest_moment_is_the_frame_that_was_handed_out() -> None:
    """Nothing is derived twice."""
    timeline, frames = followed(samples.session(3, ["rw"]))
    assert timeline.at(2) is frames[2]
    assert timeline.at(1) is timeline.at(1)


def test_moments_are_found_by_time_whatever_the_intervals_were() -> None:
    """The nearest tick; so many seconds before another."""
    seconds = (0, 1, 2, 2.5, 3, 3.5, 8, 13)
    timeline, _ = followed([samples.sample(second, ["rw"]) for second in seconds])

    def near(second: float) -> int:
        return timeline.number_near(samples.BEGAN_NS + int(second * SECOND))

    assert [near(second) for second in (-9, 0.4, 0.6, 2.6, 7, 99)] == [0, 0, 1, 3, 6, 7]
    assert [timeline.before(7, back) for back in (0, 5, 10, 60)] == [7, 6, 4, 0]
    assert timeline.before(5, 1.0) == 3


def test_a_frame_over_many_seconds_has_the_rates_of_all_of_them() -> None:
    """As derived from the sample then and the sample now; over one tick at least."""
    session = samples.session(30, ["rw", "syscalls"])
    timeline, _ = followed(session)
    assert same_frame(timeline.frame_over(25, 10.0), derive(session[25], session[15], registry.probes()))
    assert timeline.frame_over(25, 0.0).seconds == 1.0
    assert timeline.frame_over(25, 99.0).seconds == 25.0


def test_rates_are_those_since_the_probe_was_off() -> None:
    """All of them, the newest few, or as they stood at a tick of the past."""
    session = samples.session(12, ["rw"])
    session[4] = samples.with_probe(session[4], "rw", ProbeSample(State.OFF))
    timeline, frames = followed(session)
    rates = [frame.probes["rw"].rate for frame in frames]
    assert timeline.rates("rw").tolist() == rates[5:]
    assert timeline.rates("rw", 3).tolist() == rates[-3:]
    assert timeline.rates("rw", upto=8).tolist() == rates[5:9]
    assert timeline.rates("rw", upto=3).tolist() == rates[0:4]
    assert timeline.rates("rw", 2, upto=4).tolist() == []


def test_a_trend_has_gaps_where_the_probe_was_off() -> None:
    """And says when its ticks were."""
    session = [samples.sample(second, ["rw"]) for second in (0, 1, 2, 4, 9)]
    session[2] = samples.with_probe(session[2], "rw", ProbeSample(State.OFF))
    timeline, frames = followed(session)
    trend = timeline.trend("rw")
    assert trend.seconds.tolist() == [-9, -8, -7, -5, 0]
    assert np.isnan(trend.rates).tolist() == [False, False, True, False, False]
    assert trend.rates[4] == frames[4].probes["rw"].rate
    assert timeline.trend("rw", upto=1).seconds.tolist() == [-1, 0]


def test_rates_go_on_when_their_room_is_used_up() -> None:
    """Through several moves; old ones leave at the other end."""
    timeline = Timeline(Given(), {"exec": registry.probe("exec")}, seconds=100.0)
    rates = []
    timeline.start(lambda frame: rates.append(frame.probes["exec"].rate))
    for second in range(1300):
        totals = Totals(total=second * second)
        probe = ProbeSample(State.LIVE, started_ns=samples.BEGAN_NS - SECOND, totals=totals)
        took(timeline, samples.with_probe(samples.sample(second, []), "exec", probe))
    assert timeline.rates("exec").tolist() == rates[-101:]
    assert timeline.number_near(samples.BEGAN_NS) == timeline.moments().first == 1199


def test_only_what_is_looked_at_is_kept_restored() -> None:
    """And no longer than half a minute after the last look."""
    timeline, _ = followed(samples.session(40, ["rw"]))
    timeline.at(7)
    timeline.heat("rw", "latency")
    assert timeline._frames
    assert timeline._heats
    for second in range(40, 75):
        took(timeline, samples.sample(second, ["rw"]))
    assert not timeline._frames
    assert not timeline._heats
    assert not timeline._history._restored


# --- heat -------------------------------------------------------------------------------------------------------------


def agrees(heat: Heat, frames: list[Frame]) -> bool:
    """Whether `heat` is what deriving each pair gave."""
    for place, number in enumerate(heat.numbers.tolist()):
        frame = frames[number]
        probe = frame.probes[heat_probe(heat)]
        view = probe.views.get(heat.view.name)
        counts = view.counts.sum(axis=0) if isinstance(view, HistogramFrame) else None
        if counts is None:
            fits = not heat.live[place] and not heat.counts[place].any()
        else:
            span = frame.sample.monotonic_ns - probe.sample.started_ns if heat.began[place] else frame.seconds * SECOND
            fits = np.array_equal(heat.counts[place], counts) and heat.seconds[place] == pytest.approx(span / SECOND)
        worst = heat.worst[place]
        expected = probe.sample.worst.get(heat.view.name)
        if not fits or heat.monotonic_ns[place] != frame.sample.monotonic_ns or not same(worst, expected):
            return False
    return True


def heat_probe(heat: Heat) -> str:
    """The probe that declares the view."""
    return next(name for name, probe in {**CHURNED, **registry.probes()}.items() if heat.view in probe.views)


@pytest.mark.parametrize("view", ["latency", "sizes"])
@pytest.mark.parametrize("seed", range(4))
def test_heat_is_what_deriving_each_tick_gives(view: str, seed: int) -> None:
    """Counters that are reborn, keys that come and go, restarts, and times when the probe is off."""
    timeline, frames = followed(list(Churn(seed + 20).samples(120)), CHURNED)
    heat = timeline.heat("p", view)
    assert heat.numbers.tolist() == list(range(120))
    assert 0 < heat.began.sum() < heat.live.sum() < 120
    assert agrees(heat, frames)


def test_heat_of_every_probe_agrees_with_its_histograms() -> None:
    """As declared, by number, by device or by nothing."""
    timeline, frames = followed(samples.session(15))
    for name, probe in registry.probes().items():
        for view in probe.views:
            if type(view).__name__ == "Histogram":
                heat = timeline.heat(name, view.name)
                assert heat.counts[1:].any()
                assert agrees(heat, frames)


def test_heat_is_kept_up_as_samples_come_and_go() -> None:
    """Asked for at every seventh tick it is what it is when it is made anew; its past can be had too."""
    timeline = Timeline(Given(), CHURNED, seconds=60.0)
    frames: list[Frame] = []
    timeline.start(frames.append)
    for number, sample in enumerate(Churn(5).samples(150)):
        took(timeline, sample)
        if number % 7 == 0:
            heat, moments = timeline.heat("p", "latency"), timeline.moments()
            assert heat.numbers.tolist() == list(range(moments.first, moments.last + 1))
            assert agrees(heat, frames)
    timeline._heats.clear()
    anew, upto = timeline.heat("p", "latency"), timeline.heat("p", "latency", upto=140)
    assert agrees(anew, frames)
    assert upto.numbers.tolist() == list(range(anew.numbers[0], 141))
    assert agrees(upto, frames)


def test_heat_that_was_not_asked_for_until_all_of_it_was_dropped_begins_anew() -> None:
    """Nothing of it fits on."""
    timeline = Timeline(Given(), CHURNED, seconds=20.0)
    frames: list[Frame] = []
    timeline.start(frames.append)
    for number, sample in enumerate(Churn(6).samples(90)):
        took(timeline, sample)
        if number in (10, 89):
            timeline._asked.clear()  # or it would have been let go
            assert agrees(timeline.heat("p", "sizes"), frames)
    assert timeline.heat("p", "sizes").numbers[0] == timeline.moments().first > 11


def test_heat_is_only_had_of_histograms() -> None:
    """A table has no buckets."""
    timeline, _ = followed(samples.session(2))
    with pytest.raises(KeyError):
        timeline.heat("rw", "by_process")


# --- threads ----------------------------------------------------------------------------------------------------------


def test_the_past_can_be_looked_at_while_samples_come_in() -> None:
    """Three threads look at random moments, their heat and their rates while a fourth takes in hundreds of samples."""
    session = list(Churn(11).samples(500))
    expected = [derive(now, session[number - 1] if number else None, CHURNED) for number, now in enumerate(session)]
    timeline = Timeline(Given(), CHURNED, seconds=60.0)
    timeline.start(lambda frame: None)
    took(timeline, session[0])
    done, looks = threading.Event(), threading.Semaphore(0)
    wrong: list[int] = []

    def look(seed: int) -> None:
        random = np.random.default_rng(seed)
        while not done.is_set():
            moments = timeline.moments()
            frame = timeline.at(int(random.integers(moments.first, moments.last + 1)))
            number = int(frame.sample.messages[0])
            if number < moments.first or not same_frame(frame, expected[number]):
                wrong.append(number)
            if not agrees(timeline.heat("p", "latency"), expected):
                wrong.append(number)
            timeline.rates("p", 30)
            looks.release()

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for sample in session[1:]:
        took(timeline, sample)
    enough = all(looks.acquire(timeout=10) for _ in range(30))
    done.set()
    for thread in threads:
        thread.join()
    assert enough
    assert not wrong

"""Replay: a recording is a source like any other, in time and in a loop."""

from __future__ import annotations

import io
import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ebtop import cli, registry
from ebtop.derive import derive
from ebtop.frame import EventsFrame, Frame
from ebtop.recording import Writer
from ebtop.replay import Replay
from ebtop.sample import BUCKETS, EventTail, MapRows, Sample, Source, State
from ebtop.timeline import Timeline
from tests import samples

FAST = 0.01
PATIENCE_S = 10


def file_of(*given: Sample) -> io.BytesIO:
    """A recording of these samples."""
    file = io.BytesIO()
    writer = Writer(file)
    for sample in given:
        writer.write(sample)
    return file


class Player:
    """A replay whose samples wait in a queue."""

    def __init__(self, *given: Sample, interval: float = FAST) -> None:
        self.source = Replay(file_of(*given), interval)
        self.queue: queue.Queue[Sample] = queue.Queue()

    def take(self, count: int) -> list[Sample]:
        """The next samples."""
        return [self.queue.get(timeout=PATIENCE_S) for _ in range(count)]

    def until(self, wanted: Callable[[Sample], bool]) -> Sample:
        """The next sample that is as wanted."""
        while not wanted(sample := self.queue.get(timeout=PATIENCE_S)):
            pass
        return sample


@pytest.fixture
def play() -> Iterator[Callable[..., Player]]:
    """Starts players, and closes them."""
    players: list[Player] = []

    def start(*given: Sample, interval: float = FAST) -> Player:
        player = Player(*given, interval=interval)
        players.append(player)
        player.source.start(player.queue.put)
        return player

    yield start
    for player in players:
        player.source.close()


def test_it_is_a_source_that_says_it_is_a_replay() -> None:
    """What the header shows."""
    source: Source = Replay(file_of(samples.sample(0, [])))
    assert source.mode == "REPLAY"
    source.close()
    source.close()


def test_samples_come_as_recorded_with_their_wall_times(play: Callable[..., Player]) -> None:
    """The first round: the recording's clocks and numbers."""
    session = samples.session(3, ["syscalls"])
    for shown, recorded in zip(play(*session).take(3), session, strict=True):
        assert (shown.wall_ns, shown.monotonic_ns) == (recorded.wall_ns, recorded.monotonic_ns)
        assert shown.probes["syscalls"].totals == recorded.probes["syscalls"].totals
        assert shown.interval_s == FAST


def test_a_loop_goes_on_in_time_and_starts_the_counters_anew(play: Callable[..., Player]) -> None:
    """Nothing runs backwards: monotonic and host times grow, the probes have a new start."""
    shown = play(*samples.session(3)).take(7)
    times = [sample.monotonic_ns for sample in shown]
    assert [later - earlier for earlier, later in pairwise(times)] == [samples.SECOND] * 6
    assert shown[3].probes["syscalls"].started_ns == shown[0].probes["syscalls"].started_ns + 3 * samples.SECOND
    assert shown[3].wall_ns == shown[0].wall_ns
    assert shown[3].host.cpu_busy_s - shown[2].host.cpu_busy_s == pytest.approx(1)
    assert shown[6].host.self_cpu_s - shown[5].host.self_cpu_s == pytest.approx(0.007)
    frames = [derive(now, before, registry.probes()) for before, now in pairwise(shown)]
    assert all(frame.cpu_percent == pytest.approx(50) for frame in frames)
    rates = [frame.probes["syscalls"].rate for frame in frames]
    assert rates == pytest.approx([1000] * 6)


def test_events_keep_their_time_of_day_in_every_round(play: Callable[..., Player]) -> None:
    """Their distance to the sample's time does not change."""
    name = next(
        name for name, probe in registry.probes().items() if any(hasattr(view, "record") for view in probe.views)
    )
    first, *_, again = play(*samples.session(3, [name])).take(4)

    def ages(sample: Sample) -> Any:
        views = derive(sample, None, registry.probes()).probes[name].views.values()
        events = next(view for view in views if isinstance(view, EventsFrame))
        member = next(key.field for key in events.view.keys if key.kind.value == "time")
        return sample.monotonic_ns - events.records[member].astype(np.int64)

    assert list(ages(again)) == list(ages(first))


def test_what_is_not_wanted_is_off_at_once_and_comes_back(play: Callable[..., Player]) -> None:
    """Toggles are answered before the interval is over, without a tick."""
    player = play(*samples.session(2, ["syscalls", "blockio"]), interval=3600)
    player.take(1)
    player.source.want(["blockio"])
    shown = player.take(1)[0]
    assert shown.probes["syscalls"].state is State.OFF
    assert shown.probes["syscalls"].maps == {}
    assert shown.probes["blockio"].state is State.LIVE
    assert not shown.tick
    player.source.want(["syscalls", "blockio"])
    assert player.take(1)[0].probes["syscalls"].state is State.LIVE


def test_a_probe_that_was_not_recorded_says_so(play: Callable[..., Player]) -> None:
    """Wanting it does no harm."""
    player = play(*samples.session(2, ["syscalls"]), interval=3600)
    player.source.want(["syscalls", "blockio"])
    shown = player.until(lambda sample: "blockio" in sample.probes)
    assert shown.probes["blockio"].state is State.FAILED
    assert "not in this recording" in shown.probes["blockio"].error


def test_a_probe_without_a_declaration_here_is_told_of_once(play: Callable[..., Player]) -> None:
    """It is in the samples, as nobody's; frames are of those whose declarations are there."""
    one, two = samples.session(2, ["syscalls", "blockio"])
    given = [replace(sample, probes={**sample.probes, "mine": sample.probes["blockio"]}) for sample in (one, two)]
    player = play(*given)
    first, second, third = player.take(3)
    assert [sum("a probe mine, whose" in line for line in sample.messages) for sample in (first, second, third)] == [
        *(1, 0, 0)
    ]
    assert len(player.source.remarks) == 1 and "--probe-path" in player.source.remarks[0]
    assert set(derive(second, first, registry.probes()).probes) == {"syscalls", "blockio"}
    frames: queue.Queue[Frame] = queue.Queue()
    timeline = Timeline(Replay(file_of(*given), FAST), registry.probes())
    timeline.start(frames.put)
    assert [set(frames.get(timeout=PATIENCE_S).probes) for _ in range(3)] == [{"syscalls", "blockio"}] * 3
    timeline.close()


def test_what_a_recording_lacks_is_told_to_the_terminal_in_clean_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its names are anybody's, and so is its own."""
    monkeypatch.setattr("ebtop.cli._show", lambda *_: 0)
    (sample,) = samples.session(1, ["syscalls"])
    given = replace(sample, probes={**sample.probes, "mine\x1b[2J\n": sample.probes["syscalls"]})
    path = tmp_path / "x\x1b.ebtop"
    path.write_bytes(file_of(given).getvalue())
    assert cli.main(["snapshot", "--replay", str(path), "--no-config", "-o", "-"]) == 0
    assert cli.main(["snapshot", "--replay", f"{path}\x1b", "--no-config", "-o", "-"]) == 2
    said = capsys.readouterr().err
    assert "a probe mine␛[2J␊, whose" in said and "No such file" in said
    assert "\x1b" not in said and len(said.splitlines()) == 2


def test_events_whose_times_are_none_do_not_end_it(play: Callable[..., Player]) -> None:
    """The second round makes them later; where the recording has no times there, the probe has failed anyway."""
    first, second = samples.session(2, ["exec"])
    for kind in ([("other", "<u8")], [("time_ns", "S8")]):
        tail = EventTail(np.zeros(1, kind), 1)
        given = [
            replace(sample, probes={"exec": replace(sample.probes["exec"], events={"exec_events": tail})})
            for sample in (first, second)
        ]
        assert [sample.probes["exec"].state for sample in play(*given).take(5)] == [State.FAILED] * 5


def test_the_pace_can_be_changed_while_it_waits(play: Callable[..., Player]) -> None:
    """From an hour an interval to a hundredth of a second."""
    player = play(*samples.session(3, []), interval=3600)
    player.take(1)
    player.source.every(FAST)
    assert player.take(1)[0].interval_s == FAST


def test_a_damaged_recording_plays_up_to_the_damage_and_tells(play: Callable[..., Player]) -> None:
    """The rest is not lost with the end."""
    content = file_of(*samples.session(3, ["syscalls"])).getvalue()
    source = Replay(io.BytesIO(content[:-5]), FAST)
    shown: queue.Queue[Sample] = queue.Queue()
    source.start(shown.put)
    messages = [shown.get(timeout=PATIENCE_S).messages for _ in range(3)]
    source.close()
    assert messages[:2] == [(), ()]
    assert "damaged after 2 samples" in messages[2][0]


def test_a_file_without_samples_is_refused_before_it_starts(tmp_path: Path) -> None:
    """With one line each."""
    with pytest.raises(ValueError, match="empty"):
        Replay(file_of())
    with pytest.raises(ValueError, match="not an ebtop recording"):
        Replay(io.BytesIO(b"PK"))
    with pytest.raises(FileNotFoundError):
        Replay(str(tmp_path / "none"))


def test_a_recording_of_one_sample_repeats_it(play: Callable[..., Player]) -> None:
    """With time going on."""
    first, second = play(samples.sample(0, ["syscalls"])).take(2)
    assert second.monotonic_ns - first.monotonic_ns == samples.SECOND


@pytest.mark.parametrize("member", ["calls", "pid"])
def test_numbers_this_version_does_not_know_fail_only_their_probe(play: Callable[..., Player], member: str) -> None:
    """A recording of another version: said in the panel, the others go on."""
    sample = samples.sample(0, ["syscalls", "blockio"])
    live = sample.probes["syscalls"]
    rows = live.maps["syscalls_calls"]

    def renamed(records: Any) -> Any:
        names = [f"old_{name}" if name == member else name for name in records.dtype.names]
        return records.view(
            np.dtype([(new, records.dtype[old]) for new, old in zip(names, records.dtype.names, strict=True)])
        )

    strange = MapRows(renamed(rows.keys), renamed(rows.values), rows.capacity)
    other = replace(live, maps={**live.maps, "syscalls_calls": strange})
    shown = play(samples.with_probe(sample, "syscalls", other)).take(1)[0]
    assert shown.probes["syscalls"].state is State.FAILED
    assert "another version" in shown.probes["syscalls"].error
    assert shown.probes["blockio"].state is State.LIVE


@pytest.mark.parametrize(
    "members",
    [
        {"bucket": "<u8"},
        {"value": "<u4"},
        {"pid": "S4"},
        {"comm": "<u8"},
        {"device": ""},
        {"bucket": ("<u4", (1,))},
    ],
)
def test_examples_that_this_version_does_not_know_fail_their_probe(
    play: Callable[..., Player], members: dict[str, Any]
) -> None:
    """A member of another sort, or one that is missing."""
    assert shown_with_examples(play, changed(samples.sample(0, ["blockio"]), members)) is State.FAILED


def test_an_example_of_a_bucket_that_does_not_exist_fails_its_probe(play: Callable[..., Player]) -> None:
    """Nothing behind relies on a file."""
    examples = changed(samples.sample(0, ["blockio"]), {})
    assert shown_with_examples(play, examples) is State.LIVE
    examples["bucket"][-1] = BUCKETS
    assert shown_with_examples(play, examples) is State.FAILED


def test_a_recording_without_examples_plays(play: Callable[..., Player]) -> None:
    """As those of before."""
    assert shown_with_examples(play, None) is State.LIVE


def changed(sample: Sample, members: dict[str, Any]) -> Any:
    """The examples of block I/O with some members of other types, or left out where that is ""."""
    given = sample.probes["blockio"].worst["latency"]
    types = {name: given.dtype[name] for name in given.dtype.names or ()} | members
    return np.zeros(given.size, [(name, kind) for name, kind in types.items() if kind != ""])


def shown_with_examples(play: Callable[..., Player], examples: Any) -> State:
    """How block I/O is shown when its recording has these examples."""
    sample = samples.sample(0, ["blockio"])
    worst = {} if examples is None else {"latency": examples}
    other = replace(sample.probes["blockio"], worst=worst)
    return play(samples.with_probe(sample, "blockio", other)).take(1)[0].probes["blockio"].state


def test_every_probes_own_samples_fit(play: Callable[..., Player]) -> None:
    """What this version records it also plays."""
    assert all(probe.state is State.LIVE for probe in play(samples.sample(0)).take(1)[0].probes.values())


def test_a_fault_ends_the_source_and_is_told() -> None:
    """Nobody waits for a thread that is gone."""
    source = Replay(file_of(*samples.session(2, [])), FAST)
    told: queue.Queue[bool] = queue.Queue()
    source.on_end = lambda: told.put(source.ended)

    def broken(sample: Sample) -> None:
        raise RuntimeError("cannot take it")

    source.start(broken)
    assert told.get(timeout=PATIENCE_S)
    assert "cannot take it" in source.failure
    source.close()

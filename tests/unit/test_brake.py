"""The cost brake as a machine of states: readings of ebtop's own cost in, decisions out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from ebtop import registry
from ebtop.brake import SETTLE, START_S, Brake, Decision, Off, Reading, Slower, Spent, reading, words
from ebtop.derive import derive
from tests.samples import sample

PACES = (0.5, 1.0, 2.0, 5.0, 10.0)
DEAR = {"syscalls": 4.0, "rw": 2.0, "exec": 0.1}
SECOND = 10**9


class Machine:
    """An ebtop that costs something, obeys its brake, and counts seconds."""

    def __init__(self, brake: Brake, user: float, kernel: Mapping[str, float], interval: float = 1.0) -> None:
        self.brake, self.user, self.kernel, self.interval, self.now = brake, user, dict(kernel), interval, 100.0

    def refreshes(self, seconds: float) -> Iterator[tuple[float, Decision]]:
        """What the brake decides in that time, and when, seconds from its begin."""
        began = self.now
        while self.now < began + seconds:
            self.now += self.interval
            cost = Reading(int(self.now * SECOND), self.interval, self.interval, self.user, dict(self.kernel))
            decision = self.brake.look(cost)
            if isinstance(decision, Slower):
                self.interval = decision.interval_s
            if isinstance(decision, Off):
                del self.kernel[decision.probe]
            if decision is not None:
                yield self.now - began, decision

    def decisions(self, seconds: float) -> list[Decision]:
        """The same without times."""
        return [decision for _, decision in self.refreshes(seconds)]


def test_it_slows_first_then_switches_off_what_costs_most() -> None:
    """Until the cost is under the bound, and then nothing more."""
    machine = Machine(Brake(5.0, PACES), 1.0, DEAR)
    done = machine.decisions(600)
    assert [type(decision) for decision in done] == [Slower, Off]
    assert (machine.interval, machine.brake.off, machine.brake.is_slowed) == (2.0, ("syscalls",), True)
    assert machine.brake.mark == "slowed, 1 off"


def test_one_thing_at_a_time_and_time_to_see_its_effect() -> None:
    """Between two actions lie a whole round of slices and three readings, in the new pace."""
    times = [time for time, _ in Machine(Brake(0.01, PACES), 1.0, DEAR).refreshes(600)]
    assert times[0] >= START_S + 5
    assert times[1] - times[0] >= (SETTLE + 3) * 2.0
    assert all(later - earlier >= (SETTLE + 3) * 2.0 for earlier, later in pairwise(times))


def test_long_refreshes_are_measured_three_times() -> None:
    """One of five seconds may be an accident."""
    ((time, _),) = list(Machine(Brake(5.0), 1.0, DEAR, interval=5.0).refreshes(300))
    assert time >= SETTLE * 5.0 + 3 * 5.0


def test_the_start_does_not_count() -> None:
    """Imports cost a whole CPU for some seconds."""
    machine = Machine(Brake(5.0, PACES), 90.0, {"rw": 0.1, "exec": 0.1})
    assert machine.decisions(START_S) == []
    machine.user = 1.0
    assert machine.decisions(600) == []


@pytest.mark.parametrize(("cost", "does"), [(4.9, False), (5.0, False), (5.1, True)])
def test_it_acts_above_the_bound_and_not_at_it(cost: float, does: bool) -> None:
    """User space and kernel together."""
    machine = Machine(Brake(5.0, PACES), cost - 1.0, {"rw": 0.5, "exec": 0.5})
    assert bool(machine.decisions(60)) == does


def test_one_expensive_refresh_is_not_enough() -> None:
    """Every fourth refresh is: it never stays above."""
    machine = Machine(Brake(5.0, PACES), 1.0, {"rw": 0.5, "exec": 0.5})
    for turn in range(200):
        machine.user = 1.0 if turn % 4 else 50.0
        assert machine.decisions(1.0) == []


def test_short_refreshes_are_put_together() -> None:
    """At ten a second, CPU time is told in ticks of a whole refresh: now 0 %, now 60 %."""
    machine = Machine(Brake(5.0, PACES), 0.0, {"rw": 0.5, "exec": 0.5}, interval=0.1)
    done: list[Decision] = []
    for turn in range(400):
        machine.user = 60.0 if turn % 10 == 0 else 0.0
        done += machine.decisions(0.05)
    assert done
    assert isinstance(done[0], Slower)


def test_nothing_is_slower_than_five_seconds_and_the_last_probe_stays() -> None:
    """And when nothing is left, that is said once."""
    machine = Machine(Brake(0.01, PACES), 1.0, DEAR)
    done = machine.decisions(3600)
    assert machine.interval == 5.0
    assert len(machine.kernel) >= 1
    assert [type(decision) for decision in done].count(Spent) == 1
    assert isinstance(done[-1], Spent)


def test_what_user_space_costs_is_not_taken_out_on_probes() -> None:
    """Switching off a probe of a hundredth of it helps nobody."""
    machine = Machine(Brake(5.0, PACES), 20.0, {"syscalls": 0.2, "rw": 0.1})
    done = machine.decisions(600)
    assert [type(decision) for decision in done] == [Slower, Slower, Spent]
    assert set(machine.kernel) == {"syscalls", "rw"}
    assert "user space" in words(done[-1], 5.0, registry.probes())


def test_a_probe_that_is_switched_on_again_stays_on() -> None:
    """The next dearest goes in its place; the mark goes with the hand."""
    machine = Machine(Brake(1.0, ()), 0.1, DEAR)
    assert [decision.probe for decision in machine.decisions(20) if isinstance(decision, Off)] == ["syscalls"]
    machine.brake.probe_by_hand("syscalls", True)
    machine.kernel["syscalls"] = 4.0
    assert machine.brake.mark == ""
    done = machine.decisions(600)
    assert [decision.probe for decision in done if isinstance(decision, Off)] == ["rw"]
    assert "syscalls" in machine.kernel


def test_a_pace_that_is_chosen_by_hand_stays() -> None:
    """Probes may still go."""
    machine = Machine(Brake(5.0, PACES), 1.0, DEAR)
    machine.decisions(20)
    assert machine.interval == 2.0
    machine.brake.pace_by_hand()
    machine.interval = 0.5
    machine.brake.pace_by_hand()
    assert not machine.brake.is_slowed
    assert [type(decision) for decision in machine.decisions(600)] == [Off]
    assert machine.interval == 0.5


def test_what_a_user_has_switched_off_is_no_mark_of_the_brake() -> None:
    """It would not come back if the brake let go."""
    brake = Brake(5.0)
    brake.off = ("rw",)
    brake.probe_by_hand("rw", False)
    assert brake.mark == ""


def test_zero_turns_it_off() -> None:
    """Whatever ebtop costs."""
    assert Machine(Brake(0.0, PACES), 90.0, DEAR).decisions(600) == []


def test_a_probe_that_was_not_measured_is_not_chosen() -> None:
    """Its cost is not known yet, or it has no programs."""
    machine = Machine(Brake(1.0), 5.0, {"bpf": float("nan"), "rw": 1.0, "exec": float("nan")})
    assert [decision.probe for decision in machine.decisions(600) if isinstance(decision, Off)] == ["rw"]


def test_a_change_by_hand_begins_the_measurement_anew() -> None:
    """Otherwise the cost of before would be held against what is there now."""
    machine = Machine(Brake(5.0), 1.0, DEAR)
    assert machine.decisions(13) == []
    machine.kernel["opens"] = 0.1
    assert machine.decisions(SETTLE + 4) == []
    assert machine.decisions(2)


def test_a_reading_is_what_the_frame_says() -> None:
    """User space over the interval, each live probe's programs in the newest slice."""
    frame = derive(sample(1, ("syscalls", "rw")), sample(0, ("syscalls", "rw")), registry.probes())
    cost = reading(frame)
    assert cost.user_percent == pytest.approx(0.7)
    assert cost.kernel == pytest.approx({"syscalls": 0.0142, "rw": 0.0284})
    assert cost.percent == pytest.approx(0.7 + 0.0426)


def test_it_says_what_it_does_in_one_line() -> None:
    """With the cost, the bound and the probe's title."""
    cost = Reading(0, 1.0, 1.0, 2.0, DEAR)
    assert words(Slower(cost, 2.0), 5.0, registry.probes()) == ("own cost 8.1 % > 5.0 %: refresh slowed to 2 s")
    assert "System calls (4.0 %) off" in words(Off(cost, "syscalls", 4.0), 5.0, registry.probes())

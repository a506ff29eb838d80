"""Programs that share a raw tracepoint: each sees every event once, whoever comes and goes."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ebtop import wire
from ebtop.kernel import attachments, bpf, btf, chain, chained, programs, syscalls
from ebtop.kernel.cpus import banks
from ebtop.warden.sharing import Sharing
from tests.kernel.loaded import Loaded, ask
from tests.kernel.terminal_session import wait_until
from tests.kernel.test_warden import seen
from tests.kernel.worker import Worker

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

PLACE = "oom_score_adj_update"
"""Passed by who writes to oom_score_adj, and by nobody here but these tests: what a member counts is theirs."""
TIMES = 1009
CLOSE = next(number for number, name in syscalls.names().items() if name == "close")
_READS_THE_THIRD = struct.pack("=BBhi", 0x79, 0x10, 16, 0) + chained.NOTHING


def pass_by() -> None:
    """Pass the place 1,009 times, and leave everything as it is."""
    with open("/proc/self/oom_score_adj", "r+b", buffering=0) as file:
        same = file.read().strip()
        file.writelines(same for _ in range(TIMES))


class Member:
    """A program that does nothing, and counts how often."""

    def __init__(self, code: bytes = chained.NOTHING) -> None:
        self.following, self._costs = chained.new_next(), chained.new_costs(banks())
        whole = chained.member(code, self.following, self._costs, banks())
        self.program = programs.load("raw_tracepoint", "test_member", whole)
        self.costs = chained.Costs(self._costs)
        self.costs.switch(chained.MEASURED)

    def close(self) -> None:
        self.costs.close()
        os.close(self._costs)


@contextmanager
def members(count: int) -> Iterator[tuple[chain.Chains, list[Member]]]:
    """So many at the place, in order; each is its own owner."""
    chains, made = chain.Chains(), [Member() for _ in range(count)]
    for member in made:
        chains.join(member, PLACE, member.program, member.following)
    yield chains, made
    chains.close()
    for member in made:
        member.close()


def counts(members: list[Member]) -> list[int]:
    return [member.costs.runs().count for member in members]


def attached() -> int:
    """Links to the place."""
    return sum(where == f"raw_tracepoint:{PLACE}" for _, where in attachments.links())


def test_one_leaves_and_the_others_miss_nothing() -> None:
    """The first, one in the middle and the last, one after another; the kernel calls one program all the time."""
    with members(5) as (chains, made):
        assert attached() == 1
        pass_by()
        for leaving in (made[2], made[0], made[4]):
            chains.leave(leaving)
            pass_by()
        assert attached() == 1
        chains.close()
        assert attached() == 0
        stayed = counts([made[1], made[3]])
        assert stayed[0] == stayed[1] and 4 * TIMES <= stayed[0] < 5 * TIMES
        left = counts([made[2], made[0], made[4]])
        assert all(nth * TIMES <= count < (nth + 1) * TIMES for nth, count in enumerate(left, 1))


def test_with_the_last_that_leaves_nothing_is_attached() -> None:
    """And the next that comes is seen to again."""
    with members(1) as (chains, made):
        chains.leave(made[0])
        assert attached() == 0
        other = Member()
        chains.join(other, PLACE, other.program, other.following)
        pass_by()
        assert attached() == 1
        chains.close()
        assert other.costs.runs().count >= TIMES and counts(made) == [0]
        other.close()


def test_more_than_the_kernel_goes_on_to_are_behind_two_heads() -> None:
    """None of 35 is left out."""
    with members(chain.MOST + 5) as (chains, made):
        assert attached() == 2
        pass_by()
        chains.close()
        found = counts(made)
        assert min(found) >= TIMES and max(found) < 2 * TIMES


def test_one_that_is_turned_off_runs_no_more_and_the_others_do() -> None:
    """By a store, whoever holds it: the screen needs nobody for that."""
    with members(3) as (_, made):
        made[1].costs.switch(chained.OFF)
        pass_by()
        found = counts(made)
        assert found[1] == 0 and found[0] >= TIMES and found[2] >= TIMES
        made[1].costs.switch(chained.ON)
        made[0].costs.switch(chained.ON)
        pass_by()
        assert counts(made[:2]) == found[:2] and counts(made)[2] >= 2 * TIMES


def test_what_reads_more_than_the_place_gives_is_found_out() -> None:
    """As the kernel would when it attached it: oom_score_adj_update gives a task, and no third argument."""
    member, reading = Member(), Member(_READS_THE_THIRD)
    given = btf.kernel().arguments(PLACE)
    assert given == 1 and btf.kernel().arguments("no_such_tracepoint") == -1
    assert chained.reads_within(member.program, given) and not chained.reads_within(reading.program, given)
    assert chained.reads_within(reading.program, 3)
    with pytest.raises(programs.Refused):
        programs.attach("raw_tracepoint", PLACE, reading.program)
    for one in (member, reading):
        os.close(one.program)
        os.close(one.following)
        one.close()


def test_a_place_that_there_is_not_takes_nobody() -> None:
    """Both descriptors are closed, and nothing is kept."""
    chains, member = chain.Chains(), Member()
    with pytest.raises(programs.Refused, match="no_such_place"):
        chains.join(member, "no_such_place", member.program, member.following)
    for descriptor in (member.program, member.following):
        with pytest.raises(OSError):
            os.fstat(descriptor)
    member.close()


def test_a_probe_of_which_one_program_finds_no_place_is_loaded_once_more_and_leaves_nothing() -> None:
    """It is to share nothing then; its other program runs no more, and every descriptor is closed."""
    unshared: list[tuple[str, int]] = []
    first, second = Member(), Member()
    costs = [os.dup(0), os.dup(0)]
    live = wire.Live("p", 7, "way", (), (), ("one", "two"), 0, shares=(PLACE, "no_such_place"))
    descriptors = (first.program, second.program, *costs, first.following, second.following)
    said, left = Sharing(lambda *start: unshared.append(start)).join(live, descriptors)
    assert said == wire.Progress("p", 7, "compiling") and left == ()
    assert unshared == [("p", 7)]
    for descriptor in descriptors:
        with pytest.raises(OSError):
            os.fstat(descriptor)
    assert attached() == 0
    first.close()
    second.close()


def test_a_probe_that_its_place_does_not_take_is_live_by_itself() -> None:
    """The warden has it loaded once more, to share nothing; when it is started again, it is loaded so at once."""
    assert seen("unshared") == [["compiling", "compiling", "compiling", "live"], ["compiling", "live"]]


def test_a_probe_that_is_to_share_nothing_is_attached_by_its_loader() -> None:
    """By the way that it would have had, with a link of its own."""
    answers = ask({"errors": 1, "forks": 2}, unshared=frozenset({"errors"}))
    live = {one.probe: one for one in answers.messages if isinstance(one, wire.Live)}
    try:
        assert any(live["forks"].shares) and not any(live["errors"].shares)
        assert live["errors"].hook == live["forks"].hook == "raw_tracepoint"
        links = {probe: len(answers.descriptors[probe]) - one.second.stop for probe, one in live.items()}
        assert links == {"errors": 1, "forks": 0}
    finally:
        answers.let_go()


def test_probes_of_one_place_count_the_same_calls(load: Callable[..., Loaded]) -> None:
    """1,009 that fail, seen by both; and one goes on when the other has gone."""
    loaded = load("syscalls", "errors")
    assert loaded.live["errors"].shares == ("sys_exit",)
    assert "sys_exit" in loaded.live["syscalls"].shares
    code = "import os\nfor _ in range(1009):\n    try: os.close(-1)\n    except OSError: pass"
    with Worker(code) as worker:
        worker.work()
        first = failed(loaded, worker.pid)
    loaded.leave("errors")
    with Worker(code) as worker:
        worker.work()
        second = failed(loaded, worker.pid)
    assert (first, second) == ((TIMES, TIMES), (TIMES, 0))


def failed(loaded: Loaded, pid: int) -> tuple[int, int]:
    """Failed calls of close by a process, as syscalls and as errors counted them."""
    calls, errors = loaded.rows("syscalls_calls"), loaded.rows("errors_rows")
    found = (calls.keys["pid"] == pid) & (calls.keys["nr"] == CLOSE)
    bad = (errors.keys["pid"] == pid) & (errors.keys["nr"] == CLOSE) & (errors.keys["errno"] == errno.EBADF)
    return int(calls.values["errors"][found].sum()), int(errors.values["errors"][bad].sum())


def test_one_that_waited_for_the_screen_joins_once_and_leaves_when_it_is_not_wanted() -> None:
    """Loaded before the screen had said a word; it sees each event once, and none once it is wanted no more."""
    found = seen("sharing")
    assert TIMES <= found["wanted"] < 2 * TIMES
    assert found["after"] == 0 and found["places"] != [0]


def test_bpf_programs_that_share_are_freed() -> None:
    """Each holds the next, by an array that nobody else holds: none is left of twenty that came and went."""
    with members(20):
        there = {number for number in bpf.ids(bpf.PROG_NEXT_ID) if name_of(number) == "test_member"}
    assert len(there) >= 20
    wait_until(lambda: not there & set(bpf.ids(bpf.PROG_NEXT_ID)))


def name_of(number: int) -> str:
    """The name of the program of that number, "" when it is gone."""
    descriptor = bpf.by_id(bpf.PROG_BY_ID, number)
    if descriptor is None:
        return ""
    name = bpf.info(descriptor, 80)[64:80].split(b"\0", 1)[0].decode()
    os.close(descriptor)
    return name

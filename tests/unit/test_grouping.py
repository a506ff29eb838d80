"""Grouping: rows of processes added up from what the kernel counted, compared with adding one row after another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from ebtop.frame import Frame, TableFrame
from ebtop.grouping import COUNT, GROUP, Grouping, grouped_view, regroup
from ebtop.sample import MapRows, Process, Sample
from tests.unit.test_derive import KEY, PROBE, VALUE, calls, frame, sample, table_of

PEOPLE = {
    1: Process("nginx", "www-data", "web", container=True),
    2: Process("nginx", "root", "nginx.service"),
    3: Process("bash", "ada", ""),
    4: Process("nginx", "www-data", "web", container=True),
}


def seen(now: Sample, before: Sample | None = None) -> Frame:
    """The frame of two samples of a machine on which PEOPLE are at work."""
    return frame(replace(now, processes=PEOPLE), before)


def rows_of(table: TableFrame, *columns: str) -> dict[tuple[object, ...], tuple[float, ...]]:
    """Rows by key."""
    return {
        tuple(key): tuple(float(table.columns[name][place]) for name in columns)
        for place, key in enumerate(table.keys.tolist())
    }


def random_rows(random: np.random.Generator, count: int, pids: int, least: int = 0) -> MapRows:
    """`count` rows of so many processes, of which a few are known."""
    keys = np.zeros(count, KEY)
    numbers = random.choice(pids * 20, count, replace=False)
    keys["pid"], keys["nr"] = numbers // 20 + 1, numbers % 20
    values = np.zeros(count, VALUE)
    for name in ("calls", "ns", "max_ns"):
        values[name] = random.integers(least, least + 10**6, count)
    values["comm"] = np.array([b"", b"sh", b"nginx"])[keys["pid"] % 3]
    return MapRows(keys, values, count)


def test_processes_of_one_program_are_one_row_that_says_how_many() -> None:
    """Calls are added, the largest stays the largest, a mean is that of all calls."""
    now = sample(2, calls((1, 0, 10, 100, 9, b"a"), (2, 0, 30, 1100, 70, b"b"), (3, 0, 5, 5, 1, b"c")))
    grouped = regroup(table_of(seen(now), "by_process"), seen(now), Grouping.PROGRAM)
    assert rows_of(grouped, COUNT, "calls_total", "mean_ns", "max_ns") == {
        (b"nginx",): (2.0, 40.0, 30.0, 70.0),
        (b"bash",): (1.0, 5.0, 1.0, 1.0),
    }
    assert grouped.view.columns[0].title == "n"


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (Grouping.PROGRAM, {b"nginx": 3, b"bash": 1, b"told": 1, b"?": 1}),
        (Grouping.UNIT, {b"web": 2, b"nginx.service": 1, b"-": 1, b"?": 2}),
        (Grouping.USER, {b"www-data": 2, b"root": 1, b"ada": 1, b"?": 2}),
    ],
)
def test_what_is_not_known_is_said(by: Grouping, names: dict[bytes, int]) -> None:
    """The kernel's name for a process that is gone; "?" for nothing known, "-" for a process outside of any unit."""
    told = ((pid, 0, 1, 1, 1, name) for pid, name in zip(range(1, 7), (b"", b"", b"", b"", b"told", b""), strict=True))
    shown = seen(sample(2, calls(*told)))
    grouped = regroup(table_of(shown, "by_process"), shown, by)
    assert {name: count for (name,), (count,) in rows_of(grouped, COUNT).items()} == names


def test_other_parts_of_the_key_still_divide_rows() -> None:
    """One program's two system calls stay two rows; each holds the processes that made it."""
    now = sample(2, calls((1, 0, 1, 1, 1, b""), (2, 0, 2, 1, 1, b""), (2, 9, 4, 1, 1, b"")))
    shown = seen(now)
    grouped = regroup(table_of(shown, "by_both"), shown, Grouping.PROGRAM)
    assert rows_of(grouped, COUNT, "calls_total") == {(b"nginx", 0): (2.0, 3.0), (b"nginx", 9): (1.0, 4.0)}
    assert grouped.members is not None
    place = grouped.keys.tolist().index((b"nginx", 0))
    assert grouped.members.pids(place) == [1, 2]


Row = tuple[object, ...]


def one_by_one(then: MapRows, now: MapRows, with_call: bool) -> tuple[dict[Row, list[int]], dict[Row, set[int]]]:
    """By program (and call): what calls and ns grew by, the largest, and which processes; without any arrays."""
    earlier = {tuple(key): value for key, value in zip(then.keys.tolist(), then.values.tolist(), strict=True)}
    grown: dict[Row, list[int]] = defaultdict(lambda: [0, 0, 0])
    members: dict[Row, set[int]] = defaultdict(set)
    for (pid, nr), (count, ns, largest, comm) in zip(now.keys.tolist(), now.values.tolist(), strict=True):
        was = earlier.get((pid, nr), (0, 0, 0, b""))
        if count < was[0] or ns < was[1]:
            was = (0, 0, 0, b"")
        name = PEOPLE[pid].name.encode() if pid in PEOPLE else comm or b"?"
        row = (name, nr) if with_call else (name,)
        before = grown[row]
        grown[row] = [before[0] + count - was[0], before[1] + ns - was[1], max(before[2], largest)]
        members[row].add(pid)
    return grown, members


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("view", ["by_process", "by_both"])
def test_every_column_is_what_the_kernels_rows_add_up_to(seed: int, view: str) -> None:
    """Over random rows that came, went, moved and were made anew, beside sums made one row at a time."""
    random = np.random.default_rng(seed)
    then, now = random_rows(random, 700, 90), random_rows(random, 900, 120, least=5 * 10**5)
    before = sample(1, then)
    shown = seen(sample(3, now), before)
    grouped = regroup(table_of(shown, view), shown, Grouping.PROGRAM)
    grown, members = one_by_one(then, now, with_call=view == "by_both")
    assert set(grown) == {tuple(key) for key in grouped.keys.tolist()}
    for row, (count, rate, mean, highest) in rows_of(grouped, COUNT, "calls_per_second", "mean_ns", "max_ns").items():
        some_calls, ns, largest = grown[row]
        assert (count, rate, highest) == (len(members[row]), some_calls / 2, largest)
        assert mean == pytest.approx(ns / some_calls)


def test_the_answer_is_kept_with_the_table() -> None:
    """Drawing one frame again groups nothing again; by process nothing is done at all."""
    shown = seen(sample(2, calls((1, 0, 1, 1, 1, b""), (2, 0, 2, 1, 1, b""))))
    table = table_of(shown, "by_process")
    assert regroup(table, shown, Grouping.USER) is regroup(table, shown, Grouping.USER)
    assert regroup(table, shown, Grouping.PROCESS) is table
    by_call = replace(table, view=replace(table.view, keys=table.view.keys[1:]))
    assert regroup(by_call, shown, Grouping.USER) is by_call


def test_ten_thousand_processes_are_looked_up_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows each of them has."""
    asked: list[int] = []

    class Known(dict[int, Process]):
        def get(self, pid: int, default: object = None) -> Process | None:  # type: ignore[override]
            asked.append(pid)
            return Process(f"p{pid % 50}")

    random = np.random.default_rng(1)
    shown = frame(replace(sample(2, random_rows(random, 10_000, 500)), processes=Known()), None)
    grouped = regroup(table_of(shown, "by_both"), shown, Grouping.PROGRAM)
    assert sorted(asked) == list(range(1, 501))
    assert grouped.columns[COUNT].sum() == 10_000


def test_an_empty_table_stays_empty() -> None:
    """No rows, no groups."""
    shown = seen(sample(2, calls()))
    grouped = regroup(table_of(shown, "by_process"), shown, Grouping.PROGRAM)
    assert grouped.keys.size == 0
    assert grouped.columns["calls_per_second"].size == 0


def test_groupings_go_round() -> None:
    """Process, program, unit, user, process; the name says what is grouped when it is not the process itself."""
    assert [by.next for by in Grouping] == [Grouping.PROGRAM, Grouping.UNIT, Grouping.USER, Grouping.PROCESS]
    by_process = PROBE.views[0]
    assert grouped_view(by_process, Grouping.UNIT).keys[0].title == "unit"
    assert grouped_view(by_process, Grouping.UNIT).keys[0].field == GROUP

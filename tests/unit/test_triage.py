"""Rules of triage over frames made by hand: below, at and above each threshold; ranking; what could not be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ebtop import registry
from ebtop.derive import derive
from ebtop.frame import Frame
from ebtop.sample import Cost, HostSample, MapRows, ProbeSample, Process, Sample, State, Totals
from ebtop.spec import Table
from ebtop.triage.check import MOST, Check, Measured, Report, Rule
from ebtop.triage.check import examine as examine_by
from ebtop.triage.rules import CHEAP, RULES, examine
from tests import samples
from tests.samples import SECOND

TEN = 10
PEER, OTHER = samples.address("::ffff:10.0.4.7", 5432), samples.address("2a00::1", 443)
NAMES = {4121: Process("postgres"), 911: Process("node")}
Row = dict[str, Any]


def rows(probe: str, name: str, *given: Row) -> MapRows:
    """A map of `probe` with these rows: members of keys and values as the declaration has them."""
    like = samples.live(registry.probe(probe), 0).maps[name]
    keys, values = np.zeros(len(given), like.keys.dtype), np.zeros(len(given), like.values.dtype)
    for place, row in enumerate(given):
        for member, value in row.items():
            where = keys if member in (keys.dtype.names or ()) else values
            where[member][place] = value
    return MapRows(keys, values, 1024)


def slots(**buckets: int) -> list[int]:
    """A histogram's counts by bucket: slots(b9=3)."""
    counts = [0] * 40
    for bucket, count in buckets.items():
        counts[int(bucket[1:])] = count
    return counts


def live(probe: str, *maps: MapRows, **others: Any) -> ProbeSample:
    """`probe` live since ten seconds ago, counting from zero; `maps` in the order of its views."""
    names = list(dict.fromkeys(view.map for view in registry.probe(probe).views if isinstance(view, Table)))
    names += [view.map for view in registry.probe(probe).views if view.map not in names]
    hook = registry.probe(probe).ways[0].name
    return ProbeSample(State.LIVE, hook, started_ns=1, maps=dict(zip(names, maps, strict=False)), **others)


def ten(probe: str = "", *maps: MapRows, host: HostSample | None = None, **others: Any) -> Frame:
    """Ten seconds in which `probe` counted `maps`."""
    before = Sample(1, 0, 1.0, HostSample(cpu_pressure_s=0, io_pressure_s=0, memory_pressure_s=0, swapped_bytes=0), {})
    now = Sample(
        1 + TEN * SECOND,
        0,
        1.0,
        host or HostSample(cpus=2),
        {probe: live(probe, *maps, **others)} if probe else {},
        NAMES,
        samples.LABELS,
    )
    return derive(now, before, registry.probes())


def of(frame: Frame, rule: str) -> list[Check]:
    """What the rule of that name says."""
    report = examine_by(frame, [one for one in RULES if one.name == rule])
    return [*report.findings, *report.fine]


def run_queue(wait_bucket: int, percent: float = 0.0) -> Frame:
    """100 waits, one in fifty of them in that bucket."""
    waits = rows("runqlat", "runqlat_rows", {"pid": 911, "waits": 100, "ns": int(percent * TEN * 1e7)})
    shape = {"b3": 98, f"b{wait_bucket}": 2}
    latency = rows("runqlat", "runqlat_latency", {"slots": slots(**shape), "max_value": 2 ** (wait_bucket + 1)})
    return ten("runqlat", waits, latency, host=HostSample(cpus=2, cpu_busy_s=8, cpu_total_s=20))


def disk(ops: int = 100, mean_ns: float = 0, p99_bucket: int = 3, errors: int = 0) -> Frame:
    """Requests to one disk."""
    table = {"pid": 911, "device": 259 << 20, "ops": ops, "ns": int(ops * mean_ns), "errors": errors}
    shape = slots(b2=ops - 2, **{f"b{p99_bucket}": 2})
    latency = {"device": 259 << 20, "slots": shape, "max_value": 2 ** (p99_bucket + 1)}
    return ten("blockio", rows("blockio", "blockio_rows", table), rows("blockio", "blockio_latency", latency))


def connects(count: int, failures: int, slow: int = 0) -> Frame:
    """Connects of one process to one peer, `slow` of them after a second."""
    row = {
        "pid": 911,
        "remote": PEER,
        "connects": count,
        "failures": failures,
        "established": count,
        "ns": count * 1000,
    }
    latency = rows("tcpconnect", "tcpconnect_latency", {"slots": slots(b12=count - slow, b29=slow), "max_value": 2**30})
    return ten("tcpconnect", rows("tcpconnect", "tcpconnect_rows", row), latency)


def backlog(waiting: int) -> Frame:
    """Accepts that left so many in a queue of a hundred."""
    row = {"pid": 911, "local": OTHER, "remote": PEER, "accepts": 7, "backlog": waiting, "backlog_limit": 100}
    return ten("tcpaccept", rows("tcpaccept", "tcpaccept_rows", row))


def calls(*given: tuple[int, int, int]) -> Frame:
    """By process: calls and errors per second."""
    found = [{"pid": pid, "nr": 257, "calls": TEN * count, "errors": TEN * errors} for pid, count, errors in given]
    return ten("syscalls", rows("syscalls", "syscalls_calls", *found))


def small(calls_per_second: float, size: float) -> Frame:
    """Writes of that size."""
    writes = int(TEN * calls_per_second)
    row = {"pid": 911, "calls": writes, "writes": writes, "write_bytes": int(writes * size)}
    return ten("rw", rows("rw", "rw_calls", row))


def opens(errno: int, per_second: float) -> Frame:
    """Opens that end with `errno`, among others."""
    failed = {"pid": 911, "path": 99, "errno": errno, "opens": int(TEN * per_second)}
    fine = {"pid": 4121, "path": 1, "opens": 1_000_000}
    return ten("opens", rows("opens", "opens_files", fine, failed))


def execs(per_second: float) -> Frame:
    """One parent starts programs."""
    row = {"pid": 911, "program": b"/usr/bin/date", "execs": int(TEN * per_second)}
    return ten("exec", rows("exec", "exec_rows", row))


def machine(**host: Any) -> Frame:
    """Ten seconds of a machine of two CPUs without any probe."""
    return ten(host=HostSample(cpus=2, **host))


def own(user: float, kernel: float) -> Frame:
    """What ebtop itself costs, percent."""
    frame = ten("exec", cost=Cost(SECOND, 1, int(kernel * 1e7)))
    return replace(frame, self_user_percent=user)


CASES: list[tuple[str, Callable[[float], Frame], tuple[float, float, float]]] = [
    ("runnable", lambda waiting: run_queue(3, waiting), (119, 120, 121)),
    ("disk_mean", lambda ms: disk(mean_ns=ms * 1e6), (9.9, 10, 10.1)),
    ("disk_errors", lambda errors: disk(errors=int(errors)), (0, 1, 2)),
    ("connects_fail", lambda failures: connects(100, int(failures)), (4, 5, 6)),
    ("connects_slow", lambda slow: connects(200, 0, int(slow)), (1, 2, 3)),
    ("backlog", lambda waiting: backlog(int(waiting)), (69, 70, 71)),
    ("calls_fail", lambda errors: calls((911, 1000, int(errors)), (4121, 50, 50)), (499, 500, 501)),
    ("one_caller", lambda count: calls((911, int(count), 0), (4121, 20_000 - int(count), 0)), (15_999, 16_000, 16_001)),
    ("small", lambda count: small(count, 63), (9_999, 10_000, 10_001)),
    ("descriptors", lambda count: opens(24, count / TEN), (0, 1, 2)),
    ("not_found", lambda count: opens(2, count), (999, 1000, 1001)),
    ("not_allowed", lambda count: opens(13, count), (9, 10, 11)),
    ("execs", execs, (99, 100, 101)),
    ("cpu_busy", lambda busy: machine(cpu_busy_s=busy / 5, cpu_total_s=20), (69.9, 70, 70.1)),
    ("load", lambda load: machine(load1=load), (1.9, 2, 2.1)),
    ("cpu_pressure", lambda share: machine(cpu_pressure_s=share / 10), (14.9, 15, 15.1)),
    ("io_pressure", lambda share: machine(io_pressure_s=share / 10), (14.9, 15, 15.1)),
    ("memory_pressure", lambda share: machine(memory_pressure_s=share / 10), (14.9, 15, 15.1)),
    ("memory_used", lambda used: machine(memory_used_bytes=int(used), memory_total_bytes=1000), (899, 900, 901)),
    ("swapping", lambda rate: machine(swapped_bytes=TEN * rate), (0.9e6, 1e6, 1.1e6)),
    ("lost", lambda count: ten("exec", totals=Totals(100, lost=int(count))), (0, 1, 2)),
    ("own_cost", lambda user: own(user, 2.0), (2.9, 3.0, 3.1)),
]


@pytest.mark.parametrize(("rule", "made", "values"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_finds_what_is_at_its_threshold_or_above(
    rule: str, made: Callable[[float], Frame], values: tuple[float, float, float]
) -> None:
    """Not what is below, and it says by how much."""
    below, at, above = (of(made(value), rule)[0] for value in values)
    assert not below.is_abnormal
    assert at.is_abnormal
    assert above.is_abnormal
    assert below.ratio < 1 <= at.ratio < above.ratio


@pytest.mark.parametrize(("bucket", "abnormal"), [(22, False), (23, True), (26, True)])
def test_waits_for_a_cpu_are_held_against_the_latency_of_so_many_cpus(bucket: int, abnormal: bool) -> None:
    """12 ms for two; estimated inside the bucket from 8 to 17 ms."""
    (check,) = of(run_queue(bucket), "run_queue_p99")
    assert check.threshold == 12e6
    assert check.is_abnormal == abnormal
    assert check.who == "most: node 911" or check.who == ""


@pytest.mark.parametrize(("cpus", "ms"), [(0, 6), (1, 6), (2, 12), (4, 18), (7, 18), (8, 24), (64, 24)])
def test_the_latency_grows_with_the_cpus_as_the_kernels_does(cpus: int, ms: float) -> None:
    """By the binary logarithm, up to eight."""
    frame = run_queue(23)
    host = replace(frame.sample.host, cpus=cpus)
    assert of(replace(frame, sample=replace(frame.sample, host=host)), "run_queue_p99")[0].threshold == ms * 1e6


@pytest.mark.parametrize(("bucket", "abnormal"), [(25, False), (27, True)])
def test_the_slowest_hundredth_of_a_disks_requests(bucket: int, abnormal: bool) -> None:
    """By device, from the histogram of the interval."""
    (check,) = of(disk(p99_bucket=bucket), "disk_p99")
    assert (check.is_abnormal, check.who) == (abnormal, "nvme0n1")


def test_a_handful_of_requests_says_nothing_of_a_disk() -> None:
    """Nine that took a second."""
    assert np.isnan(of(disk(ops=9, mean_ns=1e9), "disk_mean")[0].value)
    assert np.isnan(of(disk(ops=9, p99_bucket=30), "disk_p99")[0].value)


def test_a_single_failed_connect_is_no_finding() -> None:
    """Even where it was the only one."""
    assert not of(connects(1, 1), "connects_fail")[0].is_abnormal
    assert of(connects(2, 2), "connects_fail")[0].is_abnormal


def test_who_is_named_with_what_it_did() -> None:
    """Process, pid, and peer, device, file or call."""
    assert of(connects(10, 9), "connects_fail")[0].who == "node 911 10.0.4.7:5432"
    assert of(disk(errors=3), "disk_errors")[0].who == "node 911 nvme0n1"
    assert of(backlog(90), "backlog")[0].who == "node 911 [2a00::1]:443"
    assert of(opens(2, 5000), "not_found")[0].who == "node 911 /etc/nothing"
    assert of(calls((911, 1000, 900)), "calls_fail")[0].who == "node 911 openat"
    assert of(small(20_000, 1), "small")[0].who == "node 911, 1 B a write"
    assert of(execs(200), "execs")[0].who == "date, by node 911"
    assert of(calls((911, 20_000, 0)), "one_caller")[0].who == "node 911"


def test_large_writes_and_few_calls_are_no_storm() -> None:
    """However many, or whatever their share."""
    assert not of(small(1_000_000, 64), "small")[0].is_abnormal
    assert not of(calls((911, 9_999, 0)), "one_caller")[0].is_abnormal
    assert not of(calls((911, 99, 99)), "calls_fail")[0].is_abnormal


def test_a_rule_names_at_most_three_of_a_kind() -> None:
    """The worst of them."""
    given = [
        {"pid": pid, "remote": PEER, "connects": 100, "failures": failures}
        for pid, failures in ((1, 10), (2, 90), (3, 50), (4, 70), (5, 2))
    ]
    found = of(ten("tcpconnect", rows("tcpconnect", "tcpconnect_rows", *given)), "connects_fail")
    assert [round(check.value) for check in found] == [90, 70, 50]


def flat(name: str, value: float, threshold: float = 10.0) -> Rule:
    """A rule that always finds `value`."""
    return Rule(name, name, lambda frame: [Measured(value)], threshold, "a test")


def ranked(*given: Rule) -> Report:
    """Those rules over any frame."""
    return examine_by(machine(), given)


def test_findings_are_ranked_by_how_far_they_are_beyond_their_threshold() -> None:
    """Bounded, and of equals the weightier rule first; what is fine, by how close it is."""
    report = ranked(
        flat("a", 11), flat("b", 9), flat("c", 1e9), flat("d", 30), flat("e", 1e6), flat("f", 1), flat("g", 9.5)
    )
    assert [check.rule.name for check in report.findings] == ["c", "e", "d", "a"]
    assert [check.level for check in report.findings] == ["severe", "severe", "high", "slight"]
    assert report.findings[0].severity == MOST
    assert [check.rule.name for check in report.fine] == ["g", "b", "f"]
    assert report.looked_at == 7


def test_what_could_not_be_asked_is_listed_with_its_reason() -> None:
    """Off, failed, still on its way, without times, or not told by the machine."""
    frame = ten()
    states = {
        "rw": ProbeSample(State.OFF),
        "opens": samples.failed("no such tracepoint"),
        "exec": ProbeSample(State.COMPILING),
        "syscalls": replace(live("syscalls"), hook="raw_tracepoint, counts only"),
    }
    host = HostSample(cpus=2)
    frame = derive(replace(frame.sample, probes=states, host=host), None, registry.probes())
    why = {skipped.rule.name: skipped.why for skipped in examine(frame).skipped}
    assert why["small"] == why["run_queue_p99"] == "off"
    assert why["not_found"] == "failed: no such tracepoint"
    assert why["execs"] == "not attached in time"
    assert why["calls_fail"] == "only counted, without times and failures"
    assert why["cpu_pressure"] == why["memory_used"] == "this kernel or recording does not tell"
    assert "one_caller" not in why


def test_nothing_of_the_kind_is_fine() -> None:
    """No connect at all is no finding, and no reason to skip the question."""
    (check,) = of(ten("tcpconnect", rows("tcpconnect", "tcpconnect_rows")), "connects_fail")
    assert np.isnan(check.value)
    assert (check.is_abnormal, check.ratio, check.level) == (False, 0.0, "fine")


def test_a_frame_of_everything_is_examined_without_a_gap() -> None:
    """Every rule gives an answer over the samples of a busy machine."""
    frame = derive(samples.sample(20), samples.sample(10), registry.probes())
    report = examine(frame)
    assert report.looked_at + len(report.skipped) == len(RULES)
    assert all("told" in one.why or "tell" in one.why for one in report.skipped)
    assert report.seconds == TEN


def test_every_rule_leads_to_a_column_that_exists() -> None:
    """Probe, table and column; names are unique, sources are given, titles fit."""
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.source
        assert len(rule.title) <= 25
        if rule.look is not None:
            view = next(view for view in registry.probe(rule.look.probe).views if view.name == rule.look.view)
            assert isinstance(view, Table)
            assert rule.look.column in {column.name for column in view.columns}
    assert set(CHEAP) <= set(registry.probes())

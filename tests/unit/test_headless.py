"""Snapshot and recording without a screen: what is written, what is said, and the exit status."""

from __future__ import annotations

import errno
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ebtop.export import headless
from ebtop.export.files import write_private
from ebtop.recording import read
from ebtop.sample import ProbeSample, Sample, State
from tests import samples
from tests.samples import Given

TWO = ("syscalls", "blockio")


def compiling(second: float) -> Sample:
    """Before the probes are there."""
    return samples.with_probe(samples.sample(second, TWO), "blockio", ProbeSample(State.COMPILING))


def test_a_snapshot_is_over_the_time_from_when_all_probes_were_live(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What came before does not count, what comes after is not waited for."""
    source = Given(compiling(0), compiling(1), *(samples.sample(second, TWO) for second in (2, 3, 5, 6, 7)))
    path = tmp_path / "x.json"
    assert headless.snapshot(source, TWO, 4.0, str(path), write_private) == 0
    read_back = json.loads(path.read_bytes())
    assert read_back["time"]["measured_seconds"] == 4
    assert read_back["probes"]["syscalls"]["rate_per_second"] == 1000
    assert source.wanted == [TWO]
    assert source.closed
    assert capsys.readouterr() == (f"{path}\n", "")


def test_a_failed_probe_is_said_and_the_rest_is_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, the reason in one clean line."""
    broken = [
        samples.with_probe(samples.sample(second, TWO), "blockio", samples.failed("refused\x1b[31m"))
        for second in (0, 1)
    ]
    path = tmp_path / "x.json"
    assert headless.snapshot(Given(*broken), TWO, 1.0, str(path), write_private) == 1
    assert json.loads(path.read_bytes())["probes"]["syscalls"]["state"] == "live"
    assert capsys.readouterr().err == "ebtop: blockio: refused␛[31m\n"


def test_a_failed_write_is_said_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2."""

    def full(path: str, content: bytes) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    source = Given(*samples.session(2, TWO))
    assert headless.snapshot(source, TWO, 1.0, "x.json", full) == 2
    assert headless.record(Given(*samples.session(2, TWO)), TWO, 1.0, "x.ebtop", full) == 2
    assert source.closed
    assert capsys.readouterr() == (
        "",
        "ebtop: x.json: No space left on device\nebtop: x.ebtop: No space left on device\n",
    )


def test_a_probe_that_costs_too_much_is_switched_off_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, as it happens and in the end; the rest goes on, and counts as a failure of one probe."""
    given = [samples.sample(second, TWO, started=-1) for second in range(40)]
    given[20:] = [samples.with_probe(sample, "blockio", ProbeSample(State.OFF)) for sample in given[20:]]
    source = Given(*given)
    path = tmp_path / "x.json"
    assert headless.snapshot(source, TWO, 30.0, str(path), write_private, max_overhead=0.01) == 1
    said = capsys.readouterr().err
    assert source.wanted[0] == TWO
    assert source.wanted[1] == ("syscalls",)
    assert said.startswith("ebtop: own cost 0.81 % > 0.01 %: Block I/O (0.099 %) off\n")
    assert said.endswith("ebtop: blockio: switched off for its cost\n")


def test_a_recording_holds_the_samples_of_its_time(tmp_path: Path) -> None:
    """From the first with all probes live to the one that reaches the end."""
    source = Given(compiling(0), *(samples.sample(second, TWO) for second in range(1, 9)))
    path = tmp_path / "x.ebtop"
    assert headless.record(source, TWO, 5.0, str(path), write_private) == 0
    times = [sample.wall_ns - samples.WALL_NS for sample in read(io.BytesIO(path.read_bytes()))]
    assert times == [second * samples.SECOND for second in range(1, 7)]


def test_a_source_that_ends_leaves_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says that the time was not over."""
    source = Given(*samples.session(3, TWO))
    source.ended = True
    path = tmp_path / "x.json"
    assert headless.snapshot(source, TWO, 60.0, str(path), write_private) == 0
    assert json.loads(path.read_bytes())["time"]["measured_seconds"] == 2
    assert "ended early" in capsys.readouterr().err


def test_a_source_that_never_came_up_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2."""
    source = Given(compiling(0))
    source.ended = True
    assert headless.snapshot(source, TWO, 1.0, str(tmp_path / "x"), write_private) == 2
    assert headless.record(source, TWO, 1.0, str(tmp_path / "x"), write_private) == 2
    assert list(tmp_path.iterdir()) == []
    assert "nothing is written" in capsys.readouterr().err


def test_ctrl_c_before_anything_was_measured_writes_nothing(tmp_path: Path) -> None:
    """And still closes the source."""

    class Interrupted(Given):
        def start(self, publish: object) -> None:
            raise KeyboardInterrupt

    source = Interrupted()
    assert headless.snapshot(source, TWO, 1.0, str(tmp_path / "x"), write_private) == 2
    assert source.closed
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_is_the_end_of_the_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All samples to the last are taken; its status is told where it is not zero."""
    source = Given(*samples.session(3, TWO))
    source.held, source.command_status = True, 7  # type: ignore[attr-defined]
    path = tmp_path / "x.json"
    assert headless.snapshot(source, TWO, float("inf"), str(path), write_private) == 0
    assert json.loads(path.read_bytes())["time"]["measured_seconds"] == 2
    assert capsys.readouterr() == (f"{path}\n", "ebtop: the command ended with status 7\n")


def test_stacks_are_written_as_the_name_of_the_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SVG or folded text, of all that was counted by then."""
    for name, begins in (("x.svg", b"<svg "), ("x.folded", b"curl;")):
        path = tmp_path / name
        source = Given(*(samples.sample(second, ["profile"]) for second in (1, 2, 3, 9)))
        assert headless.stacks(source, ["profile"], 2.0, str(path), write_private) == 0
        assert path.read_bytes().startswith(begins)
        assert source.closed
    assert capsys.readouterr().err == ""


def test_functions_that_are_not_named_yet_are_waited_for(tmp_path: Path) -> None:
    """A moment longer than was asked for."""

    def seen(second: int, named: bool) -> Sample:
        sample = samples.sample(second, ["profile"])
        names = sample.labels["function"] if named else {**sample.labels["function"], 2: "[not named yet]"}
        return replace(sample, labels={**sample.labels, "function": names})

    path = tmp_path / "x.folded"
    source = Given(*(seen(second, second > 3) for second in range(1, 9)))
    assert headless.stacks(source, ["profile"], 1.0, str(path), write_private) == 0
    first = int(path.read_text().splitlines()[0].rpartition(" ")[2])
    assert "[not named yet]" not in path.read_text()
    assert first == round(2e7 * 14 / len(samples.STACKS) / 1000)


def test_stacks_of_a_probe_that_failed_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and why; nothing is written."""
    broken = [
        samples.with_probe(samples.sample(second, ["profile"]), "profile", samples.failed("no")) for second in (0, 1)
    ]
    assert headless.stacks(Given(*broken), ["profile"], 1.0, str(tmp_path / "x"), write_private) == 2
    assert capsys.readouterr().err == "ebtop: profile: no; nothing is written\n"
    assert not any(tmp_path.iterdir())

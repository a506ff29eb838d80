"""`ebtop triage` without a screen: what is printed, and the exit status that scripts go by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ebtop import arguments
from ebtop.export.triage import triage
from tests import samples
from tests.samples import Given

TWO = ("syscalls", "blockio")


def quiet(*without: str) -> Given:
    """Ten seconds in which nothing happens."""
    given = [samples.sample(second, TWO, rows=0, started=-1) for second in range(11)]
    for name in without:
        given = [samples.with_probe(sample, name, samples.failed("refused\x1b[31m")) for sample in given]
    return Given(*given)


def test_findings_are_status_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The worst first, each with threshold, source and where to look."""
    source = Given(*samples.session(11, TWO))
    assert triage(source, TWO, 10.0, False) == 1
    said, complaints = capsys.readouterr()
    assert "in 10 s" in said.splitlines()[0]
    assert "severe  Disk errors" in said
    assert "threshold: USE method: error counters above zero should be investigated" in said
    assert "look at: blockio, by_process_and_device, errors_per_second" in said
    assert complaints == ""
    assert source.closed
    assert source.wanted == [TWO]


def test_nothing_abnormal_is_status_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """With everything that was looked at and everything that was not."""
    assert triage(quiet(), TWO, 10.0, False) == 0
    said = capsys.readouterr().out
    assert said.startswith("db-3: nothing looks abnormal in 10 s")
    assert "CPU busy" in said
    assert "Tiny reads and writes      rw: off" in said


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Raw numbers with their unit; null where nothing of the kind happened."""
    assert triage(Given(*samples.session(11, TWO)), TWO, 10.0, True) == 1
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["version"], document["measured_seconds"]) == ("ebtop.triage", 1, 10)
    first = document["findings"][0]
    assert (first["check"], first["level"], first["threshold"]) == ("disk_errors", "severe", 1)
    assert first["look"] == {"probe": "blockio", "view": "by_process_and_device", "column": "errors_per_second"}
    severities = [finding["severity"] for finding in document["findings"]]
    assert severities == sorted(severities, reverse=True)
    assert {"check": "small", "title": "Tiny reads and writes", "probe": "rw", "why": "off"} in document[
        "not_looked_at"
    ]


def test_a_failed_probe_is_told_and_the_rest_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """Its rules are among what was not looked at."""
    assert triage(quiet("blockio"), TWO, 10.0, False) == 0
    said, complaints = capsys.readouterr()
    assert "blockio: failed: refused" in said
    assert complaints == "ebtop: blockio: refused␛[31m\n"


def test_nothing_to_look_at_is_status_two(capsys: pytest.CaptureFixture[str]) -> None:
    """A source that ends at once."""
    source = Given(samples.sample(0, TWO))
    source.ended = True
    assert triage(source, TWO, 10.0, False) == 2
    assert capsys.readouterr().out == ""


def test_the_command_line_has_ten_seconds() -> None:
    """Unless it says otherwise."""
    said = arguments.parse(["triage"])
    assert (said.command, said.seconds, said.json) == ("triage", 10.0, False)
    said = arguments.parse(["triage", "--for", "3s", "--json", "--probes", "exec", "--max-overhead", "0"])
    assert (said.seconds, said.json) == (3.0, True)
    assert said.settings == {"probes": ("exec",), "max_overhead": 0.0}


@pytest.mark.parametrize(("text", "percent"), [("5", 5), ("0.01", 0.01), ("7.5%", 7.5), ("0", 0), ("150 %", 150)])
def test_a_bound_is_a_percentage(text: str, percent: float) -> None:
    """Of one CPU; with its sign or without."""
    assert arguments.parse(["--max-overhead", text]).settings["max_overhead"] == percent


@pytest.mark.parametrize("text", ["", "-1", "five", "10001", "1e3", "nan", "5 s"])
def test_what_is_no_percentage_is_told_with_an_example(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, status 2."""
    with pytest.raises(SystemExit) as end:
        arguments.parse([f"--max-overhead={text}"])
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n")) == (2, 1)
    assert "say for instance 5" in said

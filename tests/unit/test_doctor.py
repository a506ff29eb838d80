"""What the doctor says, and its exit status, of machines that are made up."""

from __future__ import annotations

import json

import pytest

from ebtop import doctor
from ebtop.kernel import namespace, preflight
from ebtop.kernel.preflight import Check, ProbeCheck

WELL = ProbeCheck("rw", True, "raw", ("raw:a", "raw:b", "raw:c", "raw:d"))
ILL = ProbeCheck("opens", True, missing="fentry", remedy="a kernel that has it: fentry")
SPARE = ProbeCheck("bpf", False, missing="CAP_SYS_ADMIN not held", remedy="sudo ebtop")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The probes of the parameter; no mount is made."""
    check = Check("BTF", False, "none", "another kernel", needed=False)
    monkeypatch.setattr(namespace, "mount_tracefs", lambda: None)
    monkeypatch.setattr(preflight, "machine", lambda: (check,))
    monkeypatch.setattr(preflight, "probe_checks", lambda probes: request.param)


@pytest.mark.parametrize(
    ("machine", "status"), [((WELL, SPARE), 0), ((WELL, ILL), 1), ((WELL, ILL, SPARE), 1)], indirect=["machine"]
)
@pytest.mark.parametrize("as_json", [False, True])
def test_the_status_is_0_only_if_every_default_probe_can_run(machine: None, status: int, as_json: bool) -> None:
    """A probe that is off by default does not count."""
    assert doctor.run(as_json) == status


@pytest.mark.parametrize("machine", [(WELL, ILL, SPARE)], indirect=True)
def test_every_probe_is_told_with_its_hook_or_what_mends_it(machine: None, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and one more for the remedy."""
    doctor.run(as_json=False)
    text = capsys.readouterr().out
    assert "raw (raw:a, raw:b, raw:c and 1 more)" in text
    assert "missing: fentry" in text and "mend: a kernel that has it: fentry" in text
    assert "not every default probe can run" in text


@pytest.mark.parametrize("machine", [(WELL, ILL)], indirect=True)
def test_the_same_is_there_as_json(machine: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Names as in the text; `ready` is the exit status."""
    doctor.run(as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["ready"] is False
    assert [(probe["probe"], probe["ok"]) for probe in said["probes"]] == [("rw", True), ("opens", False)]
    assert said["machine"][0]["remedy"] == "another kernel"

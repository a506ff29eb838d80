"""The command line: what it takes, and the one line it says to what it does not take."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ebtop import arguments, cli, registry
from ebtop.settings import values
from ebtop.spec import group_rank


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The line on stderr for `words`, which must end with status 2."""
    with pytest.raises(SystemExit) as end:
        arguments.parse(words)
    said = capsys.readouterr()
    assert (end.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    return said.err


@pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("2m", 120), ("2min", 120), ("1.5", 1.5)])
def test_a_duration_is_a_number_with_its_unit(text: str, seconds: float) -> None:
    """A bare number counts seconds."""
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "5 parsecs", "1e3", "nan", "9ms", "99h", "٣s٣"])
def test_what_is_no_duration_is_told_with_an_example(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, status 2."""
    line = refused(capsys, "snapshot", "-o", "a", f"--for={text}")
    assert "5s" in line or "100ms" in line


@pytest.mark.parametrize(
    "words", [("--x\x1b[2J\n",), ("snapshot", "-o", "a", "-\x1b]0;x\a"), ("--interval", "5\x1b[2J"), ("\x1b[2J\n",)]
)
def test_what_was_typed_draws_nothing_in_the_error(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of unknown options, values and commands stay visible and harmless."""
    assert refused(capsys, *words)[:-1].isprintable()


def test_without_a_command_it_is_the_dashboard() -> None:
    """Live; what was not said is left to settings files and defaults."""
    said = arguments.parse([])
    assert (said.command, said.demo, said.replay, said.config, said.no_config) == ("", False, "", "", False)
    assert said.settings == {}


@pytest.mark.parametrize(
    "words",
    [["--probes", "rw,syscalls,rw", "snapshot", "-o", "a"], ["snapshot", "-o", "a", "--probes", "rw, syscalls"]],
)
def test_probes_may_be_named_before_and_after_the_command(words: list[str]) -> None:
    """Each is taken once, in the order given."""
    assert arguments.parse(words).settings == {"probes": ("rw", "syscalls")}


def test_interfaces_are_named_and_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not there, and what can be no name, is told with the remedy."""
    assert arguments.parse(["--xdp-interfaces", "lo"]).settings == {"xdp_interfaces": ("lo",)}
    line = refused(capsys, "--xdp-interfaces", "lo,nosuch0")
    assert "there is no network interface 'nosuch0'" in line and "`ip link` lists them" in line
    assert "no network interface's name" in refused(capsys, "--xdp-interfaces", "../lo")
    assert "no network interface named" in refused(capsys, "--xdp-interfaces", ",")


def test_snapshot_and_record_have_their_own_lengths() -> None:
    """Five and twenty seconds, unless told."""
    assert arguments.parse(["snapshot", "-o", "a.json"]).seconds == 5
    assert arguments.parse(["record", "a.ebtop"]).seconds == 20
    assert arguments.parse(["record", "a.ebtop", "--for", "2m"]).seconds == 120


def test_an_unknown_probe_is_told_with_where_to_find_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    """The remedy is a command."""
    assert cli.main(["--no-config", "--probes", "nosuch"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "'nosuch'" in said.err and "ebtop probes" in said.err


def test_demo_and_replay_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """One source at a time."""
    assert "not allowed with" in refused(capsys, "--demo", "--replay", "x")


@pytest.mark.parametrize("words", [["snapshot"], ["record"], ["nosuch"], ["--interval", "2m"], ["--nosuch"]])
def test_every_mistake_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No usage text over several lines, no traceback."""
    assert refused(capsys, *words).startswith("ebtop: ")


def listed(*words: str) -> str:
    """What `ebtop probes` prints; in a process of its own, as it mounts what it looks at."""
    command = [sys.executable, "-m", "ebtop", "--no-config", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_probes_are_listed_with_their_question() -> None:
    """One line each."""
    lines = listed("probes").splitlines()
    assert any("syscalls" in line and line.endswith("?") for line in lines)
    assert any(line.startswith("9 -") and "bpf" in line for line in lines)


def test_the_probes_are_listed_as_json() -> None:
    """By group; where root asks, with the way that would win or what is missing for it."""
    found = {probe["name"]: probe for probe in json.loads(listed("probes", "--json"))}
    assert sorted(found) == sorted(registry.names())
    ranks = [group_rank(probe["group"]) for probe in found.values()]
    assert ranks == sorted(ranks)
    assert (found["syscalls"]["digit"], found["syscalls"]["default"], found["bpf"]["default"]) == (1, True, False)
    if os.geteuid() == 0:
        assert all(bool(probe["way"]) != bool(probe["missing"]) for probe in found.values())
    else:
        assert all(probe["way"] is None for probe in found.values())


def test_a_new_probe_is_not_written_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor under a name that is no name, nor where there is no folder; one line each, and nothing half done."""
    monkeypatch.delenv("SUDO_UID", raising=False)  # this process is not to become that user
    (tmp_path / "mine.py").write_text("mine own")
    for words, says in (
        (("mine", str(tmp_path)), f"{tmp_path}/mine.py: File exists"),
        (("rw", str(tmp_path)), "there is a built-in probe rw"),
        (("follow", str(tmp_path)), "there is a built-in probe follow"),
        (("yours", str(tmp_path / "none")), f"{tmp_path}/none: No such file or directory"),
        (("yours", str(tmp_path / "mine.py")), f"{tmp_path}/mine.py: Not a directory"),
    ):
        assert cli.main(["new-probe", words[0], "--dir", words[1]]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1) and says in said.err
    assert "no name for a probe" in refused(capsys, "new-probe", "a_b")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    assert (tmp_path / "mine.py").read_text() == "mine own"


def test_the_dashboard_without_a_terminal_says_what_does_without(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, one line, the snapshot command in it."""
    done = subprocess.run([sys.executable, "-m", "ebtop"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "ebtop snapshot -o FILE" in done.stderr


_HEAVY = ("numpy", "textual", "rich", "psutil", "plotext", "bcc")


def test_the_privileged_side_loads_nothing_heavy() -> None:
    """Command line, preflight, warden and census are imported without any of the heavy modules."""
    code = (
        "import sys; import ebtop.cli, ebtop.doctor, ebtop.warden.launch, ebtop.kernel.preflight, ebtop.export.files; "
        f"print([name for name in {_HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


_UNPRIVILEGED = """
import os, sys
from ebtop import cli
from ebtop.kernel import privileges
privileges.become(os.getuid(), os.getgid())
sys.exit(cli.main(["snapshot", "-o", "x"]))
"""


def test_what_root_may_not_do_is_told_to_who_is_not_root() -> None:
    """One line: what is missing, `sudo ebtop`, `ebtop --demo`."""
    done = subprocess.run(
        [sys.executable, "-c", _UNPRIVILEGED],
        cwd=Path(cli.__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "CAP_BPF" in done.stderr and "sudo ebtop" in done.stderr and "ebtop --demo" in done.stderr


def test_a_reader_that_has_gone_ends_it_in_silence() -> None:
    """As `| head -1` does; the status is that of SIGPIPE, as of any command."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "ebtop", "probes"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_a_full_disk_is_told_in_one_line() -> None:
    """What was to be read is not there, and the status says so."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ebtop", "probes"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "ebtop: cannot write to stdout: No space left on device\n")

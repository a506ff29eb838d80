"""The warden between stand-ins for screen and loader, with real processes, descriptors and BPF maps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.kernel
_REPOSITORY = Path(__file__).parents[2]


def seen(scenario: str, *arguments: str, said: str = "", **environment: str) -> Any:
    """What the scenario's screen reported; the run has to end well, and the warden says `said` and nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernel.scenarios", scenario, *arguments],
        cwd=_REPOSITORY,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}, **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stderr and done.stderr.count("\n") == bool(said), done.stderr
    return json.loads(done.stdout)


def test_a_loader_killed_by_sigsegv_is_an_error_of_its_probe_only() -> None:
    """The other probe of the same module goes live from a loader of its own; the error names the signal."""
    _, good, bad = sorted(seen("segv"), key=lambda answer: str(answer["probe"]))
    assert (good["kind"], good["probe"]) == ("Live", "good")
    assert (bad["probe"], bad["error"]) == ("segv", "the loader was killed by SIGSEGV")
    assert bad["log"] == "in mid-compile\n"


def test_one_of_many_that_crashes_its_loader_is_found_by_halves() -> None:
    """44 others are live: none waits for more than four tries, hardly any has a loader of its own."""
    answers = {answer["probe"]: answer for answer in seen("crowd")}
    assert answers.pop("segv")["error"] == "the loader was killed by SIGSEGV"
    assert len(answers) == 44 and {answer["kind"] for answer in answers.values()} == {"Live"}
    together = [len(answer["targets"]) for answer in answers.values()]
    assert together.count(1) <= 3  # the first, and who was halved down to the one that crashes
    assert together.count(11) >= 33 and max(together) <= 12


def test_a_loader_that_hangs_is_killed_and_fails_its_probe_only() -> None:
    """The limit is shortened from thirty seconds for the test."""
    answers = {answer["probe"]: answer for answer in seen("hang")}
    assert answers["good"]["kind"] == "Live"
    assert answers["hang"]["error"].startswith("loading was not finished within")


def test_a_loader_that_ends_without_a_word_is_told_for() -> None:
    """The exit status is in the error."""
    assert seen("exit")[0]["error"] == "the loader ended early with status 3"


def test_a_probe_refused_among_others_keeps_its_own_log() -> None:
    """What the loader said of the refused probe reaches the screen; two others are live."""
    answers = {answer["probe"]: answer for answer in seen("bad")}
    assert (answers["bad"]["error"], answers["bad"]["log"]) == ("refused", "verifier says no")
    assert answers["good"]["kind"] == answers["fine"]["kind"] == "Live"


def test_what_was_loaded_in_anticipation_takes_the_serials_of_the_first_want() -> None:
    """Probes loaded before the screen said a word are not loaded twice."""
    assert {(answer["probe"], answer["serial"]) for answer in seen("anticipated")} == {("good", 100), ("fine", 101)}


def test_what_was_anticipated_but_is_not_wanted_is_let_go() -> None:
    """Only the wanted probe is heard of, and the crash of an unwanted one concerns nobody."""
    assert [answer["probe"] for answer in seen("anticipated_and_unwanted")] == ["good"]


def test_a_probe_switched_off_and_on_again_is_a_new_start() -> None:
    """Each start is answered under its own serial."""
    assert seen("toggled") == [1, 2]


def test_every_probe_knows_all_of_our_processes() -> None:
    """Warden, screen and loader are marked before a loader begins; a loader that ended is taken out of the map."""
    found = seen("own")
    first, second = (set(json.loads(given)) for given in found["given"])
    assert found["left"] == sorted((found["warden"], found["screen"]))
    assert set(found["left"]) < first
    assert len(first) == 3
    assert set(found["left"]) < second


def test_the_screen_has_no_privilege() -> None:
    """Not root, no capability in any set, none to be had, no terminal program can read its memory."""
    found = seen("privileges")
    assert "0" not in found["Uid"].split() and "0" not in found["Gid"].split()
    assert found["Groups"] == ""
    assert {found[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
    assert found["NoNewPrivs"] == "1"
    assert found["HOME"] != os.environ.get("HOME")


def test_the_screen_is_the_user_behind_sudo() -> None:
    """SUDO_UID and SUDO_GID name it, whether it has an entry in the password file or not."""
    found = seen("privileges", SUDO_UID="4242", SUDO_GID="4343")
    assert (set(found["Uid"].split()), set(found["Gid"].split())) == ({"4242"}, {"4343"})


def test_the_census_lists_our_own_map_and_marks_it() -> None:
    """The map that all probes share counts as the screen's and is marked as ebtop's."""
    found = seen("census")
    assert found["live"] == ["a", "bpf"]
    assert found["objects"]["maps"] >= 1
    assert b"ebtop_flags" in bytes.fromhex(found["records"])


def test_statistics_are_off_when_the_warden_has_ended() -> None:
    """The census held them on; afterwards an empty program's run is not counted any more."""
    from ebtop.kernel import stats

    seen("census")
    with pytest.raises(OSError, match="statistics are off"):
        stats.measure_clock()


def test_root_writes_new_snapshots_for_a_screen_that_is_nobody(tmp_path: Path) -> None:
    """A new file of a known kind is root's and private; other kinds and files that exist are refused."""
    path, other = tmp_path / "a.json", tmp_path / "b.conf"
    written, kind, again = seen("save", str(path), str(other), str(path))
    assert (written["path"], written["error"]) == (str(path), "")
    assert path.read_bytes() == b"content"
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (0, 0o600)
    assert ".json" in kind["error"] and not other.exists()
    assert "already" in again["error"]


def test_what_is_no_file_is_not_written(tmp_path: Path) -> None:
    """Nobody waits for a pipe or reads for ever; what is a file is written after that."""
    pipe, endless, good = seen("save_what_is_no_file", str(tmp_path / "a.json"))
    assert "1024 MiB" in pipe and "1024 MiB" in endless
    assert good == ""


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("text", "Expecting"),
        ("depth", "not a message"),
        ("status", "-999 is no exit status"),
        ("serials", "2 probes with 1 serials"),
        ("internal", "follow is not the screen's to want"),
        ("answer", "Saved is not the screen's to say"),
        ("types", "not a Want"),
    ],
)
def test_a_screen_that_says_what_none_says_is_hung_up_on(what: str, why: str) -> None:
    """The warden tells why in one line, and ends as it always does."""
    assert seen("nonsense", what, said=why) == "hung up"


def test_a_screen_that_does_not_listen_is_not_waited_for() -> None:
    """The wire is full: the warden gives it up after a while, shortened here, instead of standing still for ever."""
    assert seen("deaf") == "hung up"


def test_with_a_user_behind_sudo_that_user_writes(tmp_path: Path) -> None:
    """The warden's child is that user: it writes where the user may and nowhere else."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 4242, 4343)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder.name.startswith(("pytest", "test")):
            folder.chmod(0o755)
    written, refused = seen("save", str(theirs / "a.json"), str(tmp_path / "b.json"), SUDO_UID="4242", SUDO_GID="4343")
    assert written["error"] == ""
    assert (theirs / "a.json").stat().st_uid == 4242
    assert refused["error"] and not (tmp_path / "b.json").exists()


def test_the_host_keeps_its_mounts() -> None:
    """Tracefs is mounted, if at all, in a namespace of the warden's own."""
    before = Path("/proc/1/mountinfo").read_text("utf-8")
    seen("exit")
    assert Path("/proc/1/mountinfo").read_text("utf-8") == before


def test_a_target_that_is_no_pid_touches_nobodys_byte() -> None:
    """Below zero and beyond the greatest pid: nothing is stored, and neither is left out."""
    from ebtop.warden.flags import Flags

    flags = Flags()
    before = bytes(flags._bytes)
    for pid in (-1, -(1 << 62), 1 << 63):
        flags.set(pid, False)
        assert flags.counts(pid)
    assert bytes(flags._bytes) == before
    flags.close()

"""Probes that are not built in: which are taken, which are refused, and with what words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebtop import cli, own, registry, trusted
from ebtop.own import Refused, add_folder, add_installed, reading
from tests import own as pairs
from tests.unit.test_cli import listed

STRANGER = 54321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")
ME = os.geteuid(), os.getegid()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No test leaves a probe in the registry."""
    yield
    registry.forget()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for probes."""
    with pairs.place() as place:
        yield place


def refused(folder: Path | str, uid: int = ME[0]) -> str:
    """The one line with which it is; nothing of it is in the registry then."""
    with pytest.raises(Refused) as why:
        add_folder(str(folder), uid, ME[1])
    assert "\n" not in str(why.value)
    return str(why.value)


def test_a_pair_of_files_is_a_probe_among_the_others(folder: Path) -> None:
    """Behind the built-in ones, in the group for such, without a digit; its C is kept: no file is read again."""
    pairs.write(folder, "mine")
    add_folder(str(folder), *ME)
    (folder / "mine.c").unlink()
    probe = registry.probe("mine")
    assert registry.names()[-1] == "mine" and list(registry.probes())[-1] == "mine"
    assert (probe.group, probe.slot, probe.source) == (own.GROUP, 0, str(folder))
    assert probe.text == pairs.example("mine", ".c")
    assert "mine" in registry.first() and not registry.is_built_in("mine")


def test_other_files_of_the_folder_are_left_alone(folder: Path) -> None:
    """A declaration without C, C without a declaration, anything else; a folder of only such has no probe."""
    for name in ("setup.py", "lonely.c", "README.md", "__init__.py"):
        (folder / name).write_text("raise SystemExit")
    assert "ebtop new-probe" in refused(folder)
    pairs.write(folder, "mine")
    add_folder(str(folder), *ME)
    assert registry.names()[-1] == "mine"


def test_a_name_that_is_taken_is_refused(folder: Path) -> None:
    """Built-in ones, those that ebtop loads for itself, and those of another folder."""
    pairs.write(folder, "follow")
    assert "there is a probe follow already: give yours another name" in refused(folder)
    (folder / "follow.py").unlink()
    pairs.write(folder, "rw")
    assert "there is a probe rw already" in refused(folder)
    (folder / "rw.py").unlink()
    pairs.write(folder, "mine")
    add_folder(str(folder), *ME)
    assert "there is a probe mine already" in refused(folder)


@pytest.mark.parametrize("name", ["mine.py", "mine.c", "."])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_may_change_is_refused(folder: Path, name: str, mode: int) -> None:
    """Declaration, C or folder; the remedy is a command."""
    pairs.write(folder, "mine")
    place = folder / name
    place.chmod(place.stat().st_mode | mode)
    assert f"others may change {place}: chmod go-w {place}" in refused(folder)


def test_what_others_may_change_on_the_way_is_refused(folder: Path) -> None:
    """However it stands with the folder itself; sticky is no excuse."""
    inner = folder / "inner"
    inner.mkdir(mode=0o755)
    pairs.write(inner, "mine")
    folder.chmod(0o1777)
    assert f"others may change {folder}: keep probes elsewhere" in refused(inner)


@as_root
@pytest.mark.parametrize("name", ["mine.py", "mine.c", "."])
def test_what_belongs_to_another_user_is_refused(folder: Path, name: str) -> None:
    """Neither root nor who starts ebtop; to whoever starts it, it is their own."""
    pairs.write(folder, "mine")
    os.chown(folder / name, STRANGER, STRANGER)
    assert f"belongs to uid {STRANGER}" in refused(folder)
    add_folder(str(folder), STRANGER, STRANGER)
    assert registry.names()[-1] == "mine"


@pytest.mark.parametrize("name", ["mine.py", "mine.c"])
def test_a_link_to_a_file_is_refused(folder: Path, name: str) -> None:
    """Wherever it leads."""
    pairs.write(folder, "mine")
    (folder / name).rename(folder / f"real-{name}")
    (folder / name).symlink_to(folder / f"real-{name}")
    assert f"{folder / name} is a symbolic link" in refused(folder)


def test_a_link_on_the_way_is_refused_with_where_it_leads(folder: Path) -> None:
    """As the folder itself and above it."""
    (folder / "real/probes").mkdir(parents=True)
    pairs.write(folder / "real/probes", "mine")
    (folder / "link").symlink_to("real")
    (folder / "direct").symlink_to("real/probes")
    assert f"name the folder that it leads to, {folder}/real/probes" in refused(folder / "link/probes")
    assert f"name the folder that it leads to, {folder}/real/probes" in refused(folder / "direct")


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    """A pipe would keep root waiting for ever."""
    pairs.write(folder, "mine")
    (folder / "mine.c").unlink()
    os.mkfifo(folder / "mine.c")
    assert "is not a regular file" in refused(folder)


def test_a_folder_that_is_none_is_told(folder: Path) -> None:
    """Not there, or a file."""
    assert "No such file or directory: make it" in refused(folder / "nothing")
    assert "is no folder" in refused(pairs.write(folder, "mine"))


def test_texts_without_end_or_in_no_known_writing_are_refused(folder: Path) -> None:
    """Both in one line."""
    pairs.write(folder, "mine", c="/" * (reading.LARGEST + 1))
    assert "is longer than" in refused(folder)
    pairs.write(folder, "mine")
    (folder / "mine.py").write_bytes(b"\xff")
    assert "is not UTF-8" in refused(folder)


@pytest.mark.parametrize("name", ["probes/mine.py", "probes"])
def test_what_was_checked_is_what_runs(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts something else in its place right after the look at it, as a file or as the folder, is too late."""
    for place in (folder / "probes", folder / "evil"):
        place.mkdir(mode=0o755)
        pairs.write(place, "mine", None if place.name == "probes" else "raise RuntimeError('never')")
    look, swapped = trusted.flaw, []

    def flaw(place: os.stat_result, way: str, uid: int, instead: str) -> str:
        found = look(place, way, uid, instead)
        if way == str(folder / name):
            (folder / name).rename(folder / "aside")
            (folder / "evil" / Path(name).name if name.endswith(".py") else folder / "evil").rename(folder / name)
            swapped.append(way)
        return found

    monkeypatch.setattr(reading, "flaw", flaw)
    (read,) = reading.pairs(str(folder / "probes"), *ME)
    assert read.declaration == pairs.example("mine", ".py")
    assert swapped and "never" in (folder / "probes/mine.py").read_text()


@pytest.mark.parametrize(
    ("declaration", "says"),
    [
        ("PROBE = (", "mine.py, line 1: SyntaxError: '(' was never closed"),
        ("\nimport nowhere\n", "mine.py, line 2: ModuleNotFoundError: No module named 'nowhere'"),
        ("x = 1\n", "mine.py declares no PROBE"),
        ("PROBE = 1\n", "PROBE is no ebtop.spec.Probe but int"),
        ("PROBE = 1 / 0\n", "line 1: ZeroDivisionError"),
        ("raise SystemExit(0)\n", "line 1: SystemExit"),
    ],
)
def test_a_declaration_that_does_not_run_is_told_with_its_line(folder: Path, declaration: str, says: str) -> None:
    """No traceback."""
    pairs.write(folder, "mine", declaration)
    assert says in refused(folder)


def test_a_folder_may_be_named_by_a_settings_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the probes of it in the same file, and in others."""
    pairs.write(folder, "mine")
    config = folder / "config.toml"
    config.write_text(f'probe_path = ["{folder}"]\nprobes = ["mine", "rw"]\n')
    config.chmod(0o644)
    assert cli.main(["--config", str(config), "config"]) == 0
    said = capsys.readouterr().out
    assert 'probes = ["mine", "rw"]  # from' in said and f'probe_path = ["{folder}"]  # from' in said


def test_a_refused_folder_ends_it_with_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2; where the folder was named is told."""
    pairs.write(folder, "mine", "PROBE = 1\n")
    assert cli.main(["--no-config", "--probe-path", str(folder), "probes"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("ebtop: command line: probe_path: ") and "mine.py: PROBE is no" in said.err


def test_the_list_has_them(folder: Path) -> None:
    """With what they answer."""
    pairs.write(folder, "mine")
    place = ("--probe-path", str(folder))
    assert "    mine         Who makes processes and threads" in listed(*place, *place, "probes")


# --- installed packages -----------------------------------------------------------------------------------------------


def install(folder: Path, points: str) -> Path:
    """A package with two probes in a folder as packages are installed in; it would complain if it were imported."""
    site = folder / "site-packages"
    (site / "deep/probes").mkdir(parents=True)
    (site / "deep/__init__.py").write_text("raise RuntimeError('imported')")
    pairs.write(site / "deep/probes", "mine")
    pairs.write(site / "deep/probes", "yours")
    (site / "deep-1.0.dist-info").mkdir()
    (site / "deep-1.0.dist-info/entry_points.txt").write_text(points)
    return site


def test_an_entry_point_names_a_probe(folder: Path) -> None:
    """Of that group and no other; the package is not imported."""
    site = install(
        folder, "[console_scripts]\nyours = deep.probes.yours\n\n[ebtop.probes]\nmine = deep.probes.mine  # one\n"
    )
    assert add_installed(*ME, ["/nowhere/site-packages", str(folder), str(site)]) == []
    assert registry.names()[-1] == "mine" and "yours" not in registry.names()


def test_a_refused_one_is_told_and_left_out(folder: Path) -> None:
    """The other is taken: what somebody installed keeps nobody from starting ebtop."""
    site = install(
        folder, "[ebtop.probes]\nnone = deep.probes.none\nmine = deep.probes.mine\nyours = deep.probes.yours:PROBE\n"
    )
    (site / "deep/probes/mine.c").chmod(0o666)
    none, mine = add_installed(*ME, [str(site)])
    assert "none.py: No such file" in none
    assert "probe mine of an installed package is left out: others may change" in mine
    assert registry.names()[-1] == "yours"

"""Settings files: what root reads nobody else can have written, and who is refused is told the remedy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebtop import arguments, settled
from ebtop.settings import SettingError
from ebtop.settings.files import LARGEST, of_user, read
from ebtop.trusted import acting_as
from ebtop.warden.identity import Identity

STRANGER, OTHER = 54321, 54322
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that nobody else can change, nor any on the way to it: /tmp is none."""
    base = "/run" if os.geteuid() == 0 else Path.home()
    folder = Path(tempfile.mkdtemp(dir=base))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def file(place: Path) -> Path:
    """One that is in order."""
    (place / "ebtop").mkdir(mode=0o755)
    (place / "ebtop/config.toml").write_bytes(b'theme = "nord"\n')
    (place / "ebtop/config.toml").chmod(0o644)
    return place / "ebtop/config.toml"


def refused(path: Path, uid: int | None = None) -> str:
    """The one line with which `path` is refused."""
    with pytest.raises(SettingError) as why:
        read(str(path), os.geteuid() if uid is None else uid)
    assert "\n" not in str(why.value)
    assert "--no-config" in str(why.value)
    return str(why.value)


def test_a_file_of_ones_own_is_read(file: Path) -> None:
    """And one that is not there is no error, wherever the way ends."""
    assert read(str(file), os.geteuid()) == b'theme = "nord"\n'
    assert read(str(file.parent / "nothing"), os.geteuid()) is None
    assert read(str(file.parent.parent / "no/way/here"), os.geteuid()) is None
    assert read(str(file / "below-a-file"), os.geteuid()) is None


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_change_is_refused(file: Path, mode: int) -> None:
    """The group is others, too; the remedy is a command."""
    file.chmod(mode)
    assert f"chmod go-w {file}" in refused(file)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_directory_that_others_may_change_is_refused(file: Path, mode: int) -> None:
    """They could put another file there; where there is no file there is nothing to refuse."""
    file.parent.chmod(mode)
    assert f"chmod go-w {file.parent}" in refused(file)
    file.unlink()
    assert read(str(file), os.geteuid()) is None


def test_a_sticky_directory_is_no_exception(file: Path) -> None:
    """Who may create files in it may create this one."""
    file.parent.chmod(0o1777)
    assert "keep settings elsewhere" in refused(file)


def test_what_is_no_file_is_not_opened(file: Path) -> None:
    """A pipe would keep root waiting."""
    file.unlink()
    os.mkfifo(file)
    assert "not a regular file" in refused(file)
    file.unlink()
    file.mkdir()
    assert "not a regular file" in refused(file)


def test_a_file_without_end_is_refused(file: Path) -> None:
    """Up to the bound it is read."""
    file.write_bytes(bytes(LARGEST))
    assert len(read(str(file), os.geteuid()) or b"") == LARGEST
    file.write_bytes(bytes(LARGEST + 1))
    assert "longer than" in refused(file)


def test_links_of_ones_own_are_followed_and_checked(file: Path) -> None:
    """A file of settings that is kept elsewhere, in a directory that has to be in order as well."""
    kept = file.parent / "kept"
    kept.mkdir(mode=0o755)
    (kept / "mine").write_bytes(b"# mine\n")
    file.unlink()
    file.symlink_to("kept/mine")
    assert read(str(file), os.geteuid()) == b"# mine\n"
    kept.chmod(0o777)
    assert str(kept) in refused(file)


@as_root
def test_another_users_file_directory_or_link_is_refused(file: Path) -> None:
    """Also where what a link of theirs points to is in order."""
    os.chown(file, OTHER, OTHER)
    assert f"belongs to uid {OTHER}" in refused(file, STRANGER)
    os.chown(file, STRANGER, STRANGER)
    assert read(str(file), STRANGER) is not None
    os.chown(file.parent, OTHER, OTHER)
    assert str(file.parent) in refused(file, STRANGER)
    os.chown(file.parent, 0, 0)
    assert "belongs to" in refused(file, 0)
    link = file.parent.parent / "link"
    link.symlink_to(file)
    os.lchown(link, OTHER, OTHER)
    assert "symbolic link of" in refused(link, STRANGER)


@as_root
def test_root_reads_as_the_user_whose_file_it_is(file: Path) -> None:
    """A link to what only root may read tells that user nothing; afterwards root is root."""
    before = os.geteuid(), os.getegid(), os.getgroups()
    secret = file.parent / "secret"
    secret.write_bytes(b"root:secret")
    secret.chmod(0o600)
    file.unlink()
    file.symlink_to(secret)
    os.lchown(file, STRANGER, STRANGER)
    with acting_as(STRANGER, STRANGER):
        assert (os.geteuid(), os.getegid(), os.getgroups()) == (STRANGER, STRANGER, [STRANGER])
        assert "Permission denied" in refused(file, STRANGER)
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before


def test_where_the_users_file_is() -> None:
    """Of the user behind sudo; the environment counts as far as it is theirs."""
    ada = Identity(1000, 1000, "ada", "/home/ada")
    assert of_user("/home/ada") == "/home/ada/.config/ebtop/config.toml"
    assert of_user("/home/ada", "relative") == "/home/ada/.config/ebtop/config.toml"
    xdg = {"XDG_CONFIG_HOME": "/conf"}
    assert settled.file_of(ada, 0, {"HOME": "/root", **xdg}) == "/home/ada/.config/ebtop/config.toml"
    assert settled.file_of(ada, 0, {"HOME": "/home/ada", **xdg}) == "/conf/ebtop/config.toml"
    assert settled.file_of(ada, 1000, {"HOME": "/elsewhere"}) == "/elsewhere/.config/ebtop/config.toml"
    assert settled.user(0, {}).uid == 0
    assert settled.user(0, {"SUDO_UID": "54321", "SUDO_GID": "54321"}).uid == STRANGER


def test_a_named_file_takes_the_place_of_the_users(file: Path) -> None:
    """One that is not there is an error then."""
    none = str(file.parent / "none")
    said = arguments.parse(["--config", str(file)])
    assert settled.settled(said, system=none).settings.theme == "nord"
    with pytest.raises(SettingError, match="no such file; `ebtop config --default`"):
        settled.settled(arguments.parse(["--config", none]), system=none)


def test_the_command_line_goes_before_the_user_before_the_system(file: Path) -> None:
    """And each setting says where it is from."""
    system = file.parent / "system.toml"
    system.write_bytes(b'theme = "dracula"\nunits = "bits"\ninterval = "2s"\n[keys]\nlog = "l"\n')
    system.chmod(0o644)
    file.write_bytes(b'\ntheme = "nord"\nunits = "binary"\n[keys]\npause = "x"\n')
    said = arguments.parse(["--config", str(file), "--theme", "gruvbox"])
    if os.geteuid() != 0:
        pytest.skip("the system's file has to be root's")
    whole = settled.settled(said, system=str(system))
    assert (whole.settings.theme, whole.settings.units, whole.settings.interval_s) == ("gruvbox", "binary", 2.0)
    assert whole.settings.keys == {"log": ("l",), "pause": ("x",)}
    assert whole.origin("theme") == "command line"
    assert whole.origin("units") == f"{file}, line 3"
    assert whole.origin("keys.log") == f"{system}, line 5"
    assert whole.origin("history_mb") == "default"
    unread = settled.settled(arguments.parse(["--no-config"]), system=str(system))
    assert unread.settings.theme == "ebtop"

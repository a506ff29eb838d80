"""Private files: whole or not at all, never through a link, never into another user's place."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ebtop.export.files import reason, write_private

STRANGER = 54321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty directory that is also the working directory."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def in_child(action: Callable[[], None]) -> int:
    """Exit status of `action` in a child: 0, or the errno it failed with."""
    child = os.fork()
    if child == 0:
        try:
            action()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 255)
        finally:
            os._exit(254)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_stranger(path: Path) -> int:
    """Result of writing to `path` as an ordinary user."""

    def write() -> None:
        os.setresuid(STRANGER, STRANGER, STRANGER)
        write_private(str(path), b"x")

    return in_child(write)


def test_a_file_is_private_and_complete(place: Path) -> None:
    """Mode 0600 whatever the umask, the absolute path told, nothing else left."""
    before = os.umask(0)
    try:
        assert write_private("a.json", b"content") == str(place / "a.json")
    finally:
        os.umask(before)
    assert (place / "a.json").read_bytes() == b"content"
    assert stat.S_IMODE((place / "a.json").stat().st_mode) == 0o600
    assert os.listdir(place) == ["a.json"]


def test_an_older_file_is_replaced_not_overwritten(place: Path) -> None:
    """Who has the old one open keeps seeing the old content."""
    write_private("a.json", b"old")
    with open("a.json", "rb") as old:
        write_private(str(place / "a.json"), b"new")
        assert old.read() == b"old"
    assert (place / "a.json").read_bytes() == b"new"


def test_a_name_of_the_greatest_length_is_written(place: Path) -> None:
    """The temporary name has room as well."""
    name = "n" * 255
    write_private(name, b"x")
    assert os.listdir(place) == [name]


def test_a_symbolic_link_is_never_written_through(place: Path) -> None:
    """Neither one that points to a file nor one that points nowhere; both stay as they are."""
    (place / "victim").write_bytes(b"precious")
    for name, target in (("a", "victim"), ("b", "nowhere")):
        os.symlink(target, name)
        with pytest.raises(PermissionError, match="symbolic link"):
            write_private(name, b"x")
    assert (place / "victim").read_bytes() == b"precious"
    assert sorted(os.listdir(place)) == ["a", "b", "victim"]


def test_what_is_not_a_file_is_left_alone(place: Path) -> None:
    """Pipes, directories and names that name nothing."""
    os.mkfifo("pipe")
    os.mkdir("folder")
    for path in ("pipe", "folder", "folder/", ".", "..", ""):
        with pytest.raises(OSError):
            write_private(path, b"x")
    assert sorted(os.listdir(place)) == ["folder", "pipe"]


def test_a_directory_link_of_our_own_is_followed(place: Path) -> None:
    """Relative, absolute, and through dots."""
    os.mkdir("real")
    os.symlink("real", "link")
    os.symlink(str(place / "link"), "further")
    write_private("./further/../link/./a", b"1")
    write_private("further/b", b"2")
    assert sorted(os.listdir("real")) == ["a", "b"]


def test_links_in_a_circle_end_in_an_error(place: Path) -> None:
    """Not in an endless loop."""
    os.symlink("two", "one")
    os.symlink("one", "two")
    with pytest.raises(OSError) as caught:
        write_private("one/a", b"x")
    assert caught.value.errno == errno.ELOOP


@as_root
def test_a_directory_link_of_another_user_is_refused(place: Path) -> None:
    """Even where it points to a place of our own."""
    os.mkdir("ours")
    os.symlink("ours", "link")
    os.lchown("link", STRANGER, STRANGER)
    with pytest.raises(PermissionError, match="symbolic link of another user"):
        write_private("link/a", b"x")
    assert os.listdir("ours") == []


@as_root
def test_another_users_directory_and_file_are_refused(place: Path) -> None:
    """Root could write there, and does not."""
    os.mkdir("theirs")
    os.chown("theirs", STRANGER, STRANGER)
    (place / "file").write_bytes(b"theirs")
    os.chown("file", STRANGER, STRANGER)
    with pytest.raises(PermissionError, match="directory belongs to another user"):
        write_private("theirs/a", b"x")
    with pytest.raises(PermissionError, match="belongs to another user"):
        write_private("file", b"x")
    assert (place / "file").read_bytes() == b"theirs"


@as_root
def test_a_directory_for_everybody_needs_the_sticky_bit(place: Path) -> None:
    """For an ordinary user: /tmp's mode is fine, the same without the sticky bit is not."""
    for folder in [place, *place.parents][:3]:
        folder.chmod(0o755)
    os.mkdir("shared")
    os.chmod("shared", 0o777)
    assert as_stranger(place / "shared" / "a") == errno.EPERM
    os.chmod("shared", 0o1777)
    assert as_stranger(place / "shared" / "a") == 0
    assert (place / "shared" / "a").stat().st_uid == STRANGER
    assert as_stranger(place / "b") == errno.EACCES


def test_a_full_disk_leaves_the_old_file_and_nothing_else(place: Path) -> None:
    """A write that ends in the middle (here by the limit on file sizes) is said and undone."""
    write_private("a.json", b"old")

    def write() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        write_private("a.json", bytes(5000))

    assert in_child(write) == errno.EFBIG
    assert (place / "a.json").read_bytes() == b"old"
    assert os.listdir(place) == ["a.json"]


def test_an_error_is_one_line_with_the_path(place: Path) -> None:
    """What the screen and the command line say, and what to do about it."""
    with pytest.raises(OSError) as caught:
        write_private("missing/a", b"x")
    assert reason(caught.value) == (
        "missing/a: No such file or directory; make the folder first, or name a file in another"
    )
    os.symlink("x", "link")
    with pytest.raises(OSError) as caught:
        write_private("link", b"x")
    assert reason(caught.value) == ("link: not written: it is a symbolic link; name a file in a folder of your own")

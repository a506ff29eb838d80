"""Private files, written whole or not at all and only where no other user decides; knows nothing of what is in them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from ebtop.walking import reached

_OWN = "name a file in a folder of your own"
_REMEDIES = {
    errno.ENOENT: "make the folder first, or name a file in another",
    errno.ENOTDIR: "name a file in a folder",
    errno.EISDIR: "name a file in it",
    errno.EACCES: _OWN,
    errno.EPERM: _OWN,
    errno.EROFS: _OWN,
    errno.ENOSPC: "free some room, or name a file on another file system",
    errno.EDQUOT: "free some room, or name a file on another file system",
    errno.ENAMETOOLONG: "give it a shorter name",
}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_private(path: str, content: bytes) -> str:
    """Write `content` to `path`, mode 0600, in one step; returns the absolute path.

    What stood there before is replaced, and is untouched on any error. Refused with PermissionError: a `path` that is
    a symbolic link, not a regular file or another user's file; a directory that another user owns (root's is fine
    where the kernel lets us write) or that everybody may write to, unless it is ours or sticky as /tmp is (there the
    exclusive creation under an unguessable name and the rename leave nothing to win for whoever else writes there);
    a symbolic link of another user on the way. "Us" is the effective user. Any other OSError is the kernel's, e.g.
    ENOSPC; `reason` makes it one line. Its text names what helps.
    """
    folder, name = os.path.split(path)
    try:
        if not name or name in (".", ".."):
            raise IsADirectoryError(errno.EISDIR, "names no file")
        with reached(folder, _check_link) as place:
            _check_directory(os.fstat(place))
            _check_target(place, name)
            _write(place, name, content)
            return os.path.abspath(path)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise type(error)(error.errno, f"{error.strerror}{remedy and '; '}{remedy}", path) from None


def reason(error: OSError) -> str:
    """One line for people: the path and why it could not be written."""
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said


def _refusal(why: str) -> PermissionError:
    return PermissionError(errno.EPERM, f"not written: {why}")


def _check_link(link: os.stat_result, way: str) -> None:
    """Only our own and root's are followed."""
    if link.st_uid not in (0, os.geteuid()):
        raise _refusal(f"{os.path.basename(way)} is a symbolic link of another user")


def _check_directory(place: os.stat_result) -> None:
    if not stat.S_ISDIR(place.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if place.st_uid == os.geteuid():
        return
    if place.st_uid != 0:
        raise _refusal("the directory belongs to another user")
    if place.st_mode & stat.S_IWOTH and not place.st_mode & stat.S_ISVTX:
        raise _refusal("everybody may change the directory")


def _check_target(place: int, name: str) -> None:
    try:
        there = os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(there.st_mode):
        raise _refusal("it is a symbolic link")
    if not stat.S_ISREG(there.st_mode):
        raise _refusal("it is not a regular file")
    if there.st_uid != os.geteuid():
        raise _refusal("it belongs to another user")


def _write(place: int, name: str, content: bytes) -> None:
    new = f".ebtop.{os.urandom(16).hex()}"
    file = os.open(new, _NEW, 0o600, dir_fd=place)
    try:
        try:
            os.fchmod(file, 0o600)
            left = memoryview(content)
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(new, name, src_dir_fd=place, dst_dir_fd=place)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new, dir_fd=place)
        raise

"""`ebtop new-probe NAME`: a working pair of files to begin with, written as the user who asks; overwrites nothing."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path
from shlex import quote

from ebtop import registry
from ebtop.kernel import privileges
from ebtop.own.reading import Refused, pairs
from ebtop.text import clean
from ebtop.walking import reached
from ebtop.warden.identity import of_screen

_EXAMPLE = Path(__file__).parent
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEDIES = {
    errno.EEXIST: "take another name, or move that file away",
    errno.ENOENT: "make the folder first, or name another: --dir DIR",
    errno.ENOTDIR: "name a folder: --dir DIR",
    errno.EACCES: "name a folder of your own: --dir DIR",
    errno.EPERM: "name a folder of your own: --dir DIR",
    errno.EROFS: "name a folder on another file system: --dir DIR",
}
_HINT = """
to see it:
  sudo ebtop --probe-path {folder} --probes {name}
to test it, 97 processes in the row of bash:
  sudo ebtop --probe-path {folder} --probes {name} snapshot -o {name}.json -- bash -c 'for i in {{1..97}}; do /bin/true; done'
"""  # noqa: E501 # a line to be typed
_REFUSED = 2


def run(name: str, folder: str) -> int:
    """Write NAME.c and NAME.py into `folder`, and say what to do with them; 2, and one line, where that cannot be."""
    if registry.is_built_in(name):
        return _refuse(f"there is a built-in probe {name}: take another name")
    texts = {f"{name}{ending}": _text(name, ending) for ending in (".c", ".py")}
    identity = of_screen(os.getuid(), os.environ)
    if not identity.root_writes and os.getuid() == 0:
        privileges.become(identity.uid, identity.gid)
    try:
        written = write(folder or ".", texts)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "")
        return _refuse(f"{error.filename}: {error.strerror}{remedy and ': '}{remedy}")
    sys.stdout.write("".join(f"{clean(path)}\n" for path in written))
    sys.stdout.write(_HINT.format(folder=quote(clean(os.path.abspath(folder))), name=name))
    try:
        pairs(folder, os.getuid(), os.getgid())
    except Refused as why:  # said now, as it could be mended by writing somewhere else
        sys.stderr.write(f"ebtop: it will be refused from there: {clean(str(why))}\n")
    return 0


def _text(name: str, ending: str) -> str:
    text = (_EXAMPLE / f"example{ending}").read_text("utf-8")
    return re.sub("EXAMPLE", name.upper(), re.sub("example", name, text))


def write(folder: str, texts: dict[str, str]) -> list[str]:
    """Make these files in `folder`, all of them or none; their paths. OSError, also where one of that name is there.

    A folder that belongs to another user is none of ours to write in, whatever its mode; nor is a link of another user
    followed there.
    """
    paths = {name: os.path.join(folder, name) for name in texts}
    try:
        with reached(folder, _check_owner) as place:
            found = os.fstat(place)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            _check_owner(found, folder)
            _make(place, {paths[name]: text for name, text in texts.items()})
    except OSError as error:
        path = error.filename if error.filename in paths.values() else folder
        raise OSError(error.errno, error.strerror, path) from None
    return [os.path.abspath(path) for path in paths.values()]


def _check_owner(place: os.stat_result, _: str) -> None:
    if place.st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "it, or a link to it, belongs to another user")


def _make(place: int, texts: dict[str, str]) -> None:
    """The files by path, in the folder behind the descriptor `place`."""
    made: list[str] = []
    try:
        for path, text in texts.items():
            name = os.path.basename(path)
            try:
                with os.fdopen(os.open(name, _NEW, 0o644, dir_fd=place), "w", encoding="utf-8") as file:
                    made.append(name)
                    file.write(text)
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from None
    except OSError:
        for name in made:
            os.unlink(name, dir_fd=place)
        raise


def _refuse(why: str) -> int:
    sys.stderr.write(f"ebtop: {clean(why)}\n")
    return _REFUSED

"""Writes a file in the screen's name, as the user it is for; knows nothing of the content."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from ebtop import wire
from ebtop.kernel import privileges
from ebtop.warden.identity import Identity

WriteFile = Callable[[str, bytes], str]
MOST_BYTES = 1 << 30
"""Of a file."""
_SUFFIXES = (".json", ".svg", ".ebtop")


class Saving:
    """Answers Save: root writes for a screen that is nobody; with a user behind sudo, that user writes."""

    def __init__(self, identity: Identity, write_file: WriteFile, allowed: tuple[str, ...]) -> None:
        """`allowed`: paths that may be written whatever they are called, existing or not."""
        self._identity = identity
        self._write_file = write_file
        self._allowed = frozenset(allowed)

    def write(self, path: str, descriptor: int) -> wire.Saved:
        """Save the descriptor's content to `path`; to be called in a process that ends with it."""
        try:
            if not self._identity.root_writes:
                privileges.become(self._identity.uid, self._identity.gid)
            else:
                self._check(path)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                raise ValueError(f"what is to be written is no file of {MOST_BYTES >> 20} MiB at most")
            with open(descriptor, "rb", closefd=False) as file:
                file.seek(0)
                return wire.Saved(self._write_file(path, file.read(MOST_BYTES)))
        except (OSError, ValueError) as error:
            return wire.Saved(path, getattr(error, "strerror", None) or str(error))

    def _check(self, path: str) -> None:
        """Who draws others' strings is not trusted with root's files: it may only add new ones of its kinds."""
        if path in self._allowed:
            return
        if not path.endswith(_SUFFIXES):
            raise ValueError(f"root writes only files that end in {', '.join(_SUFFIXES)} for the drawing process")
        if os.path.lexists(path):
            raise FileExistsError(17, "there is a file of that name already")

"""The command that ebtop was started with: begun when somebody looks, never disturbed; knows nothing of who looks.

It is forked before anything of this process is changed for ebtop's own ends (limits, mounts, signals), and waits at a
gate. Where ebtop draws, the command has no terminal: a session of its own, nothing to read, and what it writes is kept.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from ebtop.kernel import privileges
from ebtop.warden.children import Child, fork
from ebtop.warden.identity import Identity, fix_environment

KEPT = 65_536
"""Bytes of its output that are kept, the last."""
_NOT_RUNNABLE, _NOT_FOUND = 126, 127
"""Exit statuses where the program cannot be started (POSIX.1-2017, 2.8.2 of the shell)."""
_PIECE = 65_536


def found(name: str, folders: str | None = None) -> str:
    """Path of the program `name`, looked for in PATH as a shell does; "" where there is none that can be run."""
    if os.sep in name:
        return name if _runnable(name) else ""
    places = (folders if folders is not None else os.environ.get("PATH", os.defpath)).split(os.pathsep)
    return next((path for place in places if _runnable(path := os.path.join(place or ".", name))), "")


def _runnable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _plain(text: str) -> str:
    """Without what a terminal would obey (text.clean does the same for the screen, but takes numpy with it)."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


class Command:
    """One run of a command."""

    def __init__(self, words: Sequence[str], identity: Identity, hidden: bool) -> None:
        """Fork it, as `identity` unless that stands for root; `hidden`: it may not touch the terminal."""
        self._words = tuple(words)
        self._identity = identity
        gate, self._gate = os.pipe()
        self._output, written = os.pipe() if hidden else (-1, -1)
        warden = os.getpid()
        self.child: Child = fork(lambda: self._run(gate, written, warden))
        self._ended = False
        self._kept = bytearray()
        self._left_out = 0
        os.close(gate)
        if hidden:
            os.close(written)
            os.set_blocking(self._output, False)

    def __str__(self) -> str:
        return _plain(os.path.basename(self._words[0]))

    def let_go(self) -> None:
        """Let it begin; twice does no harm."""
        if self._gate >= 0:
            with suppress(BrokenPipeError):  # killed at the gate
                os.write(self._gate, b"g")
            os.close(self._gate)
            self._gate = -1

    def watch(self, selector: selectors.BaseSelector, ended: Callable[[int], None]) -> None:
        """Have `selector` say when there is something to do, to be called as data(); then, once, call `ended(status)`.

        The status is the exit status, or minus the signal that killed it.
        """
        selector.register(self.child.pidfd, selectors.EVENT_READ, lambda: self._reap(selector, ended))
        if self._output >= 0:
            selector.register(self._output, selectors.EVENT_READ, lambda: self._take(selector))

    def _reap(self, selector: selectors.BaseSelector, ended: Callable[[int], None]) -> None:
        selector.unregister(self.child.pidfd)
        self._ended = True
        ended(self.child.wait())

    def _take(self, selector: selectors.BaseSelector) -> None:
        if not self._read():
            selector.unregister(self._output)

    def _read(self) -> bool:
        """Take what it has written; False at the end of that."""
        try:
            piece = os.read(self._output, _PIECE)
        except BlockingIOError:
            return True
        self._kept += piece
        self._left_out += max(0, len(self._kept) - KEPT)
        del self._kept[:-KEPT]
        return bool(piece)

    def stop(self) -> None:
        """SIGTERM to it and its process group, if it runs: ebtop ends."""
        if not self._ended:
            with suppress(ProcessLookupError, PermissionError):  # ended this moment; not in its own session yet
                os.killpg(self.child.pid, signal.SIGTERM)

    def written(self) -> str:
        """The last that it wrote, cleaned, in whole lines; "" where there was nothing."""
        while self._output >= 0 and self._more():
            pass
        lines = [_plain(line.expandtabs()) for line in self._kept.decode("utf-8", "replace").splitlines()]
        if self._left_out:
            lines[0] = f"[{self._left_out:,} bytes before]"
        return "".join(f"{line}\n" for line in lines)

    def _more(self) -> bool:
        before = len(self._kept) + self._left_out
        return self._read() and len(self._kept) + self._left_out > before

    def leave(self) -> None:
        """Close what is the warden's, in another process."""
        for descriptor in (self._gate, self._output, self.child.pidfd):
            if descriptor >= 0:
                os.close(descriptor)

    # --- in the child -------------------------------------------------------------------------------------------------

    def _run(self, gate: int, written: int, warden: int) -> int:
        os.close(self._gate)
        os.setsid()
        if written >= 0:
            null = os.open("/dev/null", os.O_RDONLY)
            for descriptor, place in ((null, 0), (written, 1), (written, 2)):
                os.dup2(descriptor, place)
        self._be_who_asked()
        privileges.die_with_parent(warden, signal.SIGTERM)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores them
        path, environment = found(self._words[0]), dict(os.environ)
        if not os.read(gate, 1):
            return 0
        try:
            os.execve(path, self._words, environment)  # its first system call that counts
        except OSError as error:
            os.write(2, f"ebtop: {self._words[0]}: {error.strerror}\n".encode())
            return _NOT_FOUND if error.errno == errno.ENOENT else _NOT_RUNNABLE

    def _be_who_asked(self) -> None:
        """The user behind sudo, with all groups; whoever ebtop is run as where there is none."""
        who = self._identity
        if who.root_writes or who.uid == os.getuid():
            return
        try:
            os.initgroups(who.name, who.gid)
        except OSError:
            os.setgroups([who.gid])
        os.setresgid(who.gid, who.gid, who.gid)
        os.setresuid(who.uid, who.uid, who.uid)
        fix_environment(who, os.environ)

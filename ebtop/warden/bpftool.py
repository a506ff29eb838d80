"""bpftool, where it is installed, asked for a program's instructions; to be called in a child that ends with it."""

from __future__ import annotations

import os
import signal
import subprocess

from ebtop.kernel import preflight, privileges
from ebtop.trusted import changed_by_others

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
"""Where it is looked for, whatever PATH says: only root may change them, or it is not run."""
MOST_LINES, MOST_BYTES = 20_000, 4_000_000
"""Of instructions; the rest is left out, and that is said."""
_ENVIRONMENT = {"PATH": ":".join(FOLDERS), "LC_ALL": "C.UTF-8"}


def instructions(number: int, folders: tuple[str, ...] = FOLDERS) -> tuple[tuple[str, ...], str]:
    """Lines of the program's instructions as the verifier left them; and what is to be said, in one line."""
    path = found(folders)
    if not path:
        return (), f"instructions take bpftool, which is not installed: {preflight.bpftool_command()}"
    content, more, why = _run([path, "--nomount", "prog", "dump", "xlated", "id", str(number)])
    lines = content.decode("utf-8", "replace").splitlines()
    if why:
        return (), f"bpftool shows no instructions: {why}"
    if more or len(lines) > MOST_LINES:
        return tuple(lines[:MOST_LINES]), f"the first {min(len(lines), MOST_LINES)} lines; there are more"
    return tuple(lines), ""


def found(folders: tuple[str, ...]) -> str:
    """The path of bpftool, "" where it is in none of the folders, or where others than root may change it."""
    for folder in folders:
        path = os.path.join(folder, "bpftool")
        if os.access(path, os.X_OK) and not changed_by_others(path):
            return path
    return ""


def _run(command: list[str]) -> tuple[bytes, bool, str]:
    """The first MOST_BYTES of its output, whether there was more, and why there was none."""
    parent = os.getpid()

    def begin() -> None:
        privileges.die_with_parent(parent, signal.SIGKILL)

    errors = os.memfd_create("ebtop-bpftool", os.MFD_CLOEXEC)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=_ENVIRONMENT,
        cwd="/",
        preexec_fn=begin,  # noqa: PLW1509  # there are no threads here
    ) as running:
        assert running.stdout is not None
        content = running.stdout.read(MOST_BYTES)
        more = bool(running.stdout.read(1))
        if more:
            running.kill()
    said = " ".join(os.pread(errors, 200, 0).decode("utf-8", "replace").split()).removeprefix("Error: ")
    os.close(errors)
    if more or not running.returncode:
        return content, more, ""
    return b"", False, said or f"it ended with status {running.returncode}"

"""The desktop's clipboard, where there is one; knows nothing of what is copied.

By the desktop's own commands, with nothing of theirs on the terminal that is being drawn on: libraries let them write
there, or load a whole toolkit into the process that draws.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

_COMMANDS = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)
_PATIENCE_S = 2.0


def command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What fills the clipboard of the desktop that `environ` speaks of; empty where there is none."""
    return next((words for name, words in _COMMANDS if environ.get(name) and shutil.which(words[0])), ())


def copy(text: str) -> bool:
    """Put `text` into the desktop's clipboard; False where there is none, or none that answers."""
    words = command(os.environ)
    if not words:
        return False
    try:
        quiet = subprocess.DEVNULL
        done = subprocess.run(words, input=text.encode(), stdout=quiet, stderr=quiet, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

"""A shop at work (scripts/load.py) and a recording of it; measures nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rivals import SIX

_LOAD = Path(__file__).parent.parent / "scripts" / "load.py"
_RECORD = "30s"


@contextmanager
def shop(folder: Path) -> Iterator[None]:
    """The shop is at work inside the block."""
    with subprocess.Popen([sys.executable, str(_LOAD), str(folder / "shop")]) as load:
        try:
            yield
        finally:
            load.send_signal(signal.SIGINT)


def recording(file: Path) -> Path:
    """Half a minute of what goes on now, seen by six probes, in the new `file`."""
    words = [sys.executable, "-m", "ebtop", "record", "--probes", SIX, "--max-overhead", "0", "--for", _RECORD]
    subprocess.run([*words, str(file)], check=True, stdout=subprocess.DEVNULL)
    return file

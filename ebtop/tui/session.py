"""From the first byte on the terminal to the exit status; knows neither panels nor probes' content."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ebtop.kernel import heap
from ebtop.settings import Settings
from ebtop.tui import looks, opening

if TYPE_CHECKING:
    from ebtop.sample import Source


def run(
    begin: Callable[[], Source],
    save: Callable[[str, bytes], str],
    wanted: tuple[str, ...],
    interval: float,
    settings: Settings,
) -> int:
    """Show what `begin` gives until something ends it; see ebtop.tui.run."""
    gc.disable()  # hundreds of thousands of objects are made by imports, and none of them is garbage
    _leave_out("ssl")
    painted = opening.paint(wanted, interval, looks.of(settings, os.environ))
    heap.keep_little()
    try:
        source = begin()
        try:
            return _run(source, save, wanted, interval, settings)
        finally:
            source.close()
    finally:
        if painted:
            opening.leave()


def _leave_out(module: str) -> None:
    """Let the import of `module` fail, as asyncio allows for: nothing here speaks TLS, which costs 4 MB and 10 ms."""
    sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # the import system's word for "not to be had"


def _run(
    source: Source, save: Callable[[str, bytes], str], wanted: tuple[str, ...], interval: float, settings: Settings
) -> int:
    from ebtop import registry
    from ebtop.timeline import Timeline

    timeline = Timeline(source, registry.known(wanted), settings.history_seconds, int(settings.history_mb * 1e6))
    source.every(interval)
    source.want(wanted)

    from ebtop.tui.app import Dashboard

    app = Dashboard(timeline, save, wanted, interval, settings)
    app.run(mouse=True)
    if app.farewell:
        sys.stderr.write(f"ebtop: {app.farewell}\n")
        sys.stderr.flush()
    return app.return_code or 0


def is_terminal() -> bool:
    """Whether both ends are a terminal."""
    return os.isatty(0) and os.isatty(2)

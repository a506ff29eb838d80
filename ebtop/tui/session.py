"""From the first byte on the terminal to the exit status; knows neither panels nor probes' content."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ebtop.tui import opening

if TYPE_CHECKING:
    from ebtop.sample import Source


def run(
    begin: Callable[[], Source],
    save: Callable[[str, bytes], str],
    wanted: tuple[str, ...],
    interval: float,
    max_overhead: float,
) -> int:
    """Show what `begin` gives until something ends it; see ebtop.tui.run."""
    gc.disable()  # hundreds of thousands of objects are made by imports, and none of them is garbage
    _leave_out("ssl")
    painted = opening.paint(wanted, interval)
    try:
        source = begin()
        try:
            return _run(source, save, wanted, interval, max_overhead)
        finally:
            source.close()
    finally:
        if painted:
            opening.leave()


def _leave_out(module: str) -> None:
    """Let the import of `module` fail, as asyncio allows for: nothing here speaks TLS, which costs 4 MB and 10 ms."""
    sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # the import system's word for "not to be had"


def _run(
    source: Source,
    save: Callable[[str, bytes], str],
    wanted: tuple[str, ...],
    interval: float,
    max_overhead: float,
) -> int:
    from ebtop import registry
    from ebtop.timeline import Timeline

    timeline = Timeline(source, registry.probes())
    source.every(interval)
    source.want(wanted)

    from ebtop.tui.app import Dashboard

    app = Dashboard(timeline, save, wanted, interval, max_overhead)
    app.run(mouse=True)
    if app.farewell:
        sys.stderr.write(f"ebtop: {app.farewell}\n")
        sys.stderr.flush()
    return app.return_code or 0


def is_terminal() -> bool:
    """Whether both ends are a terminal."""
    return os.isatty(0) and os.isatty(2)

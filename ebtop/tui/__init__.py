"""The dashboard: draws frames in a terminal; the only place that knows Textual, Rich and plotext."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ebtop.brake import BOUND_PERCENT

if TYPE_CHECKING:
    from ebtop.sample import Source


def run(
    begin: Callable[[], Source],
    *,
    save: Callable[[str, bytes], str],
    wanted: Iterable[str],
    interval: float,
    max_overhead: float = BOUND_PERCENT,
) -> int:
    """Show a source until the user, a signal or the source ends it; the exit status, 128 + n after signal n.

    `begin` makes the source, numpy and all, while the opening is on the terminal already.
    `save(path, content)` writes a file and returns where it is; OSError where it cannot. `wanted` are the names of the
    probes to begin with, `interval` the seconds between refreshes, `max_overhead` percent of one CPU for ebtop itself.
    """
    from ebtop.tui.session import run

    return run(begin, save, tuple(wanted), interval, max_overhead)

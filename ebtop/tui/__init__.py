"""The dashboard: draws frames in a terminal; the only place that knows Textual, Rich and plotext."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ebtop.settings import Settings

if TYPE_CHECKING:
    from ebtop.sample import Source


def run(
    begin: Callable[[], Source],
    *,
    save: Callable[[str, bytes], str],
    wanted: Iterable[str],
    interval: float,
    settings: Settings | None = None,
) -> int:
    """Show a source until the user, a signal or the source ends it; the exit status, 128 + n after signal n.

    `begin` makes the source, numpy and all, while the opening is on the terminal already.
    `save(path, content)` writes a file and returns where it is; OSError where it cannot. `wanted` are the names of the
    probes to begin with, `interval` the seconds between refreshes, `settings` the other settings.
    """
    from ebtop.tui.session import run

    return run(begin, save, tuple(wanted), interval, settings or Settings())

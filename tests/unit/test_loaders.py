"""Which probes wait for a loader; no loader is begun here."""

from __future__ import annotations

import selectors

from ebtop.warden.loaders import Loaders


def test_what_is_not_wanted_any_more_does_not_wait() -> None:
    """However often a screen changes its mind, no more waits than what it wants now."""
    wanted: dict[str, int] = {}
    with selectors.DefaultSelector() as selector:
        waiting = Loaders(
            lambda *_: 0,
            None,  # type: ignore[arg-type]  # nothing is begun
            selector,
            lambda probe, serial: wanted.get(probe) == serial,
            lambda *_: None,
        )
        waiting._most = 0
        for serial in range(300):
            wanted = {f"p{number}": serial for number in range(10)}
            waiting.start(wanted)
    queued = [probe for job in waiting._queue for probe in job.items()]
    assert queued == list(wanted.items())

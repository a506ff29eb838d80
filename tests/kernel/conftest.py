"""Fixtures that load real probes through the real loader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.kernel.loaded import LOOPBACK, Loaded


@pytest.fixture
def load(kernel: None) -> Iterator[Callable[..., Loaded]]:
    """load("syscalls", "rw", …): those probes, live, from one loader; detached when the test ends."""
    running: list[Loaded] = []

    def start(
        *probes: str,
        own_pids: frozenset[int] = frozenset(),
        way: str = "",
        rows: int = 0,
        interfaces: tuple[str, ...] = LOOPBACK,
    ) -> Loaded:
        loaded = Loaded(probes, own_pids, way, rows, interfaces)
        running.append(loaded)
        return loaded

    yield start
    for loaded in running:
        loaded.close()

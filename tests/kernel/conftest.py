"""Fixtures that load real probes through the real loader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ebtop.kernel import btf
from tests.kernel.live_session import Ids, ids
from tests.kernel.loaded import LOOPBACK, Loaded
from tests.kernel.terminal_session import wait_until


@pytest.fixture(scope="session", autouse=True)
def types() -> None:
    """The kernel's types are read before loaders are forked, which then have them."""
    if btf.present():
        btf.kernel().name(1)


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


@pytest.fixture
def before() -> Iterator[Ids]:
    """What there was on the host; in the end nothing else is."""
    there = ids()
    yield there
    wait_until(lambda: not ids() - there)

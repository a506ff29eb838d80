"""A process that is ebtop's own for a while, in the real map."""

from __future__ import annotations

import pytest

from ebtop.kernel.owning import owned
from ebtop.warden.flags import LEFT_OUT, OWN, Flags

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]


def test_a_process_is_ours_for_as_long_as_it_is_said() -> None:
    """Whatever else is said of it stays, and of its neighbours; pids that the map has no room for are let be."""
    flags = Flags(4_000)
    flags.set(4_001, counted=False)
    try:
        with owned(flags.descriptor, 4_001), owned(flags.descriptor, 1 << 30):
            assert list(flags._bytes[4_000:4_003]) == [OWN, OWN | LEFT_OUT, 0]
        assert list(flags._bytes[4_000:4_003]) == [OWN, LEFT_OUT, 0]
    finally:
        flags.close()

"""What a test needs of the kernel: where that is lacking, the test fails, and that is expected."""

from __future__ import annotations

import pytest

from ebtop import registry
from ebtop.kernel import hooks


def needs(probe: str) -> None:
    """The places of the first way of `probe`."""
    if lacking := hooks.lacking(registry.probe(probe).ways[0]):
        pytest.xfail(lacking)

"""How much a test of the kernel does: all of it, or a share where the processor is emulated (EBTOP_EMULATED=1)."""

from __future__ import annotations

import os

EMULATED = "EBTOP_EMULATED" in os.environ
SHARE = 100


def scaled(many: int) -> int:
    """`many`, or a hundredth of it on an emulated processor, which is some fifty times slower."""
    return many // SHARE if EMULATED else many

"""How the C library keeps what was freed; knows nothing of who frees."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""M_TRIM_THRESHOLD and so on of malloc.h; see mallopt(3)."""
_LARGE = 1 << 17


def keep_little() -> None:
    """From now on arrays of 128 KiB and more go back to the kernel when they are freed, and threads share one heap.

    By itself the GNU library takes the size of what was freed for what will be wanted again, and keeps as much for each
    thread anew. Other libraries have no such call, and nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for which, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE)):
            mallopt(which, value)

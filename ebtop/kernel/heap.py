"""How the C library keeps what was freed; knows nothing of who frees."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""M_TRIM_THRESHOLD and so on of malloc.h; see mallopt(3)."""
_LARGE = 1 << 17


_LIBRARY = ctypes.CDLL(None)


def keep_little() -> None:
    """From now on arrays of 128 KiB and more go back to the kernel when they are freed, and threads share one heap.

    By itself the GNU library takes the size of what was freed for what will be wanted again, and keeps as much for each
    thread anew. Other libraries have no such call, and nothing is done.
    """
    mallopt = getattr(_LIBRARY, "mallopt", None)
    if mallopt is not None:
        for which, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE)):
            mallopt(which, value)


def give_back() -> None:
    """Pages in the midst of the heap on which nothing is left go back to the kernel; a third of a millisecond.

    By itself the GNU library gives back no more than the heap's end (malloc_trim(3)), and what the tables of a busy
    machine leave behind lies before it. Other libraries have no such call, and nothing is done.
    """
    trim = getattr(_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))

"""Which part of a list is seen; knows nothing of what is listed."""

from __future__ import annotations


def first_line(top: int, first: int, last: int, count: int, room: int) -> int:
    """The first of `room` lines that are seen of `count`, near `top`, such that `first` to `last` are among them."""
    top = min(top, first)
    top = max(top, last - room + 1)
    return max(0, min(top, count - room))

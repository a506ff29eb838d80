"""Lists of CPUs as sysfs writes them; knows nothing of what CPUs do."""

from __future__ import annotations


def cpu_list(text: str) -> tuple[int, ...]:
    """CPU numbers of a list as sysfs writes it: "0-3,8" (Documentation/admin-guide/cputopology.rst)."""
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)

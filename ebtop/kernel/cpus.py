"""Which CPUs there are, and lists of them as sysfs writes them; knows nothing of what CPUs do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_POSSIBLE = Path("/sys/devices/system/cpu/possible")


def cpu_list(text: str) -> tuple[int, ...]:
    """CPU numbers of a list as sysfs writes it: "0-3,8" (Documentation/admin-guide/cputopology.rst)."""
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


@cache
def possible_cpus() -> int:
    """Slots of a per-CPU value: one for each CPU that could be there, online or not (for_each_possible_cpu)."""
    return len(cpu_list(_POSSIBLE.read_text()))


@cache
def banks() -> int:
    """Banks of a table of counters that is indexed by bpf_get_smp_processor_id(): the highest CPU number plus one."""
    return max(cpu_list(_POSSIBLE.read_text())) + 1

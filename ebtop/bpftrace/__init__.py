"""Programs of bpftrace as probes: what their text declares, and what they print; starts nothing."""

PREFIX = "bt:"
"""Of the names of such probes."""


def is_script(name: str) -> bool:
    """Whether a probe of that name is a program of bpftrace."""
    return name.startswith(PREFIX)

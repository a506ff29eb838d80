"""Programs of bpftrace as probes: what their text declares, and what they print; starts nothing."""

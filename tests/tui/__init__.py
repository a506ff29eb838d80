"""The dashboard, driven by a pilot over samples that are given; the clock stands still."""

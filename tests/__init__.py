"""Tests of ebtop; `tests.samples` makes what they look at."""

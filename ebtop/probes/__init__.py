"""Declarations and C only, a pair for each probe."""

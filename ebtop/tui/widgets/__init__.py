"""Widgets: thin reactive shells around the pure functions of ebtop.tui."""
